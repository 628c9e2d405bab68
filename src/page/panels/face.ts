/** The face of the instrument: in one look whether the node is in its lattice, and how busy it is. */
import type { TemplateResult } from "lit";
import type { NodePhase, NodeState } from "../../core/node-state.ts";
import type { Activity } from "../state/activity.ts";
import type { PageActions } from "../session.ts";

import { html, nothing } from "lit";
import { isSolo } from "../../core/solo-address.ts";
import { ACTIVITY_SECONDS, barsPath, callsPerSecond } from "../state/activity.ts";
import { adviceFor, sentence } from "../state/advice.ts";
import { leavingWords } from "../state/calls.ts";
import { outageOf } from "../state/connections.ts";
import { count, duration, rate } from "../state/figures.ts";
import { joinSteps } from "./join-steps.ts";
import { mark } from "./mark.ts";

export function face(
  state: NodeState,
  activity: Activity,
  nowMs: number,
  actions: PageActions | undefined,
): TemplateResult {
  return html`<section class="face" aria-label="State of the node">
    <div class="face-top">
      ${mark("lamp")}
      <div class="face-words">
        <h1>${headline(state)}</h1>
        <p>${subline(state, nowMs)}</p>
      </div>
      <div class="face-buttons">${buttons(state, actions)}</div>
    </div>
    ${hasRun(state) ? figures(state, activity) : nothing} ${joinSteps(state.joinSteps)}
  </section>`;
}

/** In the lattice of this browser's tabs. */
function isAlone({ control }: NodeState): boolean {
  return control.phase === "open" && isSolo(control.server);
}

/** Whether there are figures worth showing. */
export function hasRun(state: NodeState): boolean {
  const { answered, failed, refused } = state.totals;
  const live = ["joined", "reconnecting", "leaving"].includes(state.phase);
  return live || answered + failed + refused > 0;
}

/** The phases in words. */
export const PHASE_WORDS: Readonly<Record<NodePhase, string>> = {
  idle: "Not joined",
  connecting: "Joining",
  joined: "Joined",
  reconnecting: "Reconnecting",
  leaving: "Leaving",
  stopped: "Left the lattice",
  failed: "Failed",
};

function headline({ phase, error }: NodeState): string {
  return phase === "failed" && error !== undefined
    ? adviceFor(error.code).title
    : PHASE_WORDS[phase];
}

function subline(state: NodeState, nowMs: number): TemplateResult | string {
  const lattice = html`lattice <b>${state.lattice}</b>`;
  const name = state.friendlyName;
  switch (state.phase) {
    case "idle":
    case "connecting":
      return html`${lattice}${name === undefined ? nothing : html` as <b>${name}</b>`}`;
    case "joined":
      return isAlone(state)
        ? html`This tab is <b>${name ?? "a host"}</b> in ${lattice} of this browser’s own tabs: open
            another one, and both share the calls`
        : html`This tab is <b>${name ?? "a host"}</b> in ${lattice}`;
    case "reconnecting": {
      const outage = outageOf(state);
      if (outage === undefined) return "The connection comes back";
      const { lost, since, reason } = outage;
      const ago = ` ${duration(Math.max(0, nowMs - since)).replace(/\.\d+/, "")} ago`;
      return `${lost}${ago}${reason === undefined ? "" : `: ${reason}`}. It comes back by itself.`;
    }
    case "leaving":
      return html`This tab takes no more calls of ${lattice}. ${leavingWords(state)}.`;
    case "stopped":
      return html`This tab no longer answers calls of ${lattice}. Other hosts go on.`;
    case "failed":
      return state.error === undefined ? "" : sentence(state.error.message);
  }
}

function buttons(
  state: NodeState,
  actions: PageActions | undefined,
): TemplateResult | typeof nothing {
  switch (state.phase) {
    case "idle":
    case "leaving":
      return nothing;
    case "connecting":
      return html`<button type="button" @click=${() => actions?.leave()}>Cancel</button>`;
    case "joined":
    case "reconnecting":
      return html`${
          isAlone(state)
            ? html`<button type="button" @click=${() => actions?.reset()}>Connect to NATS</button>`
            : nothing
        } <button type="button" @click=${() => actions?.leave()}>Leave</button>`;
    case "stopped":
    case "failed":
      // No setting helps a page that came the wrong way.
      if (state.error?.code === "insecure-context") return nothing;
      return html`<button type="button" @click=${() => actions?.reset()}>Change settings</button>
        <button type="button" class="primary" @click=${() => actions?.rejoin()}>
          ${state.phase === "failed" ? "Try again" : "Join again"}
        </button>`;
  }
}

function figures({ totals }: NodeState, activity: Activity): TemplateResult {
  return html`<div class="face-figures">
    <dl>
      <div>
        <dt>Answered</dt>
        <dd>${count(totals.answered)}</dd>
      </div>
      <div class=${totals.failed > 0 ? "bad" : ""}>
        <dt>Failed</dt>
        <dd>${count(totals.failed)}</dd>
      </div>
      <div class=${totals.refused > 0 ? "wait" : ""}>
        <dt>Refused</dt>
        <dd>${count(totals.refused)}</dd>
      </div>
      <div>
        <dt>Per second</dt>
        <dd>${rate(callsPerSecond(activity))}</dd>
      </div>
    </dl>
    <div class="minute">
      <p>Last minute</p>
      <svg
        viewBox="0 0 ${ACTIVITY_SECONDS} 20"
        preserveAspectRatio="none"
        role="img"
        aria-label="Calls of the last minute, second by second"
      >
        <path class="minute-bars" d=${barsPath(activity, 20)} />
      </svg>
    </div>
  </div>`;
}
