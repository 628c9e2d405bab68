/**
 * `wasmcloud:keyvalue` and `wrpc:keyvalue` (wasmCloud v0.82.0 `crates/compat/src/keyvalue.rs`,
 * `crates/providers/kv-redis`; interfaces `keyvalue/keyvalue.smithy`). 0.82 knows one bucket, whose name is empty, and
 * values that are text; lists and sets are kept as a JSON list of texts under their name.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { WitValue } from "../../../core/wit.ts";
import type { Shape } from "../../../wire/shape.ts";
import type { CalledFunction, CallFunction, Contract, ServedOperation } from "./contract.ts";

import { LatticeError } from "../../../core/error.ts";
import { readMsgpack, struct, writeMsgpack } from "../../../wire/msgpack.ts";
import { defaulting, flag, list, natural, text as string } from "../../../wire/shape.ts";
import { demandOk, functionName, NOTHING, text, utf8 } from "./contract.ts";

const STORE = "wrpc:keyvalue/store@0.2.0-draft";
const ATOMICS = "wrpc:keyvalue/atomics@0.2.0-draft";
const BATCH = "wrpc:keyvalue/batch@0.2.0-draft";
const BUCKET = "";

const MAX_U32 = 0xffff_ffff;
const isInt32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
const int32: Shape<number> = (value, path) => {
  if (isInt32(value)) return value;
  throw new LatticeError("bad-message", `"${path}" must be a whole number of 32 bits`);
};

const getResponse = struct({ value: defaulting(string, ""), exists: flag });
const setRequest = struct({
  key: string,
  value: defaulting(string, ""),
  expires: defaulting(natural(MAX_U32), 0),
});
const incrementRequest = struct({ key: string, value: int32 });
const listRequest = struct({ listName: string, value: string });
const setMember = struct({ setName: string, value: string });
const rangeRequest = struct({ listName: string, start: int32, stop: int32 });

/** A value of the store; `undefined` if there is none. */
async function valueOf(call: CallFunction, key: string): Promise<string | undefined> {
  const found = demandOk("get", await call(STORE, "get", [BUCKET, key]));
  return found === undefined ? undefined : text(found as Uint8Array, `the value of ${key}`);
}

async function put(call: CallFunction, key: string, value: string): Promise<void> {
  demandOk("set", await call(STORE, "set", [BUCKET, key, utf8(value)]));
}

async function has(call: CallFunction, key: string): Promise<boolean> {
  return demandOk("exists", await call(STORE, "exists", [BUCKET, key])) === true;
}

/** True if it was there. */
async function remove(call: CallFunction, key: string): Promise<boolean> {
  const there = await has(call, key);
  if (there) demandOk("delete", await call(STORE, "delete", [BUCKET, key]));
  return there;
}

/** An operation of one argument. `result` may be `undefined` for none. */
function operation<T>(
  shape: Shape<T>,
  run: (argument: T, call: CallFunction) => Promise<unknown>,
  needs: readonly string[] = [STORE],
): ServedOperation {
  return {
    needs,
    async serve(argument, call) {
      const result = await run(readMsgpack(argument, shape), call);
      return result === undefined ? NOTHING : writeMsgpack(result);
    },
  };
}

/**
 * The new number, one of 32 bits. The interface counts upwards from what is not negative: anything else is read and written,
 * so that only callers of the contract are in turn.
 */
async function increase(call: CallFunction, key: string, by: number): Promise<number> {
  const kept = await valueOf(call, key);
  const now = kept === undefined ? 0 : Number(kept);
  const next = now + by;
  if (kept !== undefined && !/^-?\d{1,15}$/.test(kept)) {
    throw new LatticeError("bad-input", `what is kept under ${key} is no whole number`);
  }
  if (!isInt32(next)) {
    throw new LatticeError("bad-input", `${key} would leave the numbers of 32 bits`);
  }
  if (by >= 0 && now >= 0) {
    const args = [BUCKET, key, BigInt(by)];
    return Number(demandOk("increment", await call(ATOMICS, "increment", args)));
  }
  await put(call, key, String(next));
  return next;
}

/** Texts that are kept under one name. */
async function textsOf(call: CallFunction, name: string): Promise<readonly string[]> {
  const kept = await valueOf(call, name);
  if (kept === undefined) return [];
  try {
    const texts: unknown = JSON.parse(kept);
    if (Array.isArray(texts) && texts.every((each) => typeof each === "string")) return texts;
  } catch {
    // told below, as any other misfit
  }
  throw new LatticeError("bad-input", `what is kept under ${name} is no list`);
}

