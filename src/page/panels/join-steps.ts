/** The steps of joining and their times: one bar, cut in proportion, and its legend. */
import type { TemplateResult } from "lit";
import type { JoinStep, JoinStepName } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { duration } from "../state/figures.ts";

const STEPS: readonly { readonly name: JoinStepName; readonly words: string }[] = [
  { name: "worker", words: "Start worker" },
  { name: "identity", words: "Find identity" },
  { name: "connect", words: "Connect" },
  { name: "subscribe", words: "Subscribe" },
  { name: "announce", words: "Announce" },
];

export function joinSteps(steps: readonly JoinStep[]): TemplateResult | typeof nothing {
  if (steps.length === 0) return nothing;
  // A step that lasts has no time yet: it gets as much of the bar as all that are done.
  const done = steps.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0);
  return html`<div class="steps">
    <div class="steps-bar" aria-hidden="true">
      ${steps.map(
        (step) =>
          html`<span
            class="step-${step.name} ${step.tookMs === undefined ? "now" : ""}"
            .style=${`flex-grow:${Math.max(step.tookMs ?? done, 0.001)}`}
          ></span>`,
      )}
    </div>
    <ol class="steps-legend" aria-label="Steps of joining">
      ${STEPS.map(({ name, words }) => {
        const step = steps.find((step) => step.name === name);
        const when = step === undefined ? "later" : step.tookMs === undefined ? "now" : "done";
        return html`<li class="${when}">
          <span class="step-key step-${name}" aria-hidden="true"></span>
          <span>${words}</span>
          <span class="figure">${step?.tookMs === undefined ? "" : duration(step.tookMs)}</span>
        </li>`;
      })}
      ${total(steps)}
    </ol>
  </div>`;
}

function total(steps: readonly JoinStep[]): TemplateResult | typeof nothing {
  const first = steps[0];
  const last = steps.at(-1);
  if (first === undefined || last?.name !== "announce" || last.tookMs === undefined) return nothing;
  const tookMs = last.startedMs + last.tookMs - first.startedMs;
  return html`<li class="steps-total">
    <span>Joined in</span> <span class="figure">${duration(tookMs)}</span>
  </li>`;
}
