/** The view of what the lattice keeps: who is linked to whom, for which interfaces, by which configuration. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LatticeNode, Link, NodeState } from "../../index.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { asLatticeError } from "../../core/error.ts";
import { ConfigForm } from "../panels/config-form.ts";
import { ConfigList } from "../panels/config-list.ts";
import { confirmButton } from "../panels/confirm-button.ts";
import { LightElement } from "../panels/light-element.ts";
import { LinkForm } from "../panels/link-form.ts";
import { factsWords } from "../state/facts.ts";
import { storeRefused } from "../state/link-form.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-links .node=${node} .state=${state}></inlay-links>`;
}

class LinksView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    state: { attribute: false },
    trouble: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare state: NodeState;
  declare trouble: string;
  readonly #facts = new Watching(this, "facts");

  constructor() {
    super();
    this.trouble = "";
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("node")) this.#facts.of(this.node);
  }

  protected override render(): TemplateResult {
    const { node, state } = this;
    const { latest } = this.#facts;
    const links = latest?.links ?? [];
    const trouble = this.#facts.trouble ?? (this.trouble === "" ? undefined : this.trouble);
    return html`<section class="panel" aria-labelledby="links-title">
        <header>
          <h2 id="links-title">Links</h2>
          <span class="dim">${factsWords(state)}</span>
        </header>
        ${trouble === undefined ? nothing : html`<p class="trouble" role="alert">${trouble}</p>`}
        <div class="kept">
          <div class="kept-list">${links.length === 0 ? empty() : this.#table(links)}</div>
          <inlay-link-form
            .node=${node}
            .state=${state}
            .links=${links}
            .configNames=${latest?.configNames ?? []}
          ></inlay-link-form>
        </div>
      </section>
      <inlay-config
        .node=${node}
        .lattice=${state.lattice}
        .names=${latest?.configNames}
        .links=${links}
      ></inlay-config>`;
  }

  #table(links: readonly Link[]): TemplateResult {
    return html`<div class="links-table" role="table" aria-label="Links">
      <div class="links-head" role="row">
        ${["Source", "Target", "Interfaces", "Name", "Configuration", "Actions"].map(
          (title) =>
            html`<span role="columnheader" class=${title === "Actions" ? "unseen" : ""}
              >${title}</span
            >`,
        )}
      </div>
      ${repeat(links, keyOf, (link) => this.#row(link))}
    </div>`;
  }

  #row(link: Link): TemplateResult {
    const { source, target, name, namespace, interfaces, sourceConfig, targetConfig } = link;
    return html`<div class="links-row" role="row">
      <b role="rowheader">${source}</b>
      <span role="cell" class="links-target">${target}</span>
      <span role="cell"><code>${namespace}:${link.package}/${interfaces.join(", ")}</code></span>
      <span role="cell" class=${name === "default" ? "dim" : ""}>${name}</span>
      <span role="cell">
        ${configWords("source", sourceConfig)} ${configWords("target", targetConfig)}
      </span>
      <span role="cell" class="row-actions"
        >${confirmButton({
          word: "Remove",
          label: `Remove the link of ${source} to ${target}`,
          question: "Remove this link?",
          act: () => this.#remove(link),
        })}</span
      >
    </div>`;
  }

  /** Does not fail: what goes wrong is shown. */
  async #remove({ source, target, name, namespace, package: pack }: Link): Promise<void> {
    this.trouble = "";
    try {
      const key = { source, name, namespace, package: pack };
      if ((await this.node?.lattice.removeLink(key)) === false) {
        this.trouble = `The link of ${source} to ${target} was gone already.`;
      }
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown);
      this.trouble = `The link of ${source} to ${target} is still there. ${storeRefused(code, message)}`;
    }
  }
}

customElements.define("inlay-links", LinksView);
customElements.define("inlay-link-form", LinkForm);
customElements.define("inlay-config", ConfigList);
customElements.define("inlay-config-form", ConfigForm);

function keyOf({ source, target, name, namespace, package: pack }: Link): string {
  return [source, name, namespace, pack, target].join(" ");
}

function configWords(
  end: "source" | "target",
  names: readonly string[],
): TemplateResult | typeof nothing {
  if (names.length === 0) return nothing;
  return html`<span class="links-config"
    ><span class="dim">${end}</span> ${names.join(", ")}</span
  >`;
}

function empty(): TemplateResult {
  return html`<p class="empty">
    No links yet. A link says who answers the imports of a component: another component, or a
    provider.
  </p>`;
}
