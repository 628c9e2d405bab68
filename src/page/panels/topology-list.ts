/** The picture of the lattice as text: each component and provider with its hosts and whom it calls. */
import type { TemplateResult } from "lit";
import type { Edge, Entity, Topology } from "../state/topology.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count } from "../state/figures.ts";
import { conditionOf, hostsOf, nameOf } from "../state/topology.ts";
import { rateWords } from "../state/topology-words.ts";
import { glyph } from "./topology-graph.ts";

export interface ListParts {
  readonly topology: Topology;
  readonly entities: readonly Entity[];
  /** How many are shown. */
  readonly most: number;
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
  readonly showMore: () => void;
}

/** Names of hosts that are spelled out. */
const MOST_HOSTS = 4;

export function topologyList(parts: ListParts): TemplateResult {
  const { entities, most, showMore } = parts;
  return html`<ul class="entity-list" aria-label="Components and providers">
      ${repeat(
        entities.slice(0, most),
        ({ id }) => id,
        (entity) => entityRow(entity, parts),
      )}
    </ul>
    ${
      entities.length <= most
        ? nothing
        : html`<button type="button" @click=${showMore}>
            Show more of ${count(entities.length)}
          </button>`
    }`;
}

function entityRow(entity: Entity, { topology, chosen, choose }: ListParts): TemplateResult {
  const { id, label, kind, calls } = entity;
  const condition = conditionOf(entity);
  return html`<li>
    <button type="button" aria-pressed=${id === chosen} @click=${() => choose(id)}>
      ${glyph(kind)}<b>${label}</b>
      <span class="unseen">${kind === "unseen" ? "" : `, ${kind}`}</span>
      ${condition === "unhealthy" ? html`<span class="bad">unhealthy</span>` : nothing}
      <span class="figure ${entity.failedPerSecond > 0 ? "bad" : ""}">${rateWords(entity)}</span>
    </button>
    <p>${placesWords(entity)}</p>
    ${calls.length === 0 ? nothing : html`<p>calls ${calls.map((edge, index) => call(edge, index, topology))}</p>`}
  </li>`;
}

function call(edge: Edge, index: number, { entities }: Topology): TemplateResult {
  const words = rateWords(edge);
  return html`${index === 0 ? "" : ", "}<b>${entities.get(edge.target)?.label ?? edge.target}</b>${
    words === "" ? nothing : html` <span class="figure">${words}</span>`
  }`;
}

function placesWords(entity: Entity): string {
  const hosts = hostsOf(entity);
  if (hosts.length === 0) return "nobody says that it runs";
  const names = hosts.slice(0, MOST_HOSTS).map((host) => (host.own ? "this tab" : nameOf(host)));
  const rest = hosts.length - names.length;
  const all = rest === 0 ? names.join(", ") : `${names.join(", ")} and ${rest} more`;
  return hosts.length === 1 ? `on ${all}` : `one queue group of ${hosts.length} hosts: ${all}`;
}
