/** Functions of `wrpc:blobstore@0.2.0` as operations of a provider of 0.82. */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitStream, WitValue } from "../../../core/wit.ts";
import type { Shape } from "../../../wire/shape.ts";
import type { ItemResult } from "./blobstore-messages.ts";
import type { CalledFunction, SendOperation } from "./contract.ts";

import { asLatticeError, LatticeError, messageOf } from "../../../core/error.ts";
import { readMsgpack, writeMsgpack } from "../../../wire/msgpack.ts";
import { flag } from "../../../wire/shape.ts";
import {
  containerInfo,
  getResponse,
  itemResults,
  listResponse,
  MAX_U32,
  objectMetadata,
  putResponse,
} from "./blobstore-messages.ts";
import { NOTHING } from "./contract.ts";
import { gather, gatherAll } from "./streams.ts";

/** Pages of names, and pieces of an object, that a provider may make us ask for. */
const MOST_PAGES = 10_000;

/** An object as the interface names it. */
interface Id {
  readonly container: string;
  readonly object: string;
}

const ok = (val?: WitValue): readonly WitValue[] => [{ tag: "ok", val }];
const err = (val: string): readonly WitValue[] => [{ tag: "err", val }];
/** The status of a stream or of a writing that ended well. */
const WELL = { tag: "ok", val: undefined };

async function ask<T>(
  send: SendOperation,
  operation: string,
  request: unknown,
  shape: Shape<T>,
): Promise<T> {
  return readMsgpack(await send(`Blobstore.${operation}`, writeMsgpack(request)), shape);
}

async function tell(send: SendOperation, operation: string, request: unknown): Promise<void> {
  await send(`Blobstore.${operation}`, writeMsgpack(request));
}

/** Throws for the first item that could not be removed. */
function demandAll(operation: string, results: readonly ItemResult[]): void {
  const failed = results.find(({ success }) => !success);
  if (failed === undefined) return;
  throw new LatticeError("incomplete", `${operation} ${failed.key}: ${failed.error ?? "failed"}`);
}

async function removeObjects(
  send: SendOperation,
  containerId: string,
  objects: readonly string[],
): Promise<void> {
  const results = await ask(send, "RemoveObjects", { containerId, objects }, itemResults);
  demandAll("Blobstore.RemoveObjects", results);
}

/** Names page by page, as they are asked for. */
async function* namesOf(
  send: SendOperation,
  containerId: string,
): AsyncGenerator<readonly string[]> {
  let continuation: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const request = { containerId, continuation, maxItems: MAX_U32 };
    // oxlint-disable-next-line no-await-in-loop -- one page after the other
    const answer = await ask(send, "ListObjects", request, listResponse);
    yield answer.objects.map((each) => each.objectId);
    if (answer.isLast || answer.continuation === undefined) return;
    ({ continuation } = answer);
  }
  throw new LatticeError("too-large", `a list of more than ${MOST_PAGES} pages`);
}

/** From `start` to `end`, inclusive; piece by piece. */
async function* piecesOf(
  send: SendOperation,
  { container, object }: Id,
  start: number,
  end: number | undefined,
): AsyncGenerator<Uint8Array> {
  let at = start;
  for (let piece = 0; piece < MOST_PAGES; piece++) {
    const request = { objectId: object, containerId: container, rangeStart: at, rangeEnd: end };
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    const answer = await ask(send, "GetObject", request, getResponse);
    if (!answer.success) {
      throw new LatticeError("incomplete", answer.error ?? `there is no object ${object}`);
    }
    const { bytes: body = NOTHING, isLast = true } = answer.initialChunk ?? {};
    if (body.length > 0) yield body;
    at += body.length;
    if (isLast || body.length === 0 || (end !== undefined && at > end)) return;
  }
  throw new LatticeError("too-large", `an object of more than ${MOST_PAGES} pieces`);
}

/** A stream of what `source` gives, and a status for its end. The first piece is there already: `source` has begun. */
async function streaming<T extends Uint8Array | readonly string[]>(
  source: AsyncGenerator<T>,
): Promise<readonly WitValue[]> {
  const first = await source.next();
  let settle: (status: WitValue) => void = () => undefined;
  const status = new Promise<WitValue>((resolve) => (settle = resolve));
  let next: Promise<IteratorResult<T, unknown>> | undefined = Promise.resolve(first);
  const stream: WitStream = new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          const { done, value } = await (next ?? source.next());
          next = undefined;
          if (done !== true) return controller.enqueue(value);
          settle(WELL);
        } catch (cause) {
          settle({ tag: "err", val: messageOf(cause) });
        }
        controller.close();
      },
      async cancel() {
        settle({ tag: "err", val: "given up" });
        await source.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return ok([stream, status]);
}

