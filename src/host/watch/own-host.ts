/** This node as one host of the lattice, in the form in which others are shown; of itself it knows more than it tells. */
import type { Inventory } from "../../core/command.ts";
import type { Dialect } from "../../core/dialect.ts";
import type { Word } from "../../core/observation.ts";
import type { ObservedHost } from "../../core/watched.ts";
import type { ProviderEntry } from "../providers.ts";

import { foldHost } from "./observed-host.ts";

export interface OwnHost {
  readonly inventory: Inventory;
  readonly providers: readonly ProviderEntry[];
}

/** `before`: as it was made last time, so that its beginning stays one moment. */
export function ownHost(
  { inventory, providers }: OwnHost,
  generations: readonly Dialect["generation"][],
  before: ObservedHost | undefined,
  hearing: { readonly epochMs: number; readonly room: number },
): ObservedHost {
  const { id: host, workloads, uptimeSeconds, friendlyName, labels, version, sets } = inventory;
  const word: Word = {
    type: "inventory",
    host,
    inventory: {
      friendlyName,
      labels,
      version,
      uptimeSeconds,
      components: workloads.map(({ claims, ...each }) => ({ ...each, name: claims?.name })),
      providers: inventory.providers.map(({ id, linkName, image, annotations }) => ({
        id,
        linkName,
        image,
        name: undefined,
        annotations,
      })),
    },
  };
  const [generation = "v1"] = generations;
  const told = foldHost(before, word, { generation, ...hearing });
  return {
    ...told,
    own: true,
    generations: generations.toSorted(),
    tally: sets.count === 0 ? undefined : { workloads: sets.count, components: sets.members },
    providers: told.providers.map((each) => ({
      ...each,
      healthy: providers.find(({ request }) => request.id === each.id)?.provider?.health()?.healthy,
    })),
  };
}
