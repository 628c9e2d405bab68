/** Forged calls: who claimed to be whom, and which check that failed. Nothing where nobody watches and none came. */
import type { TemplateResult } from "lit";
import type { ForgeryAlarm } from "../../core/alarm.ts";
import type { NodeState } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { timeOfDay } from "../state/figures.ts";
import { checkWords, hasSafety, partyWords, watchWords } from "../state/safety.ts";

/** Alarms that are drawn: a flood makes the page no longer. */
const ROWS = 6;

export function safetyPanel(
  state: Pick<NodeState, "watch" | "alarms">,
): TemplateResult | typeof nothing {
  if (!hasSafety(state)) return nothing;
  const { alarms, watch } = state;
  const words = watchWords(watch);
  const shown = alarms.slice(-ROWS).toReversed();
  return html`<section class="panel safety" aria-labelledby="safety-title">
    <header>
      <h2 id="safety-title">Safety</h2>
      <span class="safety-state ${alarms.length > 0 ? "safety-alarmed" : ""}">
        <span class="dot" aria-hidden="true"></span>${
          alarms.length > 0
            ? "Forged calls"
            : watch.phase === "watching"
              ? "Watching"
              : "Not watching"
        }
      </span>
    </header>
    ${words === undefined ? nothing : html`<p class="hint">${words}</p>`}
    ${
      shown.length === 0
        ? nothing
        : html`<ol class="alarm-list" aria-label="Last forged calls, newest first">
            ${shown.map(alarmRow)}
          </ol>`
    }
  </section>`;
}

function alarmRow(alarm: ForgeryAlarm): TemplateResult {
  const { at, check, problem, origin, target, operation, subject, host } = alarm;
  return html`<li>
    <p class="alarm-check" title=${problem}>${checkWords(check)}</p>
    <dl>
      <dt>Claims to be</dt>
      <dd title=${origin}>${partyWords(origin)}</dd>
      <dt>Calls</dt>
      <dd title=${target}>${operation} of ${partyWords(target)}</dd>
      <dt>Sent to</dt>
      <dd title=${subject}>${partyWords(subject)}</dd>
      <dt>From host</dt>
      <dd title=${host}>${partyWords(host)}</dd>
      <dt>At</dt>
      <dd><time class="figure">${timeOfDay(at)}</time></dd>
    </dl>
  </li>`;
}
