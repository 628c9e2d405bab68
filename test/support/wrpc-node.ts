/** Both ends of wRPC over a real connection, without a host around them: what they keep can be counted. */
import type { Bus } from "../../src/core/bus.ts";
import type { Call, Results } from "../../src/core/call.ts";
import type { Serving } from "../../src/core/dialect.ts";
import type { CallRecord } from "../../src/core/event.ts";
import type { LogEntry } from "../../src/core/log.ts";
import type { World } from "../../src/core/wit.ts";

import { entityId, hostId, latticeId } from "../../src/core/ids.ts";
import { createLog } from "../../src/core/log.ts";
import { createSource } from "../../src/core/view.ts";
import { createAcceptances } from "../../src/dialects/v1/acceptances.ts";
import { createGatherings } from "../../src/dialects/v1/gathering.ts";
import { createInboxes } from "../../src/dialects/v1/inboxes.ts";
import { createRoundTrips } from "../../src/dialects/v1/pace.ts";
import { reach } from "../../src/dialects/v1/rpc-client.ts";
import { serve } from "../../src/dialects/v1/rpc-server.ts";
import { ingressLattice } from "../../src/dialects/v2/ingress-names.ts";
import { trace } from "../../src/host/interceptors/trace.ts";
import { parseWitFunc } from "../../src/wire/wit-text.ts";
import { testHostId } from "./lattice-host.ts";
import { openTestBus } from "./nats-bus.ts";
import { realClock } from "./real-clock.ts";

export interface WrpcNode extends AsyncDisposable {
  readonly bus: Bus;
  readonly log: readonly LogEntry[];
  /** Calls that have ended here. */
  readonly calls: readonly CallRecord[];
  /** Serves `functions`, by `instance#func`, each giving its list of results, as `id` until the node is disposed. */
  serve(
    id: string,
    world: World,
    functions: Readonly<Record<string, Serve>>,
    options?: { readonly deadlineMs?: number; readonly handles?: boolean },
  ): Promise<Serving>;
  /** Calls `instance#func` of `target`. */
  call(
    target: string,
    world: World,
    func: string,
    args: readonly unknown[],
    options?: Partial<Call>,
  ): Promise<Results>;
  /** What both ends keep: nothing, once all calls have ended. */
  kept(): { readonly inboxes: number; readonly calls: number; readonly bytes: number };
}

type Serve = (...args: never[]) => readonly unknown[] | Promise<readonly unknown[]>;

/** A world that exports functions of the given types: `{ "my:pkg/a": { f: "func()" } }`. */
export function worldOf(
  exports: Readonly<Record<string, Readonly<Record<string, string>>>>,
): World {
  return {
    imports: new Map(),
    exports: new Map(
      Object.entries(exports).map(([instance, functions]) => [
        instance,
        new Map(Object.entries(functions).map(([name, text]) => [name, parseWitFunc(text)])),
      ]),
    ),
  };
}

export async function openWrpcNode(
  url: string,
  options: { readonly lattice?: string | { readonly ingressOf: string } } = {},
): Promise<WrpcNode> {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const id = hostId(testHostId());
  const rpc = await openTestBus(url, { inboxPrefix: `_INBOX.${id}`, signal });
  const entries: LogEntry[] = [];
  const calls: CallRecord[] = [];
  const log = createLog(
    () => Date.now(),
    (entry) => entries.push(entry),
  );
  const { lattice: wanted = "default" } = options;
  const lattice =
    typeof wanted === "string" ? latticeId(wanted) : ingressLattice(latticeId(wanted.ingressOf));
  const shared = { rpc, lattice, inboxes: createInboxes(rpc, signal) };
  const roundTrips = createRoundTrips(rpc, signal);
  const serverGatherings = createGatherings();
  const clientGatherings = createGatherings();
  const server = {
    ...shared,
    roundTrips,
    control: rpc,
    host: id,
    clock: realClock,
    log,
    acceptances: createAcceptances(realClock),
    gatherings: serverGatherings,
  };
  return {
    bus: rpc,
    log: entries,
    calls,
    serve: (target, world, functions, { deadlineMs = 10_000, handles = false } = {}) =>
      serve(
        server,
        {
          id: entityId(target),
          world,
          handles,
          callee: {
            async invoke({ instance, func, args, signal: ended }) {
              const run = functions[`${instance}#${func}`];
              if (run === undefined) throw new Error(`no ${instance}#${func}`);
              return Promise.race([
                // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test knows what its world takes
                run(...(args as never[])),
                rejected(ended),
              ]);
            },
          },
          intercept: trace(realClock, (record) => calls.push(record)),
          accepting: createSource(true),
          deadlineMs,
        },
        signal,
      ),
    call(target, world, name, args, options) {
      const [instance = "", func = ""] = name.split("#");
      return reach(
        { ...shared, roundTrips, gatherings: clientGatherings },
        entityId(target),
        world,
      ).invoke({
        id: "test",
        source: undefined,
        target: entityId(target),
        link: "default",
        instance,
        func,
        args,
        trace: new Map(),
        signal: AbortSignal.timeout(60_000),
        ...options,
      });
    },
    kept: () => ({
      inboxes: shared.inboxes.size,
      calls: serverGatherings.load.calls + clientGatherings.load.calls,
      bytes: serverGatherings.load.bytes + clientGatherings.load.bytes,
    }),
    async [Symbol.asyncDispose]() {
      await rpc.drain();
      lifetime.abort();
    },
  };
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** What {@link WrpcNode.kept} gives when nothing is under way. */
export const NOTHING_KEPT = { inboxes: 0, calls: 0, bytes: 0 };
