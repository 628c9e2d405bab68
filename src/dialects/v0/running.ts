/**
 * What this host runs, as the 0.82 lattice is told of it: events there say by how much something grew or shrank, and each
 * actor and provider has an instance id.
 */
import type { Annotations } from "../../core/command.ts";
import type { EntityId } from "../../core/ids.ts";

import { invocationId } from "./ids.ts";

export interface RunningActor {
  readonly instanceId: string;
  readonly maxInstances: number;
  readonly annotations: Annotations;
}

export interface RunningProvider {
  readonly instanceId: string;
  readonly linkName: string;
  readonly contract: string;
}

export interface Running {
  /** As it was last told of; of one id two images may run while it moves from one to the other. */
  actor(id: EntityId, image: string): RunningActor | undefined;
  putActor(
    id: EntityId,
    image: string,
    as: Omit<RunningActor, "instanceId"> | undefined,
  ): RunningActor | undefined;
  /** How many of it may run at once, over all images. */
  total(id: EntityId): number;
  provider(id: EntityId): RunningProvider | undefined;
  putProvider(id: EntityId, as: Omit<RunningProvider, "instanceId">): RunningProvider;
  removeProvider(id: EntityId): void;
}

export function createRunning(now: () => number): Running {
  const actors = new Map<string, RunningActor>();
  const providers = new Map<EntityId, RunningProvider>();
  const keyOf = (id: EntityId, image: string): string => `${id} ${image}`;
  return {
    actor: (id, image) => actors.get(keyOf(id, image)),
    putActor(id, image, as) {
      const key = keyOf(id, image);
      if (as === undefined) {
        actors.delete(key);
        return undefined;
      }
      const next = { ...as, instanceId: actors.get(key)?.instanceId ?? invocationId(now()) };
      actors.set(key, next);
      return next;
    },
    total: (id) =>
      Array.from(actors)
        .filter(([key]) => key.startsWith(`${id} `))
        .reduce((sum, [, { maxInstances }]) => sum + maxInstances, 0),
    provider: (id) => providers.get(id),
    putProvider(id, as) {
      const next = { ...as, instanceId: invocationId(now()) };
      providers.set(id, next);
      return next;
    },
    removeProvider: (id) => void providers.delete(id),
  };
}
