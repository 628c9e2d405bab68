/** What goes to and from providers of `wasmcloud:blobstore` (wasmCloud/interfaces `blobstore/blobstore.smithy`). */
import type { Shape } from "../../../wire/shape.ts";

import { bytes, struct } from "../../../wire/msgpack.ts";
import { defaulting, flag, list, natural, optional, text } from "../../../wire/shape.ts";

const EMPTY = new Uint8Array(0);
export const MAX_U32: number = 0xffff_ffff;

interface Timestamp {
  readonly sec: number;
  readonly nsec: number;
}
export interface ObjectId {
  readonly containerId: string;
  readonly objectId: string;
}
export interface ContainerInfo {
  readonly containerId: string;
  readonly createdAt: Timestamp | undefined;
}
export interface ObjectMetadata extends ObjectId {
  readonly contentLength: number;
  readonly lastModified: Timestamp | undefined;
}
export interface ListRequest {
  readonly containerId: string;
  readonly startWith: string | undefined;
  readonly continuation: string | undefined;
  readonly endWith: string | undefined;
  readonly endBefore: string | undefined;
  readonly maxItems: number | undefined;
}
export interface ListResponse {
  readonly objects: readonly ObjectMetadata[];
  readonly isLast: boolean;
  readonly continuation: string | undefined;
}
export interface RemoveRequest {
  readonly containerId: string;
  readonly objects: readonly string[];
}
export interface ItemResult {
  readonly key: string;
  readonly success: boolean;
  readonly error: string | undefined;
}
export interface Chunk extends ObjectId {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isLast: boolean;
}
export interface GetRequest extends ObjectId {
  /** Both ends are inclusive. */
  readonly rangeStart: number | undefined;
  readonly rangeEnd: number | undefined;
}
export interface GetResponse {
  readonly success: boolean;
  readonly error: string | undefined;
  readonly initialChunk: Chunk | undefined;
  readonly contentLength: number;
}

const size = natural(Number.MAX_SAFE_INTEGER);
const timestamp = struct<Timestamp>({ sec: size, nsec: defaulting(natural(MAX_U32), 0) });
// In the order of their declaration, by which arrays are read.
export const chunk: Shape<Chunk> = struct<Chunk>({
  objectId: text,
  containerId: text,
  bytes: defaulting(bytes, EMPTY),
  offset: defaulting(size, 0),
  isLast: defaulting(flag, true),
});

export const objectId: Shape<ObjectId> = struct<ObjectId>({ containerId: text, objectId: text });
export const containerInfo: Shape<ContainerInfo> = struct<ContainerInfo>({
  containerId: defaulting(text, ""),
  createdAt: optional(timestamp),
});
export const objectMetadata: Shape<ObjectMetadata> = struct<ObjectMetadata>({
  objectId: text,
  containerId: defaulting(text, ""),
  contentLength: defaulting(size, 0),
  lastModified: optional(timestamp),
});
export const listRequest: Shape<ListRequest> = struct<ListRequest>({
  containerId: text,
  startWith: optional(text),
  continuation: optional(text),
  endWith: optional(text),
  endBefore: optional(text),
  maxItems: optional(natural(MAX_U32)),
});
export const listResponse: Shape<ListResponse> = struct<ListResponse>({
  objects: list(objectMetadata),
  isLast: defaulting(flag, true),
  continuation: optional(text),
});
export const removeRequest: Shape<RemoveRequest> = struct<RemoveRequest>({
  containerId: text,
  objects: list(text),
});
export const itemResults: Shape<readonly ItemResult[]> = list(
  struct<ItemResult>({ key: defaulting(text, ""), success: flag, error: optional(text) }),
);
export const putRequest: Shape<{ readonly chunk: Chunk }> = struct<{ readonly chunk: Chunk }>({
  chunk,
});
interface PutChunkRequest {
  readonly chunk: Chunk;
  /** As `PutObject` has answered. */
  readonly streamId: string;
  readonly cancelAndRemove: boolean;
}
export const putChunkRequest: Shape<PutChunkRequest> = struct<PutChunkRequest>({
  chunk,
  streamId: defaulting(text, ""),
  cancelAndRemove: defaulting(flag, false),
});
export const putResponse: Shape<{ readonly streamId: string | undefined }> = struct<{
  readonly streamId: string | undefined;
}>({ streamId: optional(text) });
export const getRequest: Shape<GetRequest> = struct<GetRequest>({
  objectId: text,
  containerId: text,
  rangeStart: optional(size),
  rangeEnd: optional(size),
});
export const getResponse: Shape<GetResponse> = struct<GetResponse>({
  success: flag,
  error: optional(text),
  initialChunk: optional(chunk),
  contentLength: defaulting(size, 0),
});
