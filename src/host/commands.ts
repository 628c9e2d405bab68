/** What each command does: the table that every dialect's routes lead to. */
import type { CommandHandlers, Inventory } from "../core/command.ts";
import type { HostEvent } from "../core/event.ts";
import type { HostId } from "../core/ids.ts";
import type { Later } from "../core/later.ts";
import type { Log } from "../core/log.ts";
import type { Actors } from "./actors.ts";
import type { LateSets } from "./late-sets.ts";
import type { LabelTable } from "./labels.ts";
import type { FactCommands } from "./fact-commands.ts";
import type { Providers } from "./providers.ts";
import type { Registries } from "./registries.ts";
import type { Workloads } from "./workloads.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { checkKept } from "./bounds.ts";

export interface CommandParts {
  readonly id: HostId;
  readonly inventory: () => Inventory;
  readonly labels: LabelTable;
  readonly workloads: Workloads;
  readonly actors: Later<Actors>;
  readonly providers: Providers;
  readonly sets: LateSets["handlers"];
  readonly facts: FactCommands["handlers"];
  readonly registries: Pick<Registries, "put">;
  readonly announce: (event: HostEvent) => void;
  readonly stop: (timeoutMs?: number) => Promise<void>;
  readonly log: Log;
}

export function commandHandlers(parts: CommandParts): CommandHandlers {
  const { id, inventory, labels, workloads, providers, announce, log } = parts;
  const labelsChanged = (): void => announce({ type: "labels-changed", labels: labels.all() });
  return {
    ...parts.facts,
    "host.ping": () => Promise.resolve(inventory()),
    "host.describe": () => Promise.resolve(inventory()),
    async "host.stop"({ hostId, timeoutMs }) {
      if (hostId !== undefined && hostId !== id)
        throw new LatticeError("bad-input", `invalid host_id [${hostId}]`);
      // The answer goes out first: stopping closes the connection that carries it.
      setTimeout(() => {
        parts
          .stop(timeoutMs)
          .catch((cause: unknown) => log.error("host.stop-failed", { problem: messageOf(cause) }));
      }, 0);
    },
    async "workload.bid"({ id: wanted, constraints }) {
      return labels.satisfy(constraints) && workloads.running(wanted) === undefined
        ? "bid"
        : "silent";
    },
    async "workload.scale"(request) {
      if (request.maxInstances > 0) checkKept(request);
      const { notice, done } = workloads.scale(request);
      void done.catch(() => undefined); // the outcome is told by event and log
      return { notice };
    },
    async "workload.update"(request) {
      checkKept(request);
      const { notice } = workloads.update(request);
      return { notice };
    },
    async "actor.scale"(request) {
      if (request.maxInstances > 0) checkKept(request);
      (await parts.actors()).scale(request);
      return undefined;
    },
    "actor.stop": async (request) => (await parts.actors()).stop(request),
    async "actor.update"(request) {
      checkKept(request);
      return (await parts.actors()).update(request);
    },
    ...parts.sets,
    async "registry.put"(told) {
      parts.registries.put(told);
      log.info("registries.told", { registries: [...told.keys()].join(" ").slice(0, 200) });
    },
    async "provider.bid"({ constraints, ...wanted }) {
      return labels.satisfy(constraints) ? providers.bid(wanted) : "silent";
    },
    async "provider.start"(request) {
      checkKept(request);
      providers.start(request);
    },
    async "provider.stop"({ id: wanted }) {
      await providers.stop(wanted);
      return undefined;
    },
    async "label.put"({ key, value }) {
      labels.put(key, value);
      labelsChanged();
    },
    async "label.remove"({ key }) {
      const outcome = labels.remove(key);
      if (outcome === "removed") labelsChanged();
      return outcome;
    },
  };
}
