/** Operations of 0.82 as functions of what serves `wrpc:blobstore@0.2.0`. */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitStream, WitValue } from "../../../core/wit.ts";
import type { Shape } from "../../../wire/shape.ts";
import type { GetRequest, ObjectId } from "./blobstore-messages.ts";
import type { ServedOperation } from "./contract.ts";
import type { Uploads } from "./uploads.ts";

import { LatticeError, messageOf } from "../../../core/error.ts";
import { readMsgpack, writeMsgpack } from "../../../wire/msgpack.ts";
import { list, text } from "../../../wire/shape.ts";
import {
  chunk,
  getRequest,
  listRequest,
  objectId,
  putChunkRequest,
  putRequest,
  removeRequest,
} from "./blobstore-messages.ts";
import { demandOk, NOTHING } from "./contract.ts";
import { chunksOf, gather, streamOf } from "./streams.ts";

/** The interface that it serves. */
export const BLOBSTORE = "wrpc:blobstore/blobstore@0.2.0";
/** Names that one answer has at most; who wants more says where to go on. */
const MOST_NAMES = 10_000;

/** An operation of one argument. `result` may be `undefined` for none. */
function operation<T>(
  shape: Shape<T>,
  run: (
    argument: T,
    call: (func: string, args: readonly WitValue[]) => Promise<WitValue>,
  ) => Promise<unknown>,
): ServedOperation {
  return {
    needs: [BLOBSTORE],
    async serve(argument, call) {
      const result = await run(readMsgpack(argument, shape), async (func, args) =>
        demandOk(func, await call(BLOBSTORE, func, args)),
      );
      return result === undefined ? NOTHING : writeMsgpack(result);
    },
  };
}

type Call = Parameters<Parameters<typeof operation>[1]>[1];

/** All names of a container, as far as this host lists them. */
async function allNames(call: Call, container: string): Promise<readonly string[]> {
  const [stream, status] = (await call("list-container-objects", [
    container,
    undefined,
    undefined,
  ])) as readonly [WitStream, Promise<WitValue>];
  const names: string[] = [];
  for await (const some of chunksOf(stream)) {
    names.push(...(some as readonly string[]));
    if (names.length > MOST_NAMES) {
      throw new LatticeError("too-large", `more than ${MOST_NAMES} objects in ${container}`);
    }
  }
  demandOk("list-container-objects", [await status]);
  return names;
}

async function metadataOf(call: Call, container: string, object: string): Promise<object> {
  const info = await call("get-object-info", [{ container, object }]);
  const { createdAt, size: length } = info as { createdAt: bigint; size: bigint };
  return {
    objectId: object,
    containerId: container,
    contentLength: Number(length),
    lastModified: { sec: Number(createdAt), nsec: 0 },
  };
}

/** Those of `keys` that could not be removed, and why: of all others the contract says nothing. */
async function each(
  keys: readonly string[],
  remove: (key: string) => Promise<unknown>,
): Promise<readonly object[]> {
  const results: object[] = [];
  for (const key of keys) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      await remove(key);
    } catch (cause) {
      results.push({ key, success: false, error: messageOf(cause) });
    }
  }
  return results;
}

async function readObject(
  call: Call,
  { objectId: object, containerId: container, rangeStart = 0, rangeEnd }: GetRequest,
): Promise<object> {
  try {
    const end = rangeEnd === undefined ? 2n ** 64n - 1n : BigInt(rangeEnd) + 1n;
    const data = await call("get-container-data", [{ container, object }, BigInt(rangeStart), end]);
    const [stream, status] = data as readonly [WitStream, Promise<WitValue>];
    const body = await gather(stream);
    demandOk("get-container-data", [await status]);
    return {
      success: true,
      initialChunk: {
        objectId: object,
        containerId: container,
        bytes: body,
        offset: rangeStart,
        isLast: true,
      },
      contentLength: body.length,
    };
  } catch (cause) {
    return { success: false, error: messageOf(cause), contentLength: 0 };
  }
}

