/** The view of calls: as they end, in a waterfall, with where their time went and what they took and gave. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LatticeNode } from "../../index.ts";
import type { CallList, CallRow } from "../state/call-list.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { filterOf } from "../state/call-filter.ts";
import { exported, listWords, NO_CALLS, received, rowsOf } from "../state/call-list.ts";
import { count } from "../state/figures.ts";
import { fitted, SCALES_MS } from "../state/waterfall.ts";
import { LightElement } from "../panels/light-element.ts";
import { saveFile } from "../save-file.ts";
import { callDetails } from "./call-details.ts";
import { legend } from "./call-row.ts";
import { CallRows } from "./call-rows.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-waterfall
    .node=${node}
    .nodeName=${state.friendlyName ?? ""}
    .lattice=${state.lattice}
  ></inlay-waterfall>`;
}

class CallsView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    nodeName: { attribute: false },
    lattice: { attribute: false },
    held: { state: true },
    typed: { state: true },
    newestFirst: { state: true },
    scale: { state: true },
    chosen: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare nodeName: string;
  declare lattice: string;
  /** What a person wants to look at while others come. */
  declare held: CallList | undefined;
  declare typed: string;
  declare newestFirst: boolean;
  /** Of the bars: milliseconds, or what fits. */
  declare scale: number | "fitted";
  /** The `seq` of the call whose details are shown. */
  declare chosen: number | undefined;
  #live: CallList = NO_CALLS;
  #rows: readonly CallRow[] = [];
  /** What the rows were made of. */
  #made: readonly unknown[] = [];
  #fittedMs = 10;
  readonly #calls = new Watching(this, "calls", (update) => {
    this.#live = received(this.#live, update);
  });

  constructor() {
    super();
    this.nodeName = "";
    this.lattice = "";
    this.held = undefined;
    this.typed = "";
    this.newestFirst = true;
    this.scale = "fitted";
    this.chosen = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("node")) {
      this.#calls.of(this.node);
      // Another node numbers its calls anew.
      if (this.node !== undefined) this.#clear();
    }
    const { calls } = this.held ?? this.#live;
    const made = [calls, this.typed, this.newestFirst];
    if (made.every((part, index) => part === this.#made[index])) return;
    this.#made = made;
    this.#rows = rowsOf(calls, filterOf(this.typed), this.newestFirst);
    this.#fittedMs = fitted(this.#rows, this.#fittedMs);
  }

  protected override render(): TemplateResult {
    const list = this.held ?? this.#live;
    const { trouble } = this.#calls;
    return html`<section class="panel waterfall" aria-labelledby="waterfall-title">
      <header>
        <h2 id="waterfall-title">Calls</h2>
        ${this.#buttons(list)}
      </header>
      ${trouble === undefined ? nothing : html`<p class="trouble" role="alert">${trouble}</p>`}
      ${this.#tools(list)}
      <div class="wf-body">
        <div class="wf-list">
          ${this.#rows.length === 0 ? this.#empty(list) : nothing}
          <inlay-call-rows
            ?hidden=${this.#rows.length === 0}
            .rows=${this.#rows}
            .scaleMs=${this.scale === "fitted" ? this.#fittedMs : this.scale}
            .chosen=${this.chosen}
            .newestFirst=${this.newestFirst}
            .choose=${(seq: number | undefined) => (this.chosen = seq)}
            .open=${() => this.querySelector<HTMLElement>("#call-details-title")?.focus()}
          ></inlay-call-rows>
          ${legend()}
        </div>
        ${this.#details(list)}
      </div>
    </section>`;
  }

  #buttons(list: CallList): TemplateResult {
    const { held } = this;
    const more = held === undefined ? 0 : missed(held, this.#live);
    return html`<div class="wf-buttons">
      <button
        type="button"
        class="quiet"
        aria-pressed=${held === undefined ? "false" : "true"}
        @click=${() => (this.held = held === undefined ? this.#live : undefined)}
      >
        Hold${more > 0 ? html` <span class="figure dim">+${count(more)}</span>` : nothing}
      </button>
      <button
        type="button"
        class="quiet"
        ?disabled=${list === NO_CALLS}
        @click=${() => this.#clear()}
      >
        Clear
      </button>
      <button
        type="button"
        class="quiet"
        ?disabled=${this.#rows.length === 0}
        @click=${() => this.#export()}
      >
        Export JSON
      </button>
    </div>`;
  }

  #tools(list: CallList): TemplateResult {
    return html`<div class="wf-tools">
      <div class="wf-filter">
        <label class="unseen" for="calls-filter">Filter calls</label>
        <input
          id="calls-filter"
          type="search"
          spellcheck="false"
          autocomplete="off"
          placeholder="Filter: any text, target:orders, func:get, failed"
          aria-describedby="calls-count"
          .value=${this.typed}
          @input=${({ target }: InputEvent) => {
            if (target instanceof HTMLInputElement) this.typed = target.value;
          }}
        />
      </div>
      <label class="wf-select"
        >Order
        <select
          @change=${({ target }: Event) => {
            if (target instanceof HTMLSelectElement) this.newestFirst = target.value === "first";
          }}
        >
          <option value="first" ?selected=${this.newestFirst}>Newest first</option>
          <option value="last" ?selected=${!this.newestFirst}>Newest last</option>
        </select></label
      >
      <label class="wf-select"
        >Scale
        <select
          @change=${({ target }: Event) => {
            if (!(target instanceof HTMLSelectElement)) return;
            this.scale = target.value === "fitted" ? "fitted" : Number(target.value);
          }}
        >
          <option value="fitted" ?selected=${this.scale === "fitted"}>What fits</option>
          ${SCALES_MS.map(
            (ms) =>
              html`<option value=${ms} ?selected=${this.scale === ms}>
                ${ms < 1000 ? `${ms} ms` : `${ms / 1000} s`}
              </option>`,
          )}
        </select></label
      >
      <p id="calls-count" class="wf-count dim">${listWords(list, this.#rows.length, count)}</p>
    </div>`;
  }

  #empty({ calls }: CallList): TemplateResult {
    return html`<p class="empty wf-empty">
      ${
        calls.length > 0
          ? "No call fits the filter."
          : "No calls since this view was opened. Each call that this node answers or makes shows here when it ends, with the calls within it, where its time went, and its values without secrets."
      }
    </p>`;
  }

  #details({ calls }: CallList): TemplateResult {
    const call = calls.find(({ seq }) => seq === this.chosen);
    const close = (): void => {
      this.chosen = undefined;
      this.querySelector<CallRows>(CallRows.NAME)?.focus();
    };
    return html`<aside
      class="wf-details"
      aria-label="Details of the chosen call"
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Escape" && call !== undefined) close();
      }}
    >
      ${
        call === undefined
          ? html`<p class="dim">
              Choose a call to see what it took and gave, and where its time went.
            </p>`
          : callDetails(call, {
              parent: calls.find(({ seq }) => seq === call.parent),
              inner: calls
                .filter(({ parent }) => parent === call.seq)
                .toSorted((one, other) => one.seq - other.seq),
              choose: (seq) => (this.chosen = seq),
              close,
            })
      }
    </aside>`;
  }

  #clear(): void {
    this.#live = NO_CALLS;
    this.chosen = undefined;
    if (this.held !== undefined) this.held = NO_CALLS;
    this.requestUpdate();
  }

  #export(): void {
    const at = new Date();
    const { nodeName: node, lattice } = this;
    const text = exported(this.#rows, { node, lattice, at });
    saveFile("calls-{time}.json", "application/json", text);
  }
}

customElements.define("inlay-waterfall", CallsView);

/** Calls that have ended since the list was held. */
function missed(held: CallList, live: CallList): number {
  const all = ({ calls, forgotten }: CallList): number => calls.length + forgotten;
  return Math.max(0, all(live) - all(held));
}
