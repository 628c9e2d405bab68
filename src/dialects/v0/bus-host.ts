/**
 * `wasmcloud:bus/host`: what components of 0.82 call by operation, at once or by streams (wasmCloud v0.82.0
 * `crates/runtime/src/actor/component/bus.rs`, `crates/host/src/wasmbus/mod.rs`). Whatever goes wrong is a text for the guest.
 */
import type { ImportCall } from "../../core/call.ts";
import type { AnswerImport, Importer } from "../../core/dialect.ts";
import type { Log } from "../../core/log.ts";
import type { WitValue } from "../../core/wit.ts";
import type { Names } from "./bus-targets.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { ACTOR_GUEST, actorWorld } from "../../interfaces/actor.ts";
import { createBytePipe } from "../../interfaces/byte-pipe.ts";
import { okOf } from "../../interfaces/import-mapping.ts";
import { bytesOf, stringOf } from "../../interfaces/parts.ts";
import { resolveTarget, targetEntity } from "./bus-targets.ts";
import { gather } from "./contracts/streams.ts";

export const BUS_HOST = "wasmcloud:bus/host";

/** Calls that one instance may have begun and not asked the end of. */
const MOST_PENDING = 16;
/** Bytes of an argument that wait to be gathered. */
const AHEAD_BYTES = 256 * 1024;

type Outcome = { readonly ok: Uint8Array } | { readonly err: string };

/** One call by streams: `outcome` when it is over. */
interface Pending {
  outcome: Outcome | undefined;
}

/** What one instance has begun. */
interface Calls {
  readonly pending: Map<number, Pending>;
  last: number;
}

export function createBusHost(parts: { readonly names: Names; readonly log: Log }): AnswerImport {
  const { names, log } = parts;
  const world = actorWorld();
  /** By what stands for one instance of the component. */
  const begun = new WeakMap<ImportCall["linkNames"], Calls>();
  const callsOf = ({ linkNames }: ImportCall): Calls => {
    let calls = begun.get(linkNames);
    if (calls === undefined) begun.set(linkNames, (calls = { pending: new Map(), last: 0 }));
    return calls;
  };

  /** Gives what the target said. Throws where it could not be asked. */
  const send = async (
    importer: Importer,
    target: WitValue,
    operation: string,
    argument: Uint8Array,
  ): Promise<Outcome> => {
    const { contract, name } = parseOperation(operation);
    const found = resolveTarget(names, importer, targetEntity(target), contract);
    const results = await importer.call(found.target, found.link, world, ACTOR_GUEST, "call", [
      name,
      argument,
    ]);
    const outcome = okOf(results);
    return "ok" in outcome ? { ok: bytesOf(outcome.ok) } : { err: stringOf(outcome.err) };
  };
  /** As {@link send}, with a text for what it throws, unless nobody waits any more. */
  const sent = async (
    { signal }: ImportCall,
    importer: Importer,
    operation: string,
    ask: () => Promise<Outcome>,
  ): Promise<Outcome | { readonly failed: string }> => {
    try {
      return await ask();
    } catch (cause) {
      if (signal.aborted) throw cause;
      const { code } = asLatticeError(cause);
      const problem = messageOf(cause);
      const func = operation.slice(0, 200);
      log.warn("import.failed", { workload: importer.id, instance: BUS_HOST, func, code, problem });
      return { failed: problem };
    }
  };

  const callSync: AnswerImport = async (call, importer) => {
    const [target, given, payload] = call.args;
    const operation = stringOf(given);
    const outcome = await sent(call, importer, operation, () =>
      send(importer, target, operation, bytesOf(payload)),
    );
    if ("ok" in outcome) return [{ tag: "ok", val: outcome.ok }];
    const text =
      "err" in outcome
        ? `provider call failed: ${outcome.err}`
        : `failed to call linked provider: ${outcome.failed}`;
    return [{ tag: "err", val: text }];
  };
  /** Gives the number of a future, what to read the result from, and what to write the argument to. */
  const callStreaming: AnswerImport = async (call, importer) => {
    const [target, given] = call.args;
    const operation = stringOf(given);
    const calls = callsOf(call);
    if (calls.pending.size >= MOST_PENDING) {
      return [{ tag: "err", val: `${MOST_PENDING} calls have not been asked for their end yet` }];
    }
    const number = ++calls.last;
    const own: Pending = { outcome: undefined };
    calls.pending.set(number, own);
    const { readable, writable } = createBytePipe(AHEAD_BYTES);
    const ended = sent(call, importer, operation, async () =>
      send(importer, target, operation, await gather(readable)),
    ).then((outcome) => (own.outcome = "failed" in outcome ? { err: outcome.failed } : outcome));
    ended.catch(() => undefined); // whoever reads hears of it
    const result = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const outcome = await ended;
          if ("ok" in outcome && outcome.ok.length > 0) controller.enqueue(outcome.ok);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return [{ tag: "ok", val: [number, result, writable] }];
  };
  const functions = new Map<string, AnswerImport>([
    ["call", callStreaming],
    ["call-sync", callSync],
    [
      "future-result-get",
      async (call) => {
        const [number] = call.args;
        const { pending } = callsOf(call);
        const { outcome } = demandPending(pending, number);
        if (outcome === undefined) return [undefined];
        pending.delete(Number(number));
        const over = "ok" in outcome ? { tag: "ok" } : { tag: "err", val: outcome.err };
        return [over];
      },
    ],
    [
      "drop-future-result",
      async (call) => {
        const [number] = call.args;
        const { pending } = callsOf(call);
        demandPending(pending, number);
        pending.delete(Number(number));
        return [];
      },
    ],
  ]);
  return async (call, importer) => {
    const answer = functions.get(call.func);
    if (answer !== undefined) return answer(call, importer);
    // As upstream: there is nothing to listen to.
    throw new LatticeError("unsupported", `${BUS_HOST}#${call.func} is not supported`);
  };
}

/** `namespace:package/interface.operation`: a contract, and what goes over the wire. */
function parseOperation(operation: string): { readonly contract: string; readonly name: string } {
  const at = operation.lastIndexOf("/");
  if (at < 0) throw new LatticeError("bad-input", "failed to parse operation");
  return { contract: operation.slice(0, at), name: operation.slice(at + 1) };
}

function demandPending(pending: Calls["pending"], number: WitValue): Pending {
  const found = pending.get(Number(number));
  if (found !== undefined) return found;
  throw new LatticeError("bad-input", "the component asks for a call that it has not begun");
}
