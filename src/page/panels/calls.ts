/** The last calls, newest on top, in a list of fixed height: a flood moves nothing else on the page. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { CallRecord } from "../../core/event.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { callsSince, OUTCOME_WORDS, spread } from "../state/calls.ts";
import { duration, onScale, timeOfDay } from "../state/figures.ts";
import { LightElement } from "./light-element.ts";

/** Rows that are drawn, and used again for later calls: a flood makes no new elements. */
const ROWS = 100;

/** What the list shows: calls, newest last, and how many have ended up to the last of them. */
interface Shown {
  readonly calls: readonly CallRecord[];
  readonly ended: number;
}

export class CallsPanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    calls: { attribute: false },
    held: { state: true },
  };

  /** Newest last, as in a state. */
  declare calls: readonly CallRecord[];
  /** The calls that a person wants to look at while others go on. */
  declare held: Shown | undefined;
  #live: Shown = { calls: [], ended: 0 };

  constructor() {
    super();
    this.calls = [];
    this.held = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("calls")) return;
    const fresh = callsSince(this.#live.calls, this.calls).length;
    this.#live = { calls: this.calls.slice(-ROWS), ended: this.#live.ended + fresh };
  }

  protected override render(): TemplateResult {
    const { calls: shown, ended } = this.held ?? this.#live;
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
            this.held = this.held === undefined ? this.#live : undefined;
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
                // The same call keeps its row; the row of the oldest serves the next one.
                (_, index) => (ended - index) % ROWS,
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
