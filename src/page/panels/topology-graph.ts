/**
 * Who calls whom: each component and provider once, whoever runs it, with lines to those that its links lead to. Nodes are
 * buttons in the document; the lines between them are decoration, since the details of a node say them in words.
 */
import type { TemplateResult } from "lit";
import type { ObservedHost } from "../../index.ts";
import type { GraphLayout } from "../state/graph-layout.ts";
import type { Edge, Entity } from "../state/topology.ts";

import { html, nothing, svg } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { rate } from "../state/figures.ts";
import { edgeKey } from "../state/graph-layout.ts";
import { conditionOf, hostsOf } from "../state/topology.ts";
import { entityWords, runsWords } from "../state/topology-words.ts";

const NODE_WIDTH = 168;
const NODE_HEIGHT = 48;
const ROW = 60;
const LEAST_GAP = 64;
const MOST_GAP = 168;
/** Hosts of a queue group that are drawn one by one. */
const MOST_PIPS = 8;

export interface GraphParts {
  readonly layout: GraphLayout;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly edges: readonly Edge[];
  readonly chosen: string | undefined;
  /** The node that the Tab key reaches; arrows go to the others. */
  readonly active: string | undefined;
  /** Of the picture, in pixels. */
  readonly width: number;
  readonly choose: (id: string) => void;
  readonly move: (event: KeyboardEvent, id: string) => void;
}

export function topologyGraph(parts: GraphParts): TemplateResult {
  const { layout, entities, edges, chosen, active, width, choose, move } = parts;
  const free = (width - NODE_WIDTH) / Math.max(1, layout.columns - 1) - NODE_WIDTH;
  const pitch = NODE_WIDTH + Math.min(MOST_GAP, Math.max(LEAST_GAP, Math.floor(free)));
  const x = (column: number): number => column * pitch;
  const y = (row: number): number => Math.round(row * ROW - (ROW - NODE_HEIGHT) / 2);
  const near = neighbours(edges, chosen);
  const w = x(Math.max(0, layout.columns - 1)) + NODE_WIDTH;
  const h = Math.ceil(layout.rows * ROW);
  return html`<div class="graph" tabindex="-1">
    <div class="graph-floor" .style=${`width:${w}px;height:${h}px`}>
      <svg width=${w} height=${h} aria-hidden="true">
        ${repeat(edges, edgeKey, (edge) => {
          const line = lineOf(edge, layout, { x, y });
          if (line === undefined) return nothing;
          const related = chosen === undefined || edge.source === chosen || edge.target === chosen;
          return edgeShape(edge, line, related);
        })}
      </svg>
      <ul aria-label="Components and providers">
        ${repeat(
          layout.spots,
          ([id]) => id,
          ([id, { column, row }]) => {
            const entity = entities.get(id);
            if (entity === undefined) return nothing;
            const place = `left:${x(column)}px;top:${y(row) - NODE_HEIGHT / 2}px`;
            const faded = near !== undefined && !near.has(id);
            return html`<li .style=${place}>
              <button
                type="button"
                class="node node-${conditionOf(entity)} ${faded ? "faded" : ""}"
                data-node=${id}
                tabindex=${id === active ? 0 : -1}
                aria-pressed=${id === chosen}
                @click=${() => choose(id)}
                @keydown=${(event: KeyboardEvent) => move(event, id)}
              >
                <span class="unseen">${entityWords(entity)}</span>
                <span class="node-name" aria-hidden="true"
                  >${glyph(entity.kind)}<b>${entity.label}</b></span
                >
                <span class="node-runs" aria-hidden="true"
                  >${pips(hostsOf(entity))}<i>${runsShort(entity)}</i></span
                >
                <span class="node-rate figure" aria-hidden="true"
                  >${entity.perSecond === 0 ? nothing : `${rate(entity.perSecond)}/s`}</span
                >
              </button>
            </li>`;
          },
        )}
      </ul>
    </div>
  </div>`;
}