async function write(
  call: Call,
  { containerId: container, objectId: object }: ObjectId,
  body: Uint8Array,
): Promise<void> {
  const written = await call("write-container-data", [{ container, object }, streamOf(body)]);
  demandOk("write-container-data", [await written]);
}

/**
 * What a provider asks of an actor that has got a part of an object. Here the rest is asked for by ranges (`blobstore-called.ts`), so
 * that the provider need not send it.
 */
const receiveChunk: ServedOperation = {
  needs: [],
  serve: async (argument) => {
    readMsgpack(argument, chunk);
    return writeMsgpack({ cancelDownload: true });
  },
};

/** By name. */
export const servedOperations = (uploads: Uploads): Readonly<Record<string, ServedOperation>> => ({
  "Blobstore.CreateContainer": operation(text, async (name, call) => {
    await call("create-container", [name]);
  }),
  "Blobstore.ContainerExists": operation(text, (name, call) => call("container-exists", [name])),
  "Blobstore.DeleteContainer": operation(text, async (name, call) => {
    await call("delete-container", [name]);
  }),
  "Blobstore.RemoveContainers": operation(list(text), (names, call) =>
    each(names, (name) => call("delete-container", [name])),
  ),
  "Blobstore.GetContainerInfo": operation(text, async (name, call) => {
    const { createdAt } = (await call("get-container-info", [name])) as { createdAt: bigint };
    return { containerId: name, createdAt: { sec: Number(createdAt), nsec: 0 } };
  }),
  "Blobstore.ListObjects": operation(listRequest, async (request, call) => {
    const { containerId, startWith = "", continuation, endWith, endBefore, maxItems } = request;
    const all = (await allNames(call, containerId))
      .filter((name) => name.startsWith(startWith))
      .filter((name) => endWith === undefined || name <= endWith)
      .filter((name) => endBefore === undefined || name < endBefore)
      .filter((name) => continuation === undefined || name > continuation)
      .toSorted();
    const names = all.slice(0, Math.max(1, maxItems ?? MOST_NAMES));
    const isLast = names.length === all.length;
    const objects: object[] = [];
    // oxlint-disable-next-line no-await-in-loop -- a store is not flooded
    for (const name of names) objects.push(await metadataOf(call, containerId, name));
    return { objects, isLast, continuation: isLast ? undefined : names.at(-1) };
  }),
  "Blobstore.ObjectExists": operation(objectId, ({ containerId, objectId: object }, call) =>
    call("has-object", [{ container: containerId, object }]),
  ),
  "Blobstore.GetObjectInfo": operation(objectId, ({ containerId, objectId: object }, call) =>
    metadataOf(call, containerId, object),
  ),
  "Blobstore.RemoveObjects": operation(removeRequest, ({ containerId, objects }, call) =>
    each(objects, (object) => call("delete-object", [{ container: containerId, object }])),
  ),
  "Blobstore.PutObject": operation(putRequest, async ({ chunk: given }, call) => {
    const { bytes: body, offset, isLast } = given;
    if (offset !== 0) {
      throw new LatticeError("bad-input", `an object begins at 0, met its piece at ${offset}`);
    }
    if (!isLast) return { streamId: uploads.begin(given) };
    await write(call, given, body);
    return {};
  }),
  "Blobstore.PutChunk": operation(
    putChunkRequest,
    async ({ chunk: given, streamId, cancelAndRemove }, call) => {
      if (cancelAndRemove) return uploads.giveUp(streamId);
      const body = uploads.next(streamId, given);
      if (body !== undefined) await write(call, given, body);
    },
  ),
  "Blobstore.GetObject": operation(getRequest, (request, call) => readObject(call, request)),
  "Blobstore.ListContainers": {
    needs: [BLOBSTORE],
    serve: () => {
      const error = `Blobstore.ListContainers: ${BLOBSTORE} has nothing that lists containers`;
      return Promise.reject(new LatticeError("unsupported", error));
    },
  },
  "ChunkReceiver.ReceiveChunk": receiveChunk,
});
