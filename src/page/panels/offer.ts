/** What a link asks this tab to do, before it does it. */
import type { TemplateResult } from "lit";
import type { OfferRow } from "../state/offer.ts";

import { html } from "lit";

export function offer(rows: readonly OfferRow[]): TemplateResult {
  return html`<div class="offer">
    <h1 id="join-title">Join this lattice?</h1>
    <p>
      A link brought you here. If you join, this tab becomes a host: it runs components that the
      lattice gives it, in a sandbox, for as long as it is open.
    </p>
    <dl class="rows">
      ${rows.map(
        ({ term, words, wait }) =>
          html`<div>
            <dt>${term}</dt>
            <dd class=${wait === true ? "wait" : ""}>${words}</dd>
          </div>`,
      )}
    </dl>
    <p class="dim">Nothing has happened yet. You can change each part in the form.</p>
  </div>`;
}
