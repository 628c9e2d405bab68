/** The view of links: who of the lattice is linked to whom, for which interfaces, by which configuration. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LatticeNode, Link } from "../../index.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { factsWords } from "../state/facts.ts";
import { LightElement } from "../panels/light-element.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-links .node=${node} .told=${factsWords(state)}></inlay-links>`;
}

class LinksView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    told: { attribute: false },
  };

  declare node: LatticeNode | undefined;
  /** What the lattice's store does, in words. */
  declare told: string;
  readonly #facts = new Watching(this, "facts");

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("node")) this.#facts.of(this.node);
  }

  protected override render(): TemplateResult {
    const { latest, trouble } = this.#facts;
    return html`<section class="panel links" aria-labelledby="links-title">
      <header>
        <h2 id="links-title">Links</h2>
        <span class="dim">${this.told}</span>
      </header>
      ${trouble === undefined ? nothing : html`<p class="trouble" role="alert">${trouble}</p>`}
      ${latest === undefined || latest.links.length === 0 ? empty() : table(latest.links)}
    </section>`;
  }
}

customElements.define("inlay-links", LinksView);

function empty(): TemplateResult {
  return html`<p class="empty">
    No links yet. A link says who answers the imports of a component: another component, or a
    provider.
  </p>`;
}

function table(links: readonly Link[]): TemplateResult {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Links">
    <table>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">Imports</th>
          <th scope="col">Target</th>
          <th scope="col">Name</th>
          <th scope="col">Configuration</th>
        </tr>
      </thead>
      <tbody>
        ${links.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row(link: Link): TemplateResult {
  const { source, target, name, namespace, interfaces, sourceConfig, targetConfig } = link;
  return html`<tr>
    <th scope="row">${source}</th>
    <td><code>${namespace}:${link.package}/${interfaces.join(", ")}</code></td>
    <td>${target}</td>
    <td>${name}</td>
    <td>
      ${sourceConfig.length === 0 ? nothing : html`<p>source ${sourceConfig.join(", ")}</p>`}
      ${targetConfig.length === 0 ? nothing : html`<p>target ${targetConfig.join(", ")}</p>`}
    </td>
  </tr>`;
}
