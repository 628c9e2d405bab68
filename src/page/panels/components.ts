/** All components of the node, and the form that starts another. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { WorkloadView } from "../../core/node-state.ts";
import type { PageActions } from "../session.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { sentenceOf } from "../session.ts";
import { componentCard } from "./component-card.ts";
import { LightElement } from "./light-element.ts";

export class ComponentsPanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    workloads: { attribute: false },
    actions: { attribute: false },
    canStart: { attribute: false },
    trouble: { state: true },
  };

  declare workloads: readonly WorkloadView[];
  declare actions: PageActions | undefined;
  /** False while there is no lattice to serve. */
  declare canStart: boolean;
  declare trouble: string;

  constructor() {
    super();
    this.workloads = [];
    this.canStart = false;
    this.trouble = "";
  }

  protected override render(): TemplateResult {
    return html`<section class="panel components" aria-labelledby="components-title">
      <header>
        <h2 id="components-title">Components</h2>
        <p class="dim">${countWord(this.workloads)}</p>
      </header>
      ${
        this.workloads.length === 0
          ? html`<p class="empty">
              ${
                this.canStart
                  ? "Nothing runs here yet. Start a component below, or let the lattice place one in this tab."
                  : "Nothing runs here."
              }
            </p>`
          : nothing
      }
      ${repeat(
        this.workloads,
        ({ id }) => id,
        (workload) => componentCard(workload, this.actions, (id) => void this.#stop(id)),
      )}
      ${this.trouble === "" ? nothing : html`<p class="trouble" role="alert">${this.trouble}</p>`}
      ${this.canStart ? html`<inlay-start .actions=${this.actions}></inlay-start>` : nothing}
    </section>`;
  }

  /** Never rejects: a failure is shown. */
  async #stop(id: string): Promise<void> {
    this.trouble = "";
    try {
      await this.actions?.stop(id);
    } catch (thrown) {
      this.trouble = `${id} did not stop. ${sentenceOf(thrown)}`;
    }
  }
}

function countWord(workloads: readonly WorkloadView[]): string {
  const running = workloads.filter(({ state }) => state.phase === "running").length;
  return workloads.length === 0 ? "" : `${running} of ${workloads.length} running`;
}
