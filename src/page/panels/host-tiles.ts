/** All hosts of the lattice as tiles, each in its place. */
import type { TemplateResult } from "lit";
import type { ObservedHost } from "../../index.ts";
import type { TilePlan } from "../state/slots.ts";
import type { Topology } from "../state/topology.ts";
import type { TileParts } from "./host-tile.ts";
import type { Choice } from "./topology-details.ts";

import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { hostsOf } from "../state/topology.ts";
import { hostTile } from "./host-tile.ts";

export interface TilesParts extends Pick<TileParts, "chooseHost" | "chooseEntity" | "move"> {
  readonly topology: Topology;
  /** Those that are shown. */
  readonly hosts: readonly ObservedHost[];
  readonly plan: TilePlan;
  /** Some were found: then there are no gaps. */
  readonly found: boolean;
  readonly choice: Choice | undefined;
  /** The id of the tile that the Tab key reaches. */
  readonly active: string | undefined;
}

export function hostTiles(parts: TilesParts): TemplateResult {
  const { topology, hosts, plan, found, choice, active, ...actions } = parts;
  const { density, rows } = plan;
  const placed = found ? hosts : inPlaces(hosts, plan.places);
  const entity = choice?.kind === "entity" ? choice.id : undefined;
  const groupOf = (id: string): number => {
    const group = topology.entities.get(id);
    return group === undefined ? 0 : hostsOf(group).length;
  };
  /** What a large tile says of other hosts. */
  const groups = ({ components, providers }: ObservedHost): string =>
    density === "large" ? [...providers, ...components].map(({ id }) => groupOf(id)).join() : "";
  return html`<h3 id="topology-hosts">Hosts</h3>
    <ul class="tiles tiles-${density}" .style=${`--rows:${rows}`} aria-labelledby="topology-hosts">
      ${repeat(
        placed,
        (host, place) => host?.id ?? `free ${place}`,
        (host) => {
          if (host === undefined) return html`<li class="tile-free" aria-hidden="true"></li>`;
          const chosen = choice?.kind === "host" && choice.id === host.id;
          const isActive = host.id === active;
          return guard([host, density, isActive, chosen, entity, groups(host)], () =>
            hostTile({ host, density, active: isActive, chosen, entity, groupOf, ...actions }),
          );
        },
      )}
    </ul>
    ${
      hosts.length === 0
        ? html`<p class="empty">No host has that in its name or labels.</p>`
        : nothing
    }`;
}

function inPlaces(
  hosts: readonly ObservedHost[],
  places: ReadonlyMap<string, number>,
): readonly (ObservedHost | undefined)[] {
  const placed: (ObservedHost | undefined)[] = Array.from(
    { length: Math.max(-1, ...places.values()) + 1 },
    () => undefined,
  );
  for (const host of hosts) placed[places.get(host.id) ?? placed.length] = host;
  return placed;
}
