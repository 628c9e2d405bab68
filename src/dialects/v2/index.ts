/**
 * The wasmCloud v2 dialect: a host that an operator of Kubernetes, or anybody who speaks as it does, gives workloads to. There is
 * no lattice in v2: components of one workload call each other within a host, and nothing is called between hosts.
 */
import type { Dialect, DialectParts, Serving } from "../../core/dialect.ts";
import type { OperatorOptions } from "../../core/node-options.ts";

import { LatticeError } from "../../core/error.ts";
import { obeyRoutes } from "../route.ts";
import { createHeartbeat, keepTelling } from "./heartbeat.ts";
import { identify } from "./identity.ts";
import { createIngress } from "./ingress.ts";
import { observe } from "./observe.ts";
import { operatorRoutes } from "./routes.ts";

export interface V2Options {
  /** The node's, if it was given one. */
  readonly name?: string;
  readonly operator?: OperatorOptions;
}

const NOTHING: Serving = { drain: () => Promise.resolve() };

/**
 * Speaks v2 until `signal` aborts.
 *
 * @throws {LatticeError} `bad-input` for options that cannot be used.
 */
export function createV2(parts: DialectParts, options: V2Options, signal: AbortSignal): Dialect {
  const { control, clock, log } = parts;
  const identity = identify(parts.host, options, log);
  const heartbeat = createHeartbeat(identity, clock.now());
  return {
    generation: "v2",
    async obey(host, until) {
      const table = operatorRoutes({ id: identity.id, clock, heartbeat });
      await obeyRoutes(table, { bus: control, host, log }, until);
      const { id, friendlyName } = identity;
      log.info("operator.told", { host: id, name: friendlyName });
      keepTelling(parts, identity, () => heartbeat(host), until);
    },
    // An operator asks, and hears heartbeats of their own; it knows no events.
    announce: () => undefined,
    observe: async (hear, until) => observe(parts, identity.id, hear, until),
    serve: () => Promise.resolve(NOTHING),
    reach: (target) => ({
      invoke: () =>
        Promise.reject(
          new LatticeError("not-served", `${target} runs elsewhere: hosts of v2 call no others`),
        ),
    }),
    // Nothing of v2 is called from elsewhere.
    knows: () => "never",
    ingress: createIngress(parts, signal),
  };
}
