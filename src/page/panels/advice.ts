/** What to do about a node that failed. */
import type { TemplateResult } from "lit";
import type { NodeState } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { adviceFor } from "../state/advice.ts";

export function advicePanel({ phase, error }: NodeState): TemplateResult | typeof nothing {
  if (phase !== "failed" || error === undefined) return nothing;
  return html`<section class="panel advice" aria-labelledby="advice-title">
    <h2 id="advice-title">What to do next</h2>
    <ul>
      ${adviceFor(error.code).steps.map((step) => html`<li>${step}</li>`)}
    </ul>
    <p class="dim">Error code <code>${error.code}</code></p>
  </section>`;
}
