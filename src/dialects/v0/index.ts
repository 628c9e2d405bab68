/** The wasmCloud 0.82 dialect: signed invocations over MessagePack, and the control interface of that time. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { Dialect, DialectParts } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Link } from "../../core/link.ts";
import type { ClusterOptions } from "./cluster.ts";
import type { Alarm } from "./guard.ts";
import type { Names } from "./host-calls.ts";

import { entityId } from "../../core/ids.ts";
import { later } from "../../core/later.ts";
import { mapped } from "../../core/view.ts";
import { ACTOR_GUEST, ACTOR_HOST } from "../../interfaces/actor.ts";
import { isPublicNkey } from "../../wire/nkey.ts";
import { openCluster } from "./cluster.ts";
import { createDirectory } from "./directory.ts";
import { actorByAlias, createV0Facts } from "./facts/facts.ts";
import { indexLinks } from "./facts/links.ts";
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
  const index = mapped(facts.links, indexLinks);
  const links = mapped(index, ({ bySource }) => bySource);
  const find = (source: EntityId, name: string, wanted: (link: Link) => boolean) =>
    links
      .peek()
      .get(source)
      ?.find((link) => link.name === name && wanted(link));
  const directory = createDirectory({
    contractOf: (source, target, name) =>
      find(source, name, (link) => link.target === target)?.contract,
  });
  const linked = (source: EntityId, provider: EntityId, name: string): boolean =>
    find(source, name, ({ target }) => target === provider) !== undefined;
  const names: Names = {
    linked: (source, contract, name) =>
      find(source, name, (link) => link.contract === contract)?.target,
    actor: (name) =>
      isPublicNkey(name, "module") ? entityId(name) : actorByAlias(facts.claims.peek(), name),
  };
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
    return createRpc({
      ...parts,
      cluster,
      strict: options.strict ?? true,
      directory,
      linked,
      names,
      alarm,
    });
  });
  return {
    generation: "v0",
    links,
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
    knows: (target) => facts.claims.peek().has(target) || index.peek().targets.has(target),
    answers: (instance) =>
      instance === ACTOR_HOST
        ? async (call, importer) => (await rpc(call.signal)).hostCall(call, importer)
        : undefined,
    adapt: (instance, world, callee) =>
      instance === ACTOR_GUEST
        ? { invoke: async (call) => (await rpc(call.signal)).callHere(world, callee, call) }
        : undefined,
  };
}
