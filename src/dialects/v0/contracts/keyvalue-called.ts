/** Functions of `wrpc:keyvalue` as operations of a provider of 0.82. */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitValue } from "../../../core/wit.ts";
import type { CalledFunction } from "./contract.ts";

import { readMsgpack, writeMsgpack } from "../../../wire/msgpack.ts";
import { flag } from "../../../wire/shape.ts";
import { demandOk, functionName, text, utf8 } from "./contract.ts";
import { ATOMICS, BATCH, BUCKET, getResponse, int32, STORE } from "./keyvalue-messages.ts";

const ok = (val?: WitValue): readonly WitValue[] => [{ tag: "ok", val }];
const err = (message: string): readonly WitValue[] => [
  { tag: "err", val: { tag: "other", val: message } },
];

/** As {@link CalledFunction}, in the only bucket that there is. */
const inBucket =
  (run: CalledFunction): CalledFunction =>
  ([bucket, ...args], send) =>
    bucket === BUCKET || bucket === "default"
      ? run(args, send)
      : Promise.resolve(err(`buckets are not known to 0.82, met "${String(bucket)}"`));

const get: CalledFunction = async ([key], send) => {
  const { value, exists } = readMsgpack(await send("KeyValue.Get", writeMsgpack(key)), getResponse);
  return ok(exists ? utf8(value) : undefined);
};
const set: CalledFunction = async ([key, value], send) => {
  const request = { key, value: text(value as Uint8Array, "the value"), expires: 0 };
  await send("KeyValue.Set", writeMsgpack(request));
  return ok();
};
const del: CalledFunction = async ([key], send) => {
  readMsgpack(await send("KeyValue.Del", writeMsgpack(key)), flag);
  return ok();
};
const exists: CalledFunction = async ([key], send) =>
  ok(readMsgpack(await send("KeyValue.Contains", writeMsgpack(key)), flag));
const increment: CalledFunction = async ([key, delta], send) => {
  const value = Number(delta);
  if (value > 0x7fff_ffff) return err("0.82 increments by 31 bits at most");
  const request = writeMsgpack({ key, value });
  const next = readMsgpack(await send("KeyValue.Increment", request), int32);
  return next < 0 ? err(`the value is ${next}, below zero`) : ok(BigInt(next));
};

/** By interface and function. */
export const CALLED: ReadonlyMap<string, CalledFunction> = new Map([
  [functionName(STORE, "get"), inBucket(get)],
  [functionName(STORE, "set"), inBucket(set)],
  [functionName(STORE, "delete"), inBucket(del)],
  [functionName(STORE, "exists"), inBucket(exists)],
  [functionName(ATOMICS, "increment"), inBucket(increment)],
  [
    functionName(BATCH, "get-many"),
    inBucket(async ([keys], send) => {
      const found: WitValue[] = [];
      for (const key of keys as readonly string[]) {
        // oxlint-disable-next-line no-await-in-loop -- a provider is not flooded
        const value = demandOk("get", await get([key], send));
        found.push(value === undefined ? undefined : [key, value]);
      }
      return ok(found);
    }),
  ],
  [
    functionName(BATCH, "set-many"),
    inBucket(async ([pairs], send) => {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      for (const pair of pairs as readonly (readonly WitValue[])[]) await set(pair, send);
      return ok();
    }),
  ],
  [
    functionName(BATCH, "delete-many"),
    inBucket(async ([keys], send) => {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      for (const key of keys as readonly string[]) await del([key], send);
      return ok();
    }),
  ],
]);