async function keepTexts(
  call: CallFunction,
  name: string,
  texts: readonly string[],
): Promise<void> {
  if (texts.length > 0) await put(call, name, JSON.stringify(texts));
  else await remove(call, name);
}

/** Changes of one list or set wait for one another: each reads what is there and writes it anew. */
function createTurns(): <T>(name: string, change: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (name, change) => {
    const before = last.get(name) ?? Promise.resolve();
    const own = before.then(change, change);
    last.set(name, own);
    try {
      return await own;
    } finally {
      if (last.get(name) === own) last.delete(name);
    }
  };
}

function served(): ReadonlyMap<string, ServedOperation> {
  const inTurn = createTurns();
  const union = async (names: readonly string[], call: CallFunction): Promise<string[]> => {
    const sets = await Promise.all(names.map((name) => textsOf(call, name)));
    return [...new Set(sets.flat())];
  };
  const intersection = async (names: readonly string[], call: CallFunction): Promise<string[]> => {
    const [first = [], ...others] = await Promise.all(names.map((name) => textsOf(call, name)));
    return first.filter((each) => others.every((set) => set.includes(each)));
  };
  return new Map(
    Object.entries({
      "KeyValue.Get": operation(string, async (key, call) => {
        const value = await valueOf(call, key);
        return { value: value ?? "", exists: value !== undefined };
      }),
      "KeyValue.Set": operation(setRequest, async ({ key, value, expires }, call) => {
        if (expires !== 0) {
          throw new LatticeError("unsupported", "KeyValue.Set: values do not expire here");
        }
        await put(call, key, value);
      }),
      "KeyValue.Del": operation(string, (key, call) => remove(call, key)),
      "KeyValue.Contains": operation(string, (key, call) => has(call, key)),
      "KeyValue.Increment": operation(
        incrementRequest,
        ({ key, value }, call) => inTurn(key, () => increase(call, key, value)),
        [STORE, ATOMICS],
      ),
      "KeyValue.ListAdd": operation(listRequest, ({ listName, value }, call) =>
        inTurn(listName, async () => {
          const texts = [...(await textsOf(call, listName)), value];
          await keepTexts(call, listName, texts);
          return texts.length;
        }),
      ),
      "KeyValue.ListDel": operation(listRequest, ({ listName, value }, call) =>
        inTurn(listName, async () => {
          const texts = await textsOf(call, listName);
          const rest = texts.filter((each) => each !== value);
          if (rest.length < texts.length) await keepTexts(call, listName, rest);
          return rest.length < texts.length;
        }),
      ),
      "KeyValue.ListClear": operation(string, (name, call) =>
        inTurn(name, () => remove(call, name)),
      ),
      "KeyValue.ListRange": operation(rangeRequest, async ({ listName, start, stop }, call) => {
        const texts = await textsOf(call, listName);
        const from = start < 0 ? Math.max(0, texts.length + start) : start;
        const last = stop < 0 ? texts.length + stop : stop;
        return texts.slice(from, last + 1);
      }),
      "KeyValue.SetAdd": operation(setMember, ({ setName, value }, call) =>
        inTurn(setName, async () => {
          const texts = await textsOf(call, setName);
          if (texts.includes(value)) return 0;
          await keepTexts(call, setName, [...texts, value]);
          return 1;
        }),
      ),
      "KeyValue.SetDel": operation(setMember, ({ setName, value }, call) =>
        inTurn(setName, async () => {
          const texts = await textsOf(call, setName);
          if (!texts.includes(value)) return 0;
          await keepTexts(
            call,
            setName,
            texts.filter((each) => each !== value),
          );
          return 1;
        }),
      ),
      "KeyValue.SetQuery": operation(string, (name, call) => textsOf(call, name)),
      "KeyValue.SetUnion": operation(list(string), union),
      "KeyValue.SetIntersection": operation(list(string), intersection),
      "KeyValue.SetClear": operation(string, (name, call) =>
        inTurn(name, () => remove(call, name)),
      ),
    } satisfies Record<string, ServedOperation>),
  );
}

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

const called: ReadonlyMap<string, CalledFunction> = new Map([
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

export function keyvalueContract(): Contract {
  return { id: "wasmcloud:keyvalue", served: served(), called };
}
