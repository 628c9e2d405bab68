/** All that is known of the host, component or provider that was chosen in the picture of the lattice. */
import type { TemplateResult } from "lit";
import type {
  NodeState,
  ObservedComponent,
  ObservedHost,
  ObservedProvider,
  Pairs,
} from "../../index.ts";
import type { Edge, Entity, Run, Topology } from "../state/topology.ts";

import { html, nothing } from "lit";
import { count, timeOfDay } from "../state/figures.ts";
import { hostsOf, nameOf } from "../state/topology.ts";
import {
  contentsWords,
  edgeInterfaces,
  moment,
  rateWords,
  runsWords,
  systemWords,
} from "../state/topology-words.ts";
import { glyph } from "./topology-graph.ts";

export type Choice =
  | { readonly kind: "host"; readonly id: string }
  | { readonly kind: "entity"; readonly id: string };

export interface DetailsParts {
  readonly topology: Topology;
  readonly choice: Choice | undefined;
  readonly choose: (choice: Choice | undefined) => void;
  /** What this tab runs, of which it knows more than of others. */
  readonly own: Pick<NodeState, "workloads" | "providers">;
}

/** Lists are shown up to here; the rest is counted. */
const MOST_ROWS = 60;

export function topologyDetails(parts: DetailsParts): TemplateResult {
  const { topology, choice } = parts;
  if (choice?.kind === "host") {
    const host = topology.hosts.find(({ id }) => id === choice.id);
    return host === undefined ? left(parts) : hostDetails(host, parts);
  }
  if (choice?.kind === "entity") {
    const entity = topology.entities.get(choice.id);
    return entity === undefined ? left(parts) : entityDetails(entity, parts);
  }
  return html`<p class="details-hint">
      Choose a host, a component or a provider to see all that is known of it.
    </p>
    ${legend()}`;
}

function left({ choose }: DetailsParts): TemplateResult {
  return html`<p class="details-hint">What was chosen has left the lattice.</p>
    <button type="button" @click=${() => choose(undefined)}>Close</button>`;
}

function legend(): TemplateResult {
  return html`<ul class="legend" aria-label="What the marks mean">
    <li>${glyph("component")} component</li>
    <li>${glyph("provider")} provider</li>
    <li>${glyph("unseen")} linked, and not seen to run</li>
    <li>
      <span class="pips shared"><i class="own"></i><i></i></span> hosts of one queue group: they
      share its calls; the full one is this tab
    </li>
    <li><span class="run-group">3</span> how many hosts are in its queue group</li>
    <li><span class="figure">×10</span> calls that may run in it at once</li>
  </ul>`;
}

function head(
  kind: string,
  name: string,
  tag: TemplateResult | typeof nothing,
  { choose }: DetailsParts,
): TemplateResult {
  return html`<header>
    <div>
      <span class="details-kind">${kind}</span>
      <h3>${name}</h3>
      ${tag}
    </div>
    <button
      type="button"
      class="quiet"
      aria-label="Close details"
      @click=${() => choose(undefined)}
    >
      Close
    </button>
  </header>`;
}

function hostDetails(host: ObservedHost, parts: DetailsParts): TemplateResult {
  const { id, own, labels, startedAtMs, silentSinceMs, generations, components, providers } = host;
  const tag = own ? html`<span class="tag tag-own">this tab</span>` : nothing;
  return html`${head("Host", nameOf(host), tag, parts)}
    ${
      silentSinceMs === undefined
        ? nothing
        : html`<p class="wait">
            Silent since ${timeOfDay(silentSinceMs).slice(0, 8)}. It is forgotten when five minutes
            more have passed.
          </p>`
    }
    <dl>
      ${row("Runs on", systemWords(host))}
      ${row("Since", startedAtMs === undefined ? "" : moment(startedAtMs))}
      ${row("Speaks", generations.map((each) => GENERATION_WORDS[each]).join(", "))}
      ${row("Id", html`<code>${id}</code>`)} ${pairsRow("Labels", labels)}
    </dl>
    <h4>${contentsWords(host)}</h4>
    ${entries([...providers, ...components], parts)}`;
}

const GENERATION_WORDS = { v0: "wasmCloud 0.82", v1: "wasmCloud 1.x", v2: "wasmCloud v2" } as const;

