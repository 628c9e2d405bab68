/**
 * `wasmcloud:keyvalue` and `wrpc:keyvalue` (wasmCloud v0.82.0 `crates/compat/src/keyvalue.rs`,
 * `crates/providers/kv-redis`; interfaces `keyvalue/keyvalue.smithy`). 0.82 knows one bucket, whose name is empty, and
 * values that are text; lists and sets are kept as a JSON list of texts under their name.
 */
/* oxlint-disable typescript/no-unsafe-type-assertion -- both ends were checked by the types of the interface */
import type { Shape } from "../../../wire/shape.ts";
import type { CallFunction, Contract, ServedOperation } from "./contract.ts";

import { LatticeError } from "../../../core/error.ts";
import { readMsgpack, struct, writeMsgpack } from "../../../wire/msgpack.ts";
import { defaulting, list, natural, text as string } from "../../../wire/shape.ts";
import { demandOk, NOTHING, text, utf8 } from "./contract.ts";
import { CALLED } from "./keyvalue-called.ts";
import { ATOMICS, BUCKET, COUNTERS, int32, isInt32, STORE } from "./keyvalue-messages.ts";

const MAX_U32 = 0xffff_ffff;

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
  better?: ServedOperation,
): ServedOperation {
  return {
    needs,
    ...(better === undefined ? {} : { better }),
    async serve(argument, call) {
      const result = await run(readMsgpack(argument, shape), call);
      return result === undefined ? NOTHING : writeMsgpack(result);
    },
  };
}

/** The new number, one of 32 bits, by a target that adds numbers of any sign in one step: as upstream's by Redis. */
const add = operation(
  incrementRequest,
  async ({ key, value }, call) =>
    demandOk("increment", await call(COUNTERS, "add", [BUCKET, key, value])),
  [COUNTERS],
);

/**
 * As {@link add}, where the interface of 1.x is all that there is. It counts upwards from what is not negative, in one step; all
 * else is read and written, so that only callers of the contract at this node are in turn.
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
        add,
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

export function keyvalueContract(): Contract {
  return { id: "wasmcloud:keyvalue", served: served(), called: CALLED };
}
