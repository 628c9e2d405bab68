/** The view of components: start them, see what they are made of and what meets them, scale, update, stop, try. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LatticeNode, NodeState, WorkloadView } from "../../index.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { CallForm } from "../panels/call-form.ts";
import { stateWord } from "../panels/component-card.ts";
import { LightElement } from "../panels/light-element.ts";
import { PartDetail } from "../panels/part-detail.ts";
import { StartPart } from "../panels/start-part.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-parts .node=${node} .state=${state}></inlay-parts>`;
}

class PartsView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    state: { attribute: false },
    chosen: { state: true },
    filter: { state: true },
    over: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare state: NodeState;
  /** The id of the one that is shown; absent: the first. */
  declare chosen: string | undefined;
  declare filter: string;
  /** A file hovers above the view. */
  declare over: boolean;
  readonly #worlds = new Watching(this, "worlds");
  readonly #facts = new Watching(this, "facts");

  constructor() {
    super();
    this.chosen = undefined;
    this.filter = "";
    this.over = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("dragover", this.#dragOver);
    this.addEventListener("dragleave", this.#dragLeave);
    this.addEventListener("drop", this.#drop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("dragover", this.#dragOver);
    this.removeEventListener("dragleave", this.#dragLeave);
    this.removeEventListener("drop", this.#drop);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("node")) return;
    this.#worlds.of(this.node);
    this.#facts.of(this.node);
  }

  protected override render(): TemplateResult {
    const { node, state } = this;
    const { workloads } = state;
    const shown = workloads.find(({ id }) => id === this.chosen) ?? workloads[0];
    return html`<div class="parts ${workloads.length === 0 ? "parts-none" : ""}">
      <div class="parts-side">
        ${workloads.length === 0 ? nothing : this.#list(shown)}
        <inlay-start-part
          .node=${node}
          .taken=${workloads.filter((each) => each.state.phase !== "failed").map(({ id }) => id)}
          @inlay-start=${(event: CustomEvent<string>) => {
            this.chosen = event.detail;
          }}
        ></inlay-start-part>
      </div>
      ${
        shown === undefined
          ? html`<p class="parts-hint dim">
              Nothing runs here yet. Start one, or let the lattice place one in this tab.
            </p>`
          : html`<inlay-part
              .node=${node}
              .state=${state}
              .workload=${shown}
              .world=${this.#worlds.latest?.find(
                ({ id, kind }) => id === shown.id && kind === "component",
              )}
              .links=${this.#facts.latest?.links ?? []}
            ></inlay-part>`
      }
      ${
        this.over
          ? html`<p class="drop-here" aria-hidden="true"><span>Drop the component here</span></p>`
          : nothing
      }
    </div>`;
  }

  #list(shown: WorkloadView | undefined): TemplateResult {
    const { workloads } = this.state;
    const wanted = this.filter.trim().toLowerCase();
    const found = workloads.filter(({ id, image }) =>
      `${id} ${image}`.toLowerCase().includes(wanted),
    );
    const running = workloads.filter(({ state }) => state.phase === "running").length;
    return html`<nav class="panel parts-list" aria-labelledby="parts-title">
      <header>
        <h2 id="parts-title">Components</h2>
        <span class="dim">${running} of ${workloads.length} running</span>
      </header>
      ${
        workloads.length > 8
          ? html`<input
              type="search"
              aria-label="Filter components"
              placeholder="Filter"
              .value=${this.filter}
              @input=${(event: Event) => {
                if (event.target instanceof HTMLInputElement) this.filter = event.target.value;
              }}
            />`
          : nothing
      }
      <ul>
        ${repeat(
          found,
          ({ id }) => id,
          (workload) => this.#row(workload, workload.id === shown?.id),
        )}
      </ul>
    </nav>`;
  }

  #row(workload: WorkloadView, current: boolean): TemplateResult {
    const { id, running, maxInstances, state } = workload;
    const { word, look } = stateWord(workload);
    return html`<li>
      <button
        type="button"
        class="parts-row component-${look}"
        aria-current=${current ? "true" : nothing}
        @click=${() => {
          this.chosen = id;
        }}
      >
        <span class="dot" aria-hidden="true"></span>
        <span class="parts-id">${id}</span>
        <span class="dim"
          >${
            state.phase === "running" && look === "running"
              ? html`<span class="figure">${running} / ${maxInstances}</span>`
              : word
          }</span
        >
      </button>
    </li>`;
  }

  readonly #dragOver = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault();
    this.over = true;
  };

  readonly #dragLeave = (event: DragEvent): void => {
    const { relatedTarget } = event;
    if (!(relatedTarget instanceof Node) || !this.contains(relatedTarget)) this.over = false;
  };

  readonly #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    const file = event.dataTransfer?.files[0];
    const start = this.querySelector("inlay-start-part");
    if (file !== undefined && start instanceof StartPart) start.take(file);
  };
}

customElements.define("inlay-call-form", CallForm);
customElements.define("inlay-start-part", StartPart);
customElements.define("inlay-part", PartDetail);
customElements.define("inlay-parts", PartsView);
