/**
 * `wasi:blobstore@0.2.0-draft` by `wrpc:blobstore@0.2.0`, and by 0.1.0 where nobody serves that
 * (wasmCloud `crates/runtime/src/component/blobstore.rs` at v1.9.2).
 *
 * A container is its name. Values are streams: what a guest reads or writes passes in chunks and is nowhere whole, unless
 * the guest asks for it in one piece.
 */
import type { WitStream, WitValue } from "../core/wit.ts";
import type { ImportContext, ImportFunction, ImportMapping } from "./import-mapping.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { IncomingValue, ObjectNames, OutgoingValue } from "./blobstore-values.ts";
import { failed, succeeded, functionsOf, handleOf, nameOf, okOf, orErr } from "./import-mapping.ts";
import { listOf, partOf, stringOf } from "./parts.ts";
import { replayable } from "./replayable.ts";

const NEWER = "wrpc:blobstore/blobstore@0.2.0";
const OLDER = "wrpc:blobstore/blobstore@0.1.0";

/** The error of the interface is a text. */
const text = (message: string): WitValue => message;

type Args = readonly WitValue[];

/** Calls 0.2.0 with `args`, and 0.1.0 with `again` if nobody serves that. `status` tells how the newer one ended. */
async function either(
  { far }: ImportContext,
  func: string,
  args: Args,
  again: () => Args = () => args,
): Promise<{ readonly results: Args; readonly newer: boolean }> {
  try {
    return { results: await far(NEWER, func, args, "not-served"), newer: true };
  } catch (cause) {
    if (asLatticeError(cause).code !== "not-served") throw cause;
    return { results: await far(OLDER, func, again()), newer: false };
  }
}

/** As {@link either}, for functions that are the same in both; failures are errors of the interface. */
const plain = (context: ImportContext, func: string, args: Args): Promise<Args> =>
  orErr(
    either(context, func, args).then(({ results }) => results),
    text,
  );

/** The results with their `ok` as `map` has it. */
async function mapped(results: Promise<Args>, map: (ok: WitValue) => WitValue): Promise<Args> {
  const given = await results;
  const outcome = okOf(given);
  return "ok" in outcome ? succeeded(map(outcome.ok)) : given;
}

/** What gives a stream: in 0.2.0 with a future that tells how it ended, in 0.1.0 alone. */
async function streaming(
  context: ImportContext,
  func: string,
  args: Args,
  make: (stream: WitStream, status: Promise<unknown>) => object,
): Promise<Args> {
  const calling = either(context, func, args).then(({ results, newer }) => {
    const outcome = okOf(results);
    if ("err" in outcome) return results;
    const [stream, status] = newer ? listOf(outcome.ok) : [outcome.ok, Promise.resolve(ENDED)];
    const made = make(streamOf(stream), promiseOf(status));
    return succeeded(context.held.put(made));
  });
  return orErr(calling, text);
}

/** How a stream of 0.1.0 ends: nobody says otherwise. */
const ENDED = { tag: "ok", val: undefined };

/** A method of a container, as a function of its name. */
const ofContainer =
  (
    run: (name: string, args: Args, context: ImportContext) => Promise<Args> | Args,
  ): ImportFunction =>
  ([container, ...args], context) =>
    run(nameOf(container), args, context);

const objectId = (container: string, object: WitValue): WitValue => ({
  container,
  object: stringOf(object),
});

const deleteObjects = (
  container: string,
  objects: readonly WitValue[],
  context: ImportContext,
): Promise<Args> => plain(context, "delete-objects", [container, objects]);

const CONTAINER: Readonly<Record<string, ImportFunction>> = {
  "[method]container.name": ofContainer((name) => succeeded(name)),
  "[method]container.info": ofContainer((name, _, context) =>
    mapped(plain(context, "get-container-info", [name]), (info) => ({
      name,
      createdAt: partOf(info, "createdAt"),
    })),
  ),
  "[method]container.get-data": ofContainer((name, [object, start, end], context) =>
    streaming(
      context,
      "get-container-data",
      [objectId(name, object), start, end],
      (stream, status) => new IncomingValue(stream, status, context.signal),
    ),
  ),
  "[method]container.write-data": ofContainer((name, [object, handle], context) =>
    writeData(objectId(name, object), context.held.get(OutgoingValue, handle), context),
  ),
  "[method]container.list-objects": ofContainer((name, _, context) =>
    streaming(
      context,
      "list-container-objects",
      [name, undefined, undefined],
      (stream, status) => new ObjectNames(stream, status, context.signal),
    ),
  ),
  "[method]container.delete-object": ofContainer((name, [object], context) =>
    deleteObjects(name, [object], context),
  ),
  "[method]container.delete-objects": ofContainer((name, [objects], context) =>
    deleteObjects(name, listOf(objects), context),
  ),
  "[method]container.has-object": ofContainer((name, [object], context) =>
    plain(context, "has-object", [objectId(name, object)]),
  ),
  "[method]container.object-info": ofContainer((container, [object], context) =>
    mapped(plain(context, "get-object-info", [objectId(container, object)]), (info) => ({
      name: object,
      container,
      createdAt: partOf(info, "createdAt"),
      size: partOf(info, "size"),
    })),
  ),
  "[method]container.clear": ofContainer((name, _, context) =>
    plain(context, "clear-container", [name]),
  ),
  "[method]stream-object-names.read-stream-object-names": ([handle, count], { held }) =>
    held.get(ObjectNames, handle).read(countOf(count)),
  "[method]stream-object-names.skip-stream-object-names": ([handle, count], { held }) =>
    held.get(ObjectNames, handle).skip(countOf(count)),
};

