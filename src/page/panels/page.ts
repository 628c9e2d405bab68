/** `<inlay-page>`: the whole page as a picture of one state. It changes nothing itself; it asks `actions`. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { NodeState } from "../../core/node-state.ts";
import type { NodeOptions } from "../../core/node-options.ts";
import type { PageActions } from "../session.ts";
import type { Activity } from "../state/activity.ts";
import type { LatticeNode } from "../../index.ts";
import type { JoinFields } from "../state/join-form.ts";
import type { OfferRow } from "../state/offer.ts";
import type { ViewId } from "../state/views.ts";

import { html, nothing } from "lit";
import { count, QUIET } from "../state/activity.ts";
import { announcement } from "../state/announcement.ts";
import { idleState } from "../state/idle-state.ts";
import { fieldsOf } from "../state/join-form.ts";
import { commandLine } from "../state/signature.ts";
import { addressOf, viewOf } from "../state/views.ts";
import { face, PHASE_WORDS } from "./face.ts";
import { hostCard } from "./host-card.ts";
import { offer } from "./offer.ts";
import { providersPanel } from "./providers.ts";
import { safetyPanel } from "./safety.ts";
import { viewTabs } from "./view-tabs.ts";
import { workloadsPanel } from "./workloads.ts";
import { LightElement } from "./light-element.ts";
import { latticePicture, mark } from "./mark.ts";

/** Between two looks at the clock, for the minute's bars and the length of an outage. */
const TICK_MS = 1000;

