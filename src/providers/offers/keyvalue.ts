/**
 * `wasi-keyvalue` and `wasi-keyvalue-multiplexed`: `wasi:keyvalue` for components of a set, from JetStream or from memory
 * (wasmCloud `crates/wash-runtime/src/plugin/wasi_keyvalue/{nats,multiplexed}.rs` at v2.7.0).
 */
import type { Callee } from "../../core/call.ts";
import type { BoundOffer, OfferContext } from "../../core/offer.ts";
import type { WitValue } from "../../core/wit.ts";
import type { HostInterface } from "../../core/workload-set.ts";
import type { Budget } from "./budget.ts";
import type { OfferedBucket, OpenBucket } from "./keyvalue-store.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { bytesOf, listOf, stringOf } from "../../interfaces/parts.ts";
import { ATOMICS, BATCH, STORE } from "../keyvalue/world.ts";
import { servedOf } from "../served.ts";
import { openJetStreamBuckets } from "./keyvalue-jetstream.ts";
import { type MemoryBuckets, openMemoryBuckets } from "./keyvalue-memory.ts";

/** Keys of a page, and of one batch. */
const MOST_KEYS = 1000;

/** The store that an entry without a name means. */
export function bindKeyvalue({ bus, jsDomain }: OfferContext): BoundOffer {
  return bound(openJetStreamBuckets(bus, jsDomain));
}

/**
 * The stores that entries choose by their configuration `backend`: each has its own, which the name of the call's link
 * means. Those in memory take what they keep from `memory`.
 *
 * @throws {LatticeError} `unsupported` for a backend that a page cannot have.
 */
export function bindKeyvalueChoice(
  { entries, bus, jsDomain }: OfferContext,
  memory: Budget,
): BoundOffer {
  const stores: MemoryBuckets[] = [];
  const open = (entry: HostInterface | undefined): OpenBucket => {
    const backend = entry?.config.get("backend") ?? "in-memory";
    if (backend === "in-memory") {
      const store = openMemoryBuckets(memory);
      stores.push(store);
      return store.open;
    }
    if (backend === "nats") {
      // Its text may hold a password.
      if (entry?.config.has("url") === true) {
        const error =
          "a store of wasi:keyvalue on a NATS server of its own (url) is not offered here: it is that of the node";
        throw new LatticeError("unsupported", error);
      }
      return openJetStreamBuckets(bus, jsDomain);
    }
    const error = `the backend ${JSON.stringify(backend)} of wasi:keyvalue is not offered here; there are in-memory and nats`;
    throw new LatticeError("unsupported", error);
  };
  const [first, ...others] = entries;
  const usual = open(first);
  const named = new Map(others.map((entry) => [entry.name, open(entry)]));
  return bound(
    (name, signal, link) => (named.get(link) ?? usual)(name, signal),
    () => stores.forEach((store) => store.close()),
  );
}

/** As {@link OpenBucket}, for a call by the link of this name. */
type OpenLinked = (name: string, signal: AbortSignal, link: string) => ReturnType<OpenBucket>;

function bound(open: OpenLinked, close: () => void = () => undefined): BoundOffer {
  return {
    serves: { world: servedOf(STORE, ATOMICS, BATCH), callee: createCallee(open) },
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

type Operation = (
  bucket: OfferedBucket,
  args: readonly WitValue[],
  signal: AbortSignal,
) => Promise<WitValue>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [`${STORE}#get`, (bucket, [key], signal) => bucket.get(stringOf(key), signal)],
  [
    `${STORE}#set`,
    (bucket, [key, value], signal) => bucket.set(stringOf(key), bytesOf(value), signal),
  ],
  [`${STORE}#delete`, (bucket, [key], signal) => bucket.delete(stringOf(key), signal)],
  [
    `${STORE}#exists`,
    async (bucket, [key], signal) => (await bucket.get(stringOf(key), signal)) !== undefined,
  ],
  [`${STORE}#list-keys`, listKeys],
  [
    `${ATOMICS}#increment`,
    (bucket, [key, delta], signal) => bucket.increment(stringOf(key), naturalOf(delta), signal),
  ],
  [
    `${BATCH}#get-many`,
    (bucket, [keys], signal) =>
      Promise.all(
        many(keys).map(async (each) => {
          const key = stringOf(each);
          const value = await bucket.get(key, signal);
          return value === undefined ? undefined : [key, value];
        }),
      ),
  ],
  [
    `${BATCH}#set-many`,
    async (bucket, [pairs], signal) => {
      const sets = many(pairs).map((pair) => {
        const [key, value] = listOf(pair);
        return [stringOf(key), bytesOf(value)] as const;
      });
      await Promise.all(sets.map(([key, value]) => bucket.set(key, value, signal)));
    },
  ],
  [
    `${BATCH}#delete-many`,
    async (bucket, [keys], signal) => {
      await Promise.all(many(keys).map((key) => bucket.delete(stringOf(key), signal)));
    },
  ],
]);

/** A cursor is the number of keys to skip, as with wasmCloud's hosts. */
async function listKeys(
  bucket: OfferedBucket,
  [cursor]: readonly WitValue[],
  signal: AbortSignal,
): Promise<WitValue> {
  const skipped = cursor === undefined ? 0 : Number(cursor);
  const all = await bucket.keys(signal);
  const next = skipped + MOST_KEYS;
  return {
    keys: all.slice(skipped, next),
    cursor: next < all.length ? BigInt(next) : undefined,
  };
}

function naturalOf(value: WitValue): bigint {
  if (typeof value === "bigint") return value;
  throw new LatticeError("bad-input", "the component passed something else than a number");
}

function many(value: WitValue): readonly WitValue[] {
  const list = listOf(value);
  if (list.length <= MOST_KEYS) return list;
  const error = `${list.length} keys in one call; at most ${MOST_KEYS} are taken`;
  throw new LatticeError("too-large", error);
}

function createCallee(open: OpenLinked): Callee {
  return {
    async invoke({ instance, func, link, args: [name, ...args], signal }) {
      const operation = OPERATIONS.get(`${instance}#${func}`);
      if (operation === undefined) {
        throw new LatticeError("not-found", `wasi:keyvalue has no function ${instance}#${func}`);
      }
      try {
        const bucket = await open(stringOf(name), signal, link);
        return [{ tag: "ok", val: await operation(bucket, args, signal) }];
      } catch (cause) {
        signal.throwIfAborted();
        return [{ tag: "err", val: { tag: "other", val: messageOf(cause) } }];
      }
    },
  };
}