function neighbours(
  edges: readonly Edge[],
  chosen: string | undefined,
): ReadonlySet<string> | undefined {
  if (chosen === undefined) return undefined;
  const near = edges.filter(({ source, target }) => source === chosen || target === chosen);
  return new Set([chosen, ...near.flatMap(({ source, target }) => [source, target])]);
}

interface Line {
  readonly path: string;
  readonly head: string;
  readonly middle: { readonly x: number; readonly y: number };
}

/** From the right side of one node to the left side of the other, by its lanes; the head is where the call goes. */
function lineOf(
  edge: Edge,
  { spots, routes }: GraphLayout,
  { x, y }: { readonly x: (column: number) => number; readonly y: (row: number) => number },
): Line | undefined {
  const route = routes.get(edgeKey(edge));
  const ends = [spots.get(edge.source), spots.get(edge.target)];
  const [from, to] = route?.backward === true ? ends.toReversed() : ends;
  if (route === undefined || from === undefined || to === undefined) return undefined;
  const stops = [from, ...route.lanes, to];
  let path = `M${x(from.column) + NODE_WIDTH} ${y(from.row)}`;
  for (const [index, stop] of stops.entries()) {
    const next = stops[index + 1];
    if (next === undefined) break;
    const x1 = x(stop.column) + NODE_WIDTH;
    const x2 = x(next.column);
    const bend = (x2 - x1) / 2;
    path += `C${x1 + bend} ${y(stop.row)} ${x2 - bend} ${y(next.row)} ${x2} ${y(next.row)}`;
    if (index + 2 < stops.length) path += `H${x2 + NODE_WIDTH}`;
  }
  const [, second = to] = stops;
  const end = route.backward
    ? { x: x(from.column) + NODE_WIDTH + 1, y: y(from.row), to: 6 }
    : { x: x(to.column) - 1, y: y(to.row), to: -6 };
  return {
    path,
    head: `M${end.x + end.to} ${end.y - 4}L${end.x} ${end.y}L${end.x + end.to} ${end.y + 4}z`,
    middle: {
      x: (x(from.column) + NODE_WIDTH + x(second.column)) / 2,
      y: (y(from.row) + y(second.row)) / 2,
    },
  };
}

function edgeShape(edge: Edge, { path, head, middle }: Line, related: boolean): TemplateResult<2> {
  const { perSecond, failedPerSecond, links } = edge;
  const busy = perSecond > 0;
  const look = [
    "edge",
    busy ? "busy" : "",
    failedPerSecond > 0 ? "failing" : "",
    links.length === 0 ? "unlinked" : "",
    related ? "" : "faded",
  ];
  const weight = busy ? 1.5 + Math.min(3, Math.log10(1 + perSecond)) : 1.25;
  return svg`<g class=${look.join(" ")}>
    <path class="edge-line" d=${path} stroke-width=${weight.toFixed(2)} />
    <path class="edge-head" d=${head} />
    ${busy ? svg`<text x=${middle.x} y=${middle.y - 5} text-anchor="middle">${rate(perSecond)}/s</text>` : nothing}
  </g>`;
}

/** A component is a set stone of the mark, a provider a square one. */
export function glyph(kind: Entity["kind"]): TemplateResult {
  return html`<i class="glyph glyph-${kind}" aria-hidden="true"></i>`;
}

function pips(hosts: readonly ObservedHost[]): TemplateResult | typeof nothing {
  if (hosts.length === 0) return nothing;
  const own = hosts.filter((host) => host.own);
  const drawn = [...own, ...hosts.filter((host) => !host.own)].slice(0, MOST_PIPS);
  return html`<span class="pips ${hosts.length > 1 ? "shared" : ""}"
    >${drawn.map(
      (host) =>
        html`<i
          class="${host.own ? "own" : ""} ${host.silentSinceMs === undefined ? "" : "silent"}"
        ></i>`,
    )}</span
  >`;
}

function runsShort(entity: Entity): string {
  const hosts = hostsOf(entity).length;
  if (conditionOf(entity) === "unhealthy") return "unhealthy";
  if (hosts > 1) return `${hosts} hosts`;
  return entity.kind === "unseen" ? "not seen" : runsWords(entity);
}