export class InlayPage extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    state: { attribute: false },
    actions: { attribute: false },
    notices: { attribute: false },
    base: { attribute: false },
    fields: { attribute: false },
    local: { attribute: false },
    activity: { state: true },
    nowMs: { state: true },
    node: { attribute: false },
    offered: { attribute: false },
    view: { state: true },
    said: { state: true },
  };

  declare state: NodeState;
  declare actions: PageActions | undefined;
  declare notices: readonly string[];
  /** Options from the address, for the join form. */
  declare base: NodeOptions;
  declare fields: JoinFields;
  /** The server is the one of `npm start` on this machine, so that `npm run call` reaches it. */
  declare local: boolean;
  declare activity: Activity;
  declare nowMs: number;
  declare said: string;
  /** Present while the page is a member of a lattice. */
  declare node: LatticeNode | undefined;
  declare view: ViewId;
  /** What the address asks this tab to do; empty where it asks nothing. */
  declare offered: readonly OfferRow[];
  /** The state that was last announced. */
  #seen: NodeState;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.state = idleState();
    this.#seen = this.state;
    this.notices = [];
    this.base = { servers: [] };
    this.fields = fieldsOf(this.base);
    this.local = false;
    this.activity = QUIET;
    this.nowMs = now();
    this.said = "";
    this.node = undefined;
    this.offered = [];
    this.view = viewOf(location.hash);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
    this.#ticking = setInterval(() => {
      if (document.visibilityState === "visible") this.nowMs = now();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    removeEventListener("hashchange", this.#moved);
  }

  readonly #moved = (): void => {
    this.view = viewOf(location.hash);
  };

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("state")) {
      this.nowMs = now();
      this.said = announcement(this.#seen, this.state) || this.said;
      this.#seen = this.state;
    }
    this.activity = count(this.activity, this.state.totals, this.nowMs);
  }

  protected override render(): TemplateResult {
    const { state } = this;
    return html`<header class="masthead">
        <span class="wordmark">${mark("small")}Inlay</span>
        <p class="tagline">a wasmCloud host in this tab</p>
        ${state.phase === "idle" || this.view === "tab" ? nothing : standing(state)}
      </header>
      ${this.#hasViews() ? viewTabs(this.view) : nothing}
      <main class="phase-${state.phase}">
        ${this.#notices()} ${state.phase === "idle" ? this.#joinForm() : this.#shown()}
      </main>
      <p class="unseen" aria-live="polite">${this.said}</p>`;
  }

  #joinForm(): TemplateResult {
    return html`<div class="welcome">
      <div class="welcome-words">
        ${
          this.offered.length > 0
            ? offer(this.offered)
            : html`<h1 id="join-title">Join a lattice</h1>
                <p>
                  This tab becomes a host: it runs WebAssembly components and answers calls for as
                  long as it is open. Close it, and the lattice goes on without it.
                </p>`
        }
        ${latticePicture()}
      </div>
      <inlay-join .base=${this.base} .fields=${this.fields} .actions=${this.actions}></inlay-join>
    </div>`;
  }

  /** A node that never came to be has nothing more to show. */
  #hasViews(): boolean {
    const { phase, joinSteps } = this.state;
    return phase !== "idle" && (phase !== "failed" || joinSteps.at(-1)?.name === "announce");
  }

  #shown(): TemplateResult {
    const { view, state, node, actions } = this;
    if (view === "tab" || !this.#hasViews()) return this.#instrument();
    return html`<inlay-view .name=${view} .context=${{ state, node, actions }}></inlay-view>`;
  }

  #instrument(): TemplateResult {
    const { state, actions } = this;
    const alarmed = state.alarms.length > 0;
    const live = state.phase === "joined" || state.phase === "reconnecting";
    const full =
      live ||
      state.phase === "connecting" ||
      state.workloads.length +
        state.providers.length +
        state.workloadSets.length +
        state.calls.length >
        0;
    return html`${face(state, this.activity, this.nowMs, actions)}
      <inlay-advice
        .error=${state.phase === "failed" ? state.error : undefined}
        .servers=${actions?.asked()?.servers ?? []}
      ></inlay-advice>
      ${alarmed ? safetyPanel(state) : nothing} ${this.#hint()}
      ${workloadsPanel(state.workloadSets)}
      ${
        full
          ? html`<div class="columns">
              <inlay-components
                .workloads=${state.workloads}
                .actions=${actions}
                .canStart=${live}
              ></inlay-components>
              <inlay-calls .calls=${state.calls}></inlay-calls>
              <div class="aside">
                ${alarmed ? nothing : safetyPanel(state)} ${providersPanel(state.providers)}
                ${hostCard(state)}
                ${live ? html`<inlay-invite .asked=${actions?.asked()}></inlay-invite>` : nothing}
              </div>
            </div>`
          : nothing
      } <inlay-log .entries=${state.log}></inlay-log>`;
  }

  #hint(): TemplateResult | typeof nothing {
    const { phase, workloads, lattice } = this.state;
    const line = this.local && phase === "joined" ? commandLine(workloads, lattice) : undefined;
    if (line === undefined) return nothing;
    return html`<section class="hint-line" aria-label="Call it from a terminal">
      <span class="hint-words">Call it from a terminal</span>
      <code><span class="dim" aria-hidden="true">$ </span>${line}</code>
      <inlay-copy .text=${line} .what=${"command"}></inlay-copy>
    </section>`;
  }

  #notices(): readonly TemplateResult[] {
    return this.notices.map(
      (notice) =>
        html`<div class="notice" role="status">
          <p>${notice}</p>
          <button type="button" class="quiet" @click=${() => this.actions?.dismiss(notice)}>
            Dismiss
          </button>
        </div>`,
    );
  }
}

/** What the face of the first view says, for all other views: they may be open for hours. */
function standing({ phase, friendlyName, lattice }: NodeState): TemplateResult {
  return html`<a class="standing phase-${phase}" href=${addressOf("tab")}
    ><span class="dot" aria-hidden="true"></span>${PHASE_WORDS[phase]}
    ${friendlyName === undefined ? nothing : html`<b>${friendlyName}</b>`} in <b>${lattice}</b></a
  >`;
}

/** Milliseconds since the epoch. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
