/** One row of the list of calls, and the legend of its bar. */
import type { TemplateResult } from "lit";
import type { CallRow } from "../state/call-list.ts";

import { html, nothing, svg } from "lit";
import { OUTCOME_WORDS } from "../state/calls.ts";
import { duration, timeOfDay } from "../state/figures.ts";
import { barOf, type Part, PART_WORDS, SCALE_UNITS, WAY_WORDS } from "../state/waterfall.ts";

/** Nested calls past this are not indented further. */
const MOST_INDENTED = 8;
const BAR_HEIGHT = 14;
/** Parts differ by their height as well, so that nobody has to tell shades apart. */
const HEIGHTS: Readonly<Record<Part, number>> = {
  decode: 6,
  queue: 3,
  worker: 9,
  guest: 14,
  encode: 6,
  rest: 2,
};

export interface RowOptions {
  readonly scaleMs: number;
  readonly chosen: boolean;
  /** Its place among all rows, from 0. */
  readonly index: number;
  readonly count: number;
}

export function callRow(row: CallRow, options: RowOptions): TemplateResult {
  const { call, depth } = row;
  const { chosen, index, count, scaleMs } = options;
  const indent = Math.min(depth, MOST_INDENTED);
  return html`<div
    role="option"
    id="call-${call.seq}"
    class="wf-row call-${call.outcome} wf-depth-${indent}"
    aria-selected=${chosen ? "true" : "false"}
    aria-posinset=${index + 1}
    aria-setsize=${count}
    data-seq=${call.seq}
  >
    <time class="figure">${timeOfDay(call.at)}</time>
    <span class="wf-what">
      <span class="call-func">${call.func}</span>
      <span class="call-target">${call.target ?? "this host"}</span>
      <span class="call-instance">${call.instance}</span>
    </span>
    ${bar(row, scaleMs)}
    <span class="call-outcome"
      >${call.outcome === "ok" ? nothing : OUTCOME_WORDS[call.outcome]}</span
    >
    <span class="figure call-took">${duration(call.tookMs)}</span>
    <span class="unseen">${unseen(row)}</span>
  </div>`;
}

/** What the row's place, its bar and its colour show, for those who hear it. */
function unseen({ call, depth }: CallRow): string {
  const { source, way, outcome, error } = call;
  const from = source === undefined ? "" : `, from ${source}`;
  const nested = depth === 0 ? "" : `, level ${depth + 1}`;
  const failure = error === undefined ? "" : `, ${error.slice(0, 120)}`;
  return `${WAY_WORDS[way]}${from}${nested}, ${OUTCOME_WORDS[outcome]}${failure}`;
}

function bar(row: CallRow, scaleMs: number): TemplateResult {
  const { pieces, torn } = barOf(row, scaleMs);
  return html`<svg
    class="wf-bar"
    viewBox="0 0 ${SCALE_UNITS} ${BAR_HEIGHT}"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${pieces.map(
      ({ part, from, width }) =>
        svg`<rect class="wf-${part}" x=${from} width=${width} y=${(BAR_HEIGHT - HEIGHTS[part]) / 2} height=${HEIGHTS[part]} />`,
    )}
    ${torn ? svg`<path class="wf-torn" d="M990 0 L1000 7 L990 14" />` : nothing}
  </svg>`;
}

/** What each form of a bar means. */
export function legend(): TemplateResult {
  const parts: readonly Part[] = ["decode", "queue", "worker", "guest", "encode", "rest"];
  return html`<ul class="wf-legend" aria-label="Parts of a bar, in their order">
    ${parts.map(
      (part) =>
        html`<li>
          <svg viewBox="0 0 20 ${BAR_HEIGHT}" aria-hidden="true">
            <rect
              class="wf-${part}"
              width="20"
              y=${(BAR_HEIGHT - HEIGHTS[part]) / 2}
              height=${HEIGHTS[part]}
            />
          </svg>
          ${PART_WORDS[part]}
        </li>`,
    )}
  </ul>`;
}
