/**
 * `inlay:///keyvalue`: serves `wrpc:keyvalue/{store,atomics,batch}@0.2.0-draft` from this browser's storage, and tells
 * components that watch of changes.
 *
 * Whoever says who it is needs a link, as with wasmCloud's Redis provider; whoever does not is served unless the
 * configuration `require-link` forbids it. A refusal is the interface's own `access-denied`.
 */
import type { Call } from "../../core/call.ts";
import type { Provider, ProviderContext, ProviderKind, ProviderLink } from "../../core/provider.ts";
import type { WitValue } from "../../core/wit.ts";
import type { KeyvalueStore } from "../../storage/keyvalue-store.ts";
import type { CallerSettings, Settings } from "./settings.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { createCallers } from "./callers.ts";
import { operationOf } from "./operations.ts";
import { bucketName, readSettings } from "./settings.ts";
import { createWatchers } from "./watchers.ts";
import { keyvalueWorlds } from "./world.ts";

/** UTF-8 bytes of a bucket's name. */
const MOST_BUCKET_BYTES = 256;

/** Opens a store; the same `name` gives the same entries again. */
export type OpenStore = (options: {
  readonly name: string;
  readonly maxBytes: () => number;
}) => Promise<KeyvalueStore>;

export function keyvalueKind(open: OpenStore): ProviderKind {
  return { name: "keyvalue", exclusive: true, start: (context) => start(context, open) };
}

async function start(context: ProviderContext, open: OpenStore): Promise<Provider> {
  const { id, lattice, clock } = context;
  let settings = readSettings(context.config);
  const worlds = keyvalueWorlds();
  const store = await open({
    name: `inlay-keyvalue ${lattice} ${id}`,
    maxBytes: () => settings.maxBytes,
  });
  const callers = createCallers(clock);
  const watchers = createWatchers(context, worlds.watcher);

  const run = async (call: Call): Promise<WitValue> => {
    const operation = operationOf(call.instance, call.func);
    if (operation === undefined) {
      throw new LatticeError("not-found", `${id} has no function ${call.instance}#${call.func}`);
    }
    const [given, ...args] = call.args;
    const allowed = await allowedTo(call, settings, callers);
    if (allowed === undefined || (operation.writes && allowed.readOnly)) return denied;
    call.signal.throwIfAborted();
    const bucket = bucketName(allowed.bucket ?? String(given));
    if (!isBucket(bucket, settings)) return noSuchStore;
    const { maxValueBytes } = settings;
    try {
      const val = await operation.run(
        {
          store,
          bucket,
          maxValueBytes,
          onChange: (changes) => watchers.tell(bucket, changes),
        },
        args,
      );
      return { tag: "ok", val };
    } catch (cause) {
      return other(asLatticeError(cause).message);
    }
  };

  return {
    world: worlds.served,
    invoke: async (call) => [await run(call)],
    async link(link) {
      const name = linkName(link);
      if (link.role === "target") callers.put(name, link);
      else if (link.link.interfaces.includes("watcher")) watchers.put(name, link);
      else watchers.remove(name);
    },
    async unlink(link) {
      (link.role === "target" ? callers : watchers).remove(linkName(link));
    },
    async configure(config) {
      settings = readSettings(config);
    },
    async health() {
      try {
        const bytes = await store.size();
        return { healthy: true, message: `${bytes} of ${settings.maxBytes} bytes are used` };
      } catch (cause) {
        return { healthy: false, message: messageOf(cause) };
      }
    },
    async [Symbol.asyncDispose]() {
      watchers.end();
      await store[Symbol.asyncDispose]();
    },
  };
}

const UNLINKED: CallerSettings = { bucket: undefined, readOnly: false };

async function allowedTo(
  call: Call,
  { requireLink }: Settings,
  callers: ReturnType<typeof createCallers>,
): Promise<CallerSettings | undefined> {
  const { source } = call;
  if (source === undefined) return requireLink ? undefined : UNLINKED;
  return callers.settingsFor({ ...call, source });
}

function isBucket(bucket: string, { buckets }: Settings): boolean {
  return buckets === undefined
    ? new TextEncoder().encode(bucket).length <= MOST_BUCKET_BYTES
    : buckets.has(bucket);
}

const denied: WitValue = { tag: "err", val: { tag: "access-denied" } };
const noSuchStore: WitValue = { tag: "err", val: { tag: "no-such-store" } };

function other(text: string): WitValue {
  return { tag: "err", val: { tag: "other", val: text } };
}

function linkName({ link }: ProviderLink): string {
  return [link.source, link.target, link.name, link.namespace, link.package].join(" ");
}
