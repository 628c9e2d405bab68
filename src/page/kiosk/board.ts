/** The status board: who this is, whether it is well, what it has done. Read from across a room; no payloads, no addresses. */
import type { TemplateResult } from "lit";
import type { NodeState } from "../../index.ts";
import type { Activity } from "../state/activity.ts";
import type { Health } from "../state/kiosk-health.ts";
import type { Tally } from "../state/ledger.ts";

import { html, nothing } from "lit";
import { mark } from "../panels/mark.ts";
import { ACTIVITY_SECONDS, barsPath } from "../state/activity.ts";
import { adviceFor } from "../state/advice.ts";
import { leavingWords } from "../state/calls.ts";
import { outageOf } from "../state/connections.ts";
import { count, short } from "../state/figures.ts";
import { healthWords } from "../state/kiosk-health.ts";

export interface BoardState {
  readonly node: NodeState;
  readonly health: Health;
  /** Over all nodes of this kiosk. */
  readonly tally: Tally;
  readonly activity: Activity;
  readonly build: string | undefined;
  /** What is wrong with its address, in a sentence. */
  readonly complaint: string | undefined;
  /** What its address asks and only a person may allow. */
  readonly question: { readonly words: string; readonly allow: () => void } | undefined;
  /** Given while a person may be asked to fill the display. */
  readonly fill: (() => void) | undefined;
}

const BARS_HEIGHT = 12;

export function board({ node, health, tally, ...rest }: BoardState): TemplateResult {
  const { answered, lost } = tally;
  return html`<main class="kiosk phase-${node.phase} health-${health.level}">
    <header>
      ${mark("lamp")}
      <div>
        <h1>${node.friendlyName ?? "Inlay"}</h1>
        <p class="kiosk-state" role="status">${stateWords(node)}</p>
      </div>
    </header>
    <dl class="kiosk-counts">
      <div>
        <dt>${answered === 1 ? "call answered" : "calls answered"}</dt>
        <dd>${count(answered)}</dd>
      </div>
      <div class=${lost === 0 ? "none" : "some"}>
        <dt>lost</dt>
        <dd>${count(lost)}</dd>
      </div>
    </dl>
    ${minute(rest.activity)}
    <ul class="kiosk-running" aria-label="Components">
      ${node.workloads.map(
        ({ id, state }) =>
          html`<li class="is-${state.phase}">
            ${id}${state.phase === "running" ? nothing : html` <span>${state.phase}</span>`}
          </li>`,
      )}
    </ul>
    <footer>
      <p class="kiosk-health">${healthWords(health)}</p>
      <p>
        <span
          >Inlay
          ${node.version}${rest.build === undefined ? "" : ` · ${rest.build.slice(0, 8)}`}</span
        >
        ${
          node.hostId === undefined
            ? nothing
            : html`<span class="kiosk-id">${short(node.hostId, 8, 4)}</span>`
        }
        ${tally.restarts === 0 ? nothing : html`<span>restarted ${count(tally.restarts)} ×</span>`}
      </p>
      ${
        rest.question === undefined
          ? nothing
          : html`<p class="kiosk-complaint">
              <span>${rest.question.words}</span>
              <button class="quiet kiosk-allow" @click=${rest.question.allow}>Allow</button>
            </p>`
      }
      ${rest.complaint === undefined ? nothing : html`<p class="kiosk-complaint">${rest.complaint}</p>`}
    </footer>
    ${
      rest.fill === undefined
        ? nothing
        : html`<button class="quiet kiosk-fill" @click=${rest.fill}>Full screen</button>`
    }
  </main>`;
}

function minute(activity: Activity): TemplateResult {
  const calls = activity.seconds.reduce((sum, each) => sum + each, 0);
  return html`<figure class="kiosk-minute">
    <svg
      viewBox="0 0 ${ACTIVITY_SECONDS} ${BARS_HEIGHT}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d=${barsPath(activity, BARS_HEIGHT)} />
    </svg>
    <figcaption>${count(calls)} in the last minute</figcaption>
  </figure>`;
}

function stateWords(state: NodeState): string {
  const { phase, lattice, error } = state;
  switch (phase) {
    case "idle":
    case "connecting":
      return `Joining lattice ${lattice}`;
    case "joined":
      return `Serving lattice ${lattice}`;
    case "reconnecting":
      return `${outageOf(state)?.lost ?? "Connection lost"}; reconnecting`;
    case "leaving":
      return `Leaving lattice ${lattice}: ${leavingWords(state).toLowerCase()}`;
    case "stopped":
      return `Left lattice ${lattice}`;
    case "failed":
      // What exactly is for those who have the log: a board hangs where everybody reads it.
      return error === undefined ? "Failed" : `${adviceFor(error.code).title}; trying again`;
  }
}
