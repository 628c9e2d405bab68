/** The wasmCloud 0.82 dialect: signed invocations over MessagePack, and the control interface of that time. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { AnswerImport, Dialect, DialectParts } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Link } from "../../core/link.ts";
import type { Names } from "./bus-targets.ts";
import type { ClusterOptions } from "./cluster.ts";
import type { SafetyOptions } from "./safety.ts";

import { entityId } from "../../core/ids.ts";
import { later } from "../../core/later.ts";
import { ACTOR_GUEST, ACTOR_HOST } from "../../interfaces/actor.ts";
import { isPublicNkey } from "../../wire/nkey.ts";
import { BUS_HOST, createBusHost } from "./bus-host.ts";
import { BUS_LATTICE, createBusLattice } from "./bus-lattice.ts";
import { openCluster } from "./cluster.ts";
import { isCarried } from "./contracts/instances.ts";
import { createControl } from "./control.ts";
import { createDirectory } from "./directory.ts";
import { createActorConfig } from "./facts/config.ts";
import { actorByAlias, createV0Facts } from "./facts/facts.ts";
import { indexLinks } from "./facts/links.ts";
import { createGuestConfig, GUEST_CONFIG } from "./guest-config.ts";
import { createHostCalls } from "./host-calls.ts";
import { mapped } from "./mapped.ts";
import { observe } from "./observe.ts";
import { attend } from "./provider-desk.ts";
import { createRpc } from "./rpc.ts";
import { createSafety } from "./safety.ts";

export interface V0Options extends ClusterOptions, SafetyOptions {
  /** Start modules and components that nobody has signed; default false. */
  readonly allowUnsigned?: boolean;
}

/** Speaks 0.82. */
export function createV0(parts: DialectParts, options: V0Options): Dialect {
  const { clock } = parts;
  const safety = createSafety(parts, options);
  const cluster = later(clock, "cluster keys", () => {
    safety.check();
    return openCluster(options);
  });
  const allowUnsigned = options.allowUnsigned ?? false;
  const control = createControl(parts, { cluster, allowUnsigned });
  const facts = createV0Facts(parts, control.onLink);
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
  const hostCalls = { names, log: parts.log };
  /** By the interface, for which this generation has this answer alone. */
  const answers: ReadonlyMap<string, AnswerImport> = new Map([
    [ACTOR_HOST, createHostCalls(hostCalls)],
    [BUS_HOST, createBusHost(hostCalls)],
    [BUS_LATTICE, createBusLattice(names)],
    [GUEST_CONFIG, createGuestConfig(createActorConfig(parts))],
  ]);
  const rpc = later(clock, "signed calls", async () =>
    createRpc({
      ...parts,
      cluster: await cluster(),
      strict: options.strict ?? true,
      directory,
      linked,
      alarm: safety.alarm,
    }),
  );
  return {
    generation: "v0",
    links,
    sharing: control.sharing,
    async obey(host, until) {
      // Keys that cannot be used are told before anything is promised.
      const keys = await cluster(until);
      await Promise.all([control.obey(facts, host, until), safety.watch(keys, until)]);
    },
    announce: (event) => control.announce(event),
    settled: () => control.settled(),
    observe: async (hear, until) => observe(parts, hear, until),
    attend: (desk, until) => attend(parts, desk, until),
    async serve(served, until) {
      const calls = await rpc(until);
      await control.introduce(facts, served, calls.contractOf(served.world), until);
      return calls.serve(served, until);
    },
    reach(target, world) {
      const find = async (call: Call): Promise<Results> =>
        (await rpc(call.signal)).reach(target, world).invoke(call);
      const callee: Callee = { invoke: find };
      return callee;
    },
    knows(target, instance) {
      if (!isCarried(instance)) return "never";
      const member = facts.claims.peek().has(target) || index.peek().targets.has(target);
      return member ? "member" : "stranger";
    },
    answers: (instance) => answers.get(instance),
    adapt: (instance, world, callee) =>
      instance === ACTOR_GUEST
        ? { invoke: async (call) => (await rpc(call.signal)).callHere(world, callee, call) }
        : undefined,
  };
}