async function put(
  send: SendOperation,
  { container, object }: Id,
  body: Uint8Array,
): Promise<void> {
  const request = {
    chunk: { objectId: object, containerId: container, bytes: body, offset: 0, isLast: true },
  };
  const { streamId } = await ask(send, "PutObject", request, putResponse);
  if (streamId !== undefined) {
    throw new LatticeError("unsupported", "the provider wants more of an object that was whole");
  }
}

const whole = (send: SendOperation, id: Id): Promise<Uint8Array> =>
  gatherAll(piecesOf(send, id, 0, undefined));

const safe = (value: WitValue): number => Number(value);

type Run = (args: readonly WitValue[], send: SendOperation) => Promise<readonly WitValue[]>;

/** Errors of the interface are texts: failures of the provider are such. */
const failing =
  (run: Run): CalledFunction =>
  async (args, send) => {
    try {
      return await run(args, send);
    } catch (cause) {
      const { code } = asLatticeError(cause);
      if (code === "incomplete" || code === "bad-message" || code === "unsupported") {
        return err(messageOf(cause));
      }
      throw cause;
    }
  };

const FUNCTIONS: Readonly<Record<string, Run>> = {
  async "create-container"([name], send) {
    await tell(send, "CreateContainer", name);
    return ok();
  },
  "container-exists": async ([name], send) => ok(await ask(send, "ContainerExists", name, flag)),
  async "delete-container"([name], send) {
    const results = await ask(send, "RemoveContainers", [name], itemResults);
    demandAll("Blobstore.RemoveContainers", results);
    return ok();
  },
  async "clear-container"([name], send) {
    for await (const names of namesOf(send, name as string)) {
      if (names.length > 0) await removeObjects(send, name as string, names);
    }
    return ok();
  },
  async "get-container-info"([name], send) {
    const { createdAt } = await ask(send, "GetContainerInfo", name, containerInfo);
    return ok({ createdAt: BigInt(createdAt?.sec ?? 0) });
  },
  async "list-container-objects"([name, limit, offset], send) {
    const most = limit === undefined ? Number.MAX_SAFE_INTEGER : safe(limit);
    return streaming(partOf(namesOf(send, name as string), safe(offset ?? 0n), most));
  },
  async "copy-object"([from, to], send) {
    await put(send, to as Id, await whole(send, from as Id));
    return ok();
  },
  async "move-object"([from, to], send) {
    const { container, object } = from as Id;
    await put(send, to as Id, await whole(send, from as Id));
    await removeObjects(send, container, [object]);
    return ok();
  },
  async "delete-object"([id], send) {
    const { container, object } = id as Id;
    await removeObjects(send, container, [object]);
    return ok();
  },
  async "delete-objects"([container, objects], send) {
    await removeObjects(send, container as string, objects as readonly string[]);
    return ok();
  },
  async "has-object"([id], send) {
    const { container, object } = id as Id;
    const request = { containerId: container, objectId: object };
    return ok(await ask(send, "ObjectExists", request, flag));
  },
  async "get-object-info"([id], send) {
    const { container, object } = id as Id;
    const request = { containerId: container, objectId: object };
    const found = await ask(send, "GetObjectInfo", request, objectMetadata);
    return ok({
      createdAt: BigInt(found.lastModified?.sec ?? 0),
      size: BigInt(found.contentLength),
    });
  },
  async "get-container-data"([id, start, end], send) {
    const last = safe(end);
    const inclusive = last > Number.MAX_SAFE_INTEGER ? undefined : last;
    return streaming(piecesOf(send, id as Id, safe(start), inclusive));
  },
  async "write-container-data"([id, data], send) {
    await put(send, id as Id, await gather(data as WitStream));
    return ok(Promise.resolve(WELL));
  },
};

/** `count` names of `pages`, after the first `offset` of them. */
async function* partOf(
  pages: AsyncGenerator<readonly string[]>,
  offset: number,
  count: number,
): AsyncGenerator<readonly string[]> {
  let [skip, left] = [offset, count];
  for await (const names of pages) {
    const part = names.slice(skip, skip + left);
    skip = Math.max(0, skip - names.length);
    left -= part.length;
    if (part.length > 0) yield part;
    if (left <= 0) return;
  }
}

/** By name. */
export const CALLED: ReadonlyMap<string, CalledFunction> = new Map(
  Object.entries(FUNCTIONS).map(([name, run]) => [name, failing(run)]),
);
