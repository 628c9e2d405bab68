/** The wasmCloud 0.82 dialect: signed invocations over MessagePack, and the control interface of that time. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { Dialect, DialectParts } from "../../core/dialect.ts";
import type { ClusterOptions } from "./cluster.ts";
import type { Alarm } from "./guard.ts";

import { later } from "../../core/later.ts";
import { openCluster } from "./cluster.ts";
import { createDirectory } from "./directory.ts";
import { createV0Facts } from "./facts/facts.ts";
import { createRpc } from "./rpc.ts";

export interface V0Options extends ClusterOptions {
  /** Hold calls to more than 0.82 itself asks (`checks.ts`); default true. */
  readonly strict?: boolean;
  /** Start modules and components that nobody has signed; default false. */
  readonly allowUnsigned?: boolean;
  /** Hears of each invocation that is not what it claims to be. */
  readonly onAlarm?: (alarm: Alarm) => void;
}

/** Speaks 0.82. */
export function createV0(parts: DialectParts, options: V0Options): Dialect {
  const { clock, log } = parts;
  const facts = createV0Facts(parts);
  const directory = createDirectory({
    contractOf(source, target, link) {
      for (const each of facts.links.peek().values()) {
        const { actor_id, provider_id, link_name } = each;
        if (actor_id === source && provider_id === target && link_name === link) {
          return each.contract_id;
        }
      }
      return undefined;
    },
  });
  const alarm = (raised: Alarm): void => {
    const { check, subject, invocation } = raised;
    const { id, origin, target, operation } = invocation;
    log.warn("invocation.forged", {
      check,
      subject,
      id: id.slice(0, 80),
      origin: origin.public_key.slice(0, 80),
      target: target.public_key.slice(0, 80),
      operation: operation.slice(0, 80),
    });
    options.onAlarm?.(raised);
  };
  const rpc = later(clock, "signed calls", async () => {
    const cluster = await openCluster(options);
    return createRpc({ ...parts, cluster, strict: options.strict ?? true, directory, alarm });
  });
  return {
    generation: "v0",
    async obey(_host, until) {
      await rpc(until); // keys that cannot be used are told before anything is promised
      await facts.follow(until);
    },
    announce: () => undefined,
    serve: async (served, until) => (await rpc(until)).serve(served, until),
    reach(target, world) {
      const find = async (call: Call): Promise<Results> =>
        (await rpc(call.signal)).reach(target, world).invoke(call);
      const callee: Callee = { invoke: find };
      return callee;
    },
  };
}