const BLOBSTORE: Readonly<Record<string, ImportFunction>> = {
  "create-container": ([name], context) =>
    mapped(plain(context, "create-container", [name]), () => handleOf(stringOf(name))),
  async "get-container"([name], context) {
    const results = await plain(context, "container-exists", [name]);
    const outcome = okOf(results);
    if ("err" in outcome) return results;
    return outcome.ok === true
      ? succeeded(handleOf(stringOf(name)))
      : failed("container does not exist");
  },
  "delete-container": (args, context) => plain(context, "delete-container", args),
  "container-exists": (args, context) => plain(context, "container-exists", args),
  "copy-object": (args, context) => plain(context, "copy-object", args),
  "move-object": (args, context) => plain(context, "move-object", args),
};

const TYPES: Readonly<Record<string, ImportFunction>> = {
  "[static]outgoing-value.new-outgoing-value": (_, { held, signal }) => [
    held.put(new OutgoingValue(signal)),
  ],
  "[method]outgoing-value.outgoing-value-write-body": ([handle], { held }) => {
    const writable = held.get(OutgoingValue, handle).body();
    return writable === undefined ? failed(undefined) : succeeded(writable);
  },
  "[static]outgoing-value.finish": ([handle], { held }) => {
    const value = held.take(OutgoingValue, handle);
    return orErr(value.finish(), text);
  },
  "[static]incoming-value.incoming-value-consume-sync": ([handle], { held }) => {
    const value = held.take(IncomingValue, handle);
    return orErr(value.whole(), text);
  },
  "[static]incoming-value.incoming-value-consume-async": ([handle], { held }) =>
    succeeded(held.take(IncomingValue, handle).stream()),
  "[method]incoming-value.size": () => {
    throw new LatticeError("guest-trapped", "the lattice does not tell the size of a value");
  },
};

const LINKS = ["wasi:blobstore/blobstore"];

export const BLOBSTORE_IMPORTS: Readonly<Record<string, ImportMapping>> = {
  "wasi:blobstore/blobstore@0.2.0-draft": { links: LINKS, functions: functionsOf(BLOBSTORE) },
  "wasi:blobstore/container@0.2.0-draft": { links: LINKS, functions: functionsOf(CONTAINER) },
  "wasi:blobstore/types@0.2.0-draft": { links: LINKS, functions: functionsOf(TYPES) },
};

/**
 * Begins to send what the guest writes. Answers when the target asks for it, or has answered already: some do only when all
 * has been written, which the guest could not do while it waited here. How it ends is told by `finish`.
 */
async function writeData(
  id: WitValue,
  value: OutgoingValue,
  context: ImportContext,
): Promise<Args> {
  const readable = value.begin();
  if (readable === undefined) {
    throw new LatticeError("guest-trapped", "outgoing-value.write-data was already called");
  }
  const { asked, first, second, decided, giveUp } = replayable(readable);
  const written = either(context, "write-container-data", [id, first], () => [id, second()]);
  const begun = orErr(
    written.then(({ results }) => results),
    text,
  );
  const ended = begun.then(async (results) => {
    decided();
    const outcome = okOf(results);
    if ("err" in outcome) giveUp(outcome.err);
    else if ((await written).newer) return orErr(wrapped(outcome.ok), text);
    return results;
  });
  value.ends(ended);
  const early = begun.then((results) => ("err" in okOf(results) ? results : succeeded()));
  return Promise.race([asked.then(() => succeeded()), early]);
}

/** The results that a future in the place of them gives. */
async function wrapped(future: WitValue): Promise<Args> {
  return [await promiseOf(future)];
}

function streamOf(value: WitValue): WitStream {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it holds was checked by whoever decoded it
  if (value instanceof ReadableStream) return value as WitStream;
  throw new LatticeError("bad-message", "the lattice gave something else than a stream");
}

function promiseOf(value: WitValue): Promise<unknown> {
  if (value instanceof Promise) return value;
  throw new LatticeError("bad-message", "the lattice gave something else than a future");
}

/** More than a guest can want at once is as good as all. */
function countOf(value: WitValue): number {
  return typeof value === "bigint" ? Number(value) : 0;
}
