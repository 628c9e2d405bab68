/**
 * `wasi:blobstore@0.1.0`, as components of wasmCloud 0.82 import it: as that of 0.2, but values are whole (wasmCloud v0.82.0
 * `crates/runtime/wit/deps/blobstore`, `crates/runtime/src/actor/component/blobstore.rs`).
 */
import type { WitValue } from "../core/wit.ts";
import type { ImportContext, ImportFunction, ImportMapping } from "./import-mapping.ts";

import { LatticeError } from "../core/error.ts";
import { IncomingValue, OutgoingValue } from "./blobstore-values.ts";
import { BLOBSTORE_IMPORTS } from "./blobstore.ts";
import { functionsOf, okOf, orErr, succeeded } from "./import-mapping.ts";
import { OlderValue } from "./older-values.ts";
import { bytesOf } from "./parts.ts";

type Args = readonly WitValue[];

const newer = (name: string): ImportMapping => {
  const found = BLOBSTORE_IMPORTS[`wasi:blobstore/${name}@0.2.0-draft`];
  if (found === undefined) throw new LatticeError("internal", `no wasi:blobstore/${name}`);
  return found;
};
const BLOBSTORE = newer("blobstore");
const CONTAINER = newer("container");
const TYPES = newer("types");

/** Calls a function of 0.2. */
const call = async (
  { functions }: ImportMapping,
  func: string,
  args: Args,
  context: ImportContext,
): Promise<Args> => {
  const run = functions.get(func);
  if (run === undefined) throw new LatticeError("internal", `no ${func} of wasi:blobstore`);
  return run(args, context);
};

const GET = "[method]container.get-data";
const WRITE = "[method]container.write-data";

const getData: ImportFunction = async (args, context) => {
  const { held } = context;
  const results = await call(CONTAINER, GET, args, context);
  const outcome = okOf(results);
  if ("err" in outcome) return results;
  const whole = await orErr(held.take(IncomingValue, outcome.ok).whole(), (text) => text);
  const got = okOf(whole);
  if ("err" in got) return whole;
  const value = new OlderValue((bytes) => held.weigh(bytes));
  value.append(bytesOf(got.ok));
  return succeeded(held.put(value));
};

/** What was written so far is the object. */
const writeData: ImportFunction = async ([container, name, given], context) => {
  const { held, signal } = context;
  const bytes = held.get(OlderValue, given).peek();
  const outgoing = new OutgoingValue(signal);
  const handle = held.put(outgoing);
  const begun = call(CONTAINER, WRITE, [container, name, handle], context);
  const writer = outgoing.body()?.getWriter();
  // Nobody may want it: how sending ended is told below.
  void writer?.write(bytes).catch(() => undefined);
  void writer?.close().catch(() => undefined);
  const results = await begun;
  if ("ok" in okOf(results)) return call(TYPES, "[static]outgoing-value.finish", [handle], context);
  held.take(OutgoingValue, handle);
  return results;
};

const VALUES: Readonly<Record<string, ImportFunction>> = {
  "[static]outgoing-value.new-outgoing-value": (_, { held }) => [
    held.put(new OlderValue((bytes) => held.weigh(bytes))),
  ],
  "[method]outgoing-value.outgoing-value-write-body": ([handle], { held }) =>
    succeeded(held.get(OlderValue, handle).sink()),
  "[method]incoming-value.incoming-value-consume-sync": ([handle], { held }) =>
    succeeded(held.take(OlderValue, handle).whole()),
  "[method]incoming-value.incoming-value-consume-async": ([handle], { held }) =>
    succeeded(held.take(OlderValue, handle).stream()),
  "[method]incoming-value.size": ([handle], { held }) => [
    BigInt(held.get(OlderValue, handle).length),
  ],
};

export const OLDER_BLOBSTORE: Readonly<Record<string, ImportMapping>> = {
  "wasi:blobstore/blobstore@0.1.0": BLOBSTORE,
  "wasi:blobstore/container@0.1.0": {
    links: CONTAINER.links,
    functions: new Map([...CONTAINER.functions, [GET, getData], [WRITE, writeData]]),
  },
  "wasi:blobstore/types@0.1.0": { links: TYPES.links, functions: functionsOf(VALUES) },
};
