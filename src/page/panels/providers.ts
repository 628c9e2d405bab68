/** The providers of this tab: what each serves, how it is, how busy it is. Nothing where there are none. */
import type { TemplateResult } from "lit";
import type { ProviderView } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { count } from "../state/figures.ts";
import { healthWords, providerWord } from "../state/providers.ts";
import { outcomesList } from "./outcomes.ts";

export function providersPanel(
  providers: readonly ProviderView[],
): TemplateResult | typeof nothing {
  if (providers.length === 0) return nothing;
  return html`<section class="panel providers" aria-labelledby="providers-title">
    <header><h2 id="providers-title">Providers</h2></header>
    ${providers.map(providerCard)}
  </section>`;
}

function providerCard(provider: ProviderView): TemplateResult {
  const { id, state, image } = provider;
  const { word, look } = providerWord(provider);
  return html`<article class="component component-${look}" aria-label="Provider ${id}">
    <header>
      <h3>${id}</h3>
      <span class="pill"><span class="dot" aria-hidden="true"></span>${word}</span>
    </header>
    <p class="component-image"><code title=${image}>${image}</code></p>
    ${state.phase === "failed" ? html`<p class="trouble">${state.error}</p>` : nothing}
    ${state.phase === "running" ? load(provider) : nothing}
  </article>`;
}

function load(provider: ProviderView): TemplateResult {
  const { links, running } = provider;
  return html`<div class="load">
    <p>
      <span><b>${count(links)}</b> ${links === 1 ? "link" : "links"}</span>
      <span><b>${count(running)}</b> running</span>
      <span class=${provider.health?.healthy === false ? "wait" : ""}
        >${healthWords(provider.health)}</span
      >
    </p>
    ${outcomesList(provider)}
  </div>`;
}
