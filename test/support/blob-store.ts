/** A store that serves `wrpc:blobstore` in one of its versions, as functions of TypeScript; containers lie in memory. */
import type { WitStream, WitValue, World } from "../../src/core/wit.ts";

import { LATTICE_WIT } from "../../src/interfaces/lattice-wit.ts";
import { parseWit } from "../../src/wire/wit-text.ts";
import { streamOf } from "./streams.ts";

export type BlobstoreVersion = "0.1.0" | "0.2.0";

interface ObjectId {
  readonly container: string;
  readonly object: string;
}

type Answer = readonly [{ readonly tag: "ok" | "err"; readonly val?: WitValue }];

export interface BlobStore {
  readonly world: World;
  /** By `instance#func`, each giving its list of results. */
  readonly functions: Readonly<Record<string, (...args: never[]) => Answer | Promise<Answer>>>;
  readonly containers: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
}

/** When all containers and objects of these stores were made. */
export const CREATED = 1_700_000_000n;
const CHUNK_BYTES = 50_021;

const ok = (val?: WitValue): Answer => [{ tag: "ok", val }];
const err = (val: string): Answer => [{ tag: "err", val }];

/**
 * An object that is called `torn` is told to be broken: after half of it, where the version can tell so. Writing to one
 * that is called `full` fails after its first bytes.
 */
export function createBlobStore(version: BlobstoreVersion): BlobStore {
  const instance = `wrpc:blobstore/blobstore@${version}`;
  const types = parseWit(LATTICE_WIT).interfaces.get(instance);
  if (types === undefined) throw new Error(`no types of ${instance}`);
  const newer = version === "0.2.0";
  const containers = new Map<string, Map<string, Uint8Array>>();

  const within = (name: string, act: (objects: Map<string, Uint8Array>) => Answer): Answer => {
    const objects = containers.get(name);
    return objects === undefined ? err(`there is no container ${name}`) : act(objects);
  };
  const withObject = (id: ObjectId, act: (data: Uint8Array) => Answer): Answer =>
    within(id.container, (objects) => {
      const data = objects.get(id.object);
      return data === undefined ? err(`there is no object ${id.object}`) : act(data);
    });
  const given = (stream: WitStream, status: WitValue = ok()[0]): Answer =>
    ok(newer ? [stream, Promise.resolve(status)] : stream);
  const copy = (from: ObjectId, to: ObjectId): Answer =>
    withObject(from, (data) =>
      within(to.container, (objects) => ok(void objects.set(to.object, data))),
    );
  const write = async (id: ObjectId, stream: WitStream): Promise<Answer> => {
    const chunks: Uint8Array[] = [];
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (id.object === "full") {
        await reader.cancel();
        return err("the disk is full");
      }
      chunks.push(next.value as Uint8Array);
    }
    return within(id.container, (objects) =>
      ok(void objects.set(id.object, Buffer.concat(chunks))),
    );
  };

  const functions: Record<string, (...args: never[]) => Answer | Promise<Answer>> = {
    "create-container": (name: string) => ok(void containers.set(name, new Map())),
    "delete-container": (name: string) => ok(void containers.delete(name)),
    "container-exists": (name: string) => ok(containers.has(name)),
    "clear-container": (name: string) => within(name, (objects) => ok(objects.clear())),
    "get-container-info": (name: string) => within(name, () => ok({ createdAt: CREATED })),
    "list-container-objects": (name: string) =>
      within(name, (objects) => given(streamOf([[...objects.keys()]]))),
    "copy-object": copy,
    "move-object"(from: ObjectId, to: ObjectId) {
      const copied = copy(from, to);
      if (copied[0].tag === "ok") containers.get(from.container)?.delete(from.object);
      return copied;
    },
    "delete-object": (id: ObjectId) =>
      within(id.container, (objects) => ok(void objects.delete(id.object))),
    "delete-objects": (name: string, names: readonly string[]) =>
      within(name, (objects) => ok(names.forEach((each) => objects.delete(each)))),
    "has-object": (id: ObjectId) => within(id.container, (objects) => ok(objects.has(id.object))),
    "get-object-info": (id: ObjectId) =>
      withObject(id, ({ length }) => ok({ createdAt: CREATED, size: BigInt(length) })),
    "get-container-data": (id: ObjectId, start: bigint, end: bigint) =>
      withObject(id, (data) => {
        const place = (at: bigint): number => Number(at < data.length ? at : BigInt(data.length));
        const part = data.subarray(place(start), place(end));
        if (id.object !== "torn") return given(streamOf(chunksOf(part)));
        const half = part.subarray(0, part.length / 2);
        return given(streamOf(chunksOf(half)), err("the disk is broken")[0]);
      }),
    "write-container-data": (id: ObjectId, data: WitStream) => {
      if (!containers.has(id.container)) return err(`there is no container ${id.container}`);
      const written = write(id, data);
      return newer ? ok(written.then(([status]) => status)) : written;
    },
  };
  return {
    world: { imports: new Map(), exports: new Map([[instance, types]]) },
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, run]) => [`${instance}#${name}`, run]),
    ),
    containers,
  };
}

function* chunksOf(data: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) yield data.subarray(at, at + CHUNK_BYTES);
}