function row(name: string, value: string | TemplateResult): TemplateResult | typeof nothing {
  if (value === "") return nothing;
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function pairsRow(name: string, pairs: Pairs): TemplateResult | typeof nothing {
  if (pairs.length === 0) return nothing;
  return html`<div>
    <dt>${name}</dt>
    <dd class="chips">${pairs.map(([key, value]) => html`<code>${key}=<b>${value}</b></code>`)}</dd>
  </div>`;
}

function entries(
  all: readonly (ObservedComponent | ObservedProvider)[],
  { choose }: DetailsParts,
): TemplateResult {
  return html`<ul class="details-list">
      ${all.slice(0, MOST_ROWS).map((entry) => {
        const isProvider = "healthy" in entry;
        const unhealthy = isProvider && entry.healthy === false;
        return html`<li>
          <button type="button" @click=${() => choose({ kind: "entity", id: entry.id })}>
            ${glyph(isProvider ? "provider" : "component")}<b>${entry.name !== undefined && entry.id.length === 56 ? entry.name : entry.id}</b>${
              unhealthy
                ? html`<span class="bad">unhealthy</span>`
                : html`<span class="figure"
                    >${isProvider ? "" : `×${count(entry.maxInstances)}`}</span
                  >`
            }
          </button>
          <code class="details-image">${entry.image ?? ""}</code>
        </li>`;
      })}
    </ul>
    ${more(all.length)}`;
}

function more(length: number): TemplateResult | typeof nothing {
  return length <= MOST_ROWS
    ? nothing
    : html`<p class="dim">and ${count(length - MOST_ROWS)} more: find them by name</p>`;
}

function entityDetails(entity: Entity, parts: DetailsParts): TemplateResult {
  const { id, label, kind, runs, calls, callers, perSecond } = entity;
  const group = hostsOf(entity).length > 1;
  const known = kind === "unseen" ? "Linked" : kind === "component" ? "Component" : "Provider";
  const unhealthy = runs.filter(({ entry }) => "healthy" in entry && entry.healthy === false);
  const workload = parts.own.workloads.find((each) => each.id === id);
  return html`${head(known, label, nothing, parts)}
    ${
      unhealthy.length === 0
        ? nothing
        : html`<p class="bad">
            Unhealthy in ${unhealthy.map(({ host }) => nameOf(host)).join(", ")}, as its host says.
          </p>`
    }
    ${
      kind === "unseen"
        ? html`<p class="wait">Nobody says that it runs: calls of it find no one.</p>`
        : nothing
    }
    <dl>
      ${label === id ? nothing : row("Id", html`<code>${id}</code>`)}
      ${row("Called", perSecond === 0 ? "" : html`${rateWords(entity)}, as this tab sees it`)}
      ${health(entity)}
    </dl>
    ${runs.length === 0 ? nothing : html`<h4>${group ? `Runs on ${runsWords(entity)}` : "Runs on"}</h4>`}
    <ul class="details-list">
      ${runs.slice(0, MOST_ROWS).map((run) => runRow(run, parts))}
    </ul>
    ${more(runs.length)} ${edgeList("Calls", calls, "target", parts)}
    ${edgeList("Called by", callers, "source", parts)}
    ${
      workload === undefined || workload.imports.length === 0
        ? nothing
        : html`<h4>Imports</h4>
            <ul class="details-names">
              ${workload.imports.map((name) => html`<li><code>${name}</code></li>`)}
            </ul>`
    }`;
}

function health({ kind, runs }: Entity): TemplateResult | typeof nothing {
  if (kind !== "provider") return nothing;
  const states = runs.map(({ entry }) => ("healthy" in entry ? entry.healthy : undefined));
  if (states.includes(false)) return nothing; // said above
  return row("Health", states.includes(true) ? "healthy" : "no change was heard of yet");
}

function runRow({ host, entry }: Run, { choose }: DetailsParts): TemplateResult {
  const isProvider = "healthy" in entry;
  const linkName = isProvider && entry.linkName !== undefined && entry.linkName !== "default";
  return html`<li>
    <button type="button" @click=${() => choose({ kind: "host", id: host.id })}>
      <b>${nameOf(host)}</b>${host.own ? html`<span class="tag tag-own">this tab</span>` : nothing}
      ${host.silentSinceMs === undefined ? nothing : html`<span class="wait">silent</span>`}
      <span class="figure">${isProvider ? "" : `×${count(entry.maxInstances)}`}</span>
    </button>
    <code class="details-image">${entry.image ?? ""}</code>
    ${linkName ? html`<p class="dim">link name ${entry.linkName}</p>` : nothing}
    ${
      entry.annotations.length === 0
        ? nothing
        : html`<p class="chips">
            ${entry.annotations.map(([key, value]) => html`<code>${key}=<b>${value}</b></code>`)}
          </p>`
    }
  </li>`;
}

function edgeList(
  title: string,
  edges: readonly Edge[],
  end: "source" | "target",
  { choose, topology }: DetailsParts,
): TemplateResult | typeof nothing {
  if (edges.length === 0) return nothing;
  return html`<h4>${title}</h4>
    <ul class="details-list">
      ${edges.slice(0, MOST_ROWS).map((edge) => {
        const other = topology.entities.get(edge[end]);
        return html`<li>
          <button type="button" @click=${() => choose({ kind: "entity", id: edge[end] })}>
            ${glyph(other?.kind ?? "unseen")}<b>${other?.label ?? edge[end]}</b>
            <span class="figure ${edge.failedPerSecond > 0 ? "bad" : ""}">${rateWords(edge)}</span>
          </button>
          ${
            edge.links.length === 0
              ? html`<p class="dim">called without a link</p>`
              : edgeInterfaces(edge).map(
                  (words) => html`<code class="details-image">${words}</code>`,
                )
          }
        </li>`;
      })}
    </ul>
    ${more(edges.length)}`;
}
