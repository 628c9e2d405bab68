/** The last calls, newest on top, in a list of fixed height: a flood moves nothing else on the page. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { CallRecord } from "../../core/event.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { OUTCOME_WORDS, spread } from "../state/calls.ts";
import { duration, onScale, timeOfDay } from "../state/figures.ts";
import { LightElement } from "./light-element.ts";

export class CallsPanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    calls: { attribute: false },
    held: { state: true },
  };

  /** Newest last, as in a state. */
  declare calls: readonly CallRecord[];
  /** The calls that a person wants to look at while others go on. */
  declare held: readonly CallRecord[] | undefined;

  constructor() {
    super();
    this.calls = [];
    this.held = undefined;
  }

  protected override render(): TemplateResult {
    const shown = this.held ?? this.calls;
    return html`<section class="panel calls" aria-labelledby="calls-title">
      <header>
        <h2 id="calls-title">Calls</h2>
        ${this.#spread(shown)}
        <button
          type="button"
          class="quiet"
          aria-pressed=${this.held === undefined ? "false" : "true"}
          ?disabled=${this.calls.length === 0}
          @click=${() => {
            this.held = this.held === undefined ? this.calls : undefined;
          }}
        >
          Hold
        </button>
      </header>
      ${
        shown.length === 0
          ? html`<p class="empty">
              No calls yet. Each call that the lattice sends to this tab shows here, newest on top.
            </p>`
          : html`<ol class="call-list" tabindex="0" aria-label="Last calls, newest first">
              ${repeat(
                shown.toReversed(),
                (call) => call.id,
                (call) => callRow(call),
              )}
            </ol>`
      }
    </section>`;
  }

  #spread(calls: readonly CallRecord[]): TemplateResult | typeof nothing {
    const found = spread(calls);
    if (found === undefined) return nothing;
    return html`<p class="dim spread">
      median <span class="figure">${duration(found.medianMs)}</span>
      <span class="spread-p95"
        >95 % within <span class="figure">${duration(found.p95Ms)}</span></span
      >
    </p>`;
  }
}

function callRow(call: CallRecord): TemplateResult {
  const width = Math.round(onScale(call.tookMs) * 100);
  return html`<li class="call call-${call.outcome}">
    <time class="figure">${timeOfDay(call.at)}</time>
    <span class="call-what">
      <span class="call-target">${call.target}</span>
      <span class="call-func">${call.func}</span>
      <span class="call-instance">${call.instance}</span>
    </span>
    <span class="call-outcome">${OUTCOME_WORDS[call.outcome]}</span>
    <span class="figure call-took">${duration(call.tookMs)}</span>
    <svg class="call-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect width=${width} height="4" />
    </svg>
    ${call.error === undefined ? nothing : html`<span class="call-error">${call.error}</span>`}
  </li>`;
}
