/** How the calls of a component or provider ended, as figures. */
import type { TemplateResult } from "lit";

import { html } from "lit";
import { count } from "../state/figures.ts";

export interface Outcomes {
  readonly answered: number;
  readonly failed: number;
  readonly refused: number;
}

export function outcomesList({ answered, failed, refused }: Outcomes): TemplateResult {
  return html`<dl>
    <div>
      <dt>answered</dt>
      <dd>${count(answered)}</dd>
    </div>
    <div class=${failed > 0 ? "bad" : ""}>
      <dt>failed</dt>
      <dd>${count(failed)}</dd>
    </div>
    <div class=${refused > 0 ? "wait" : ""}>
      <dt>refused</dt>
      <dd>${count(refused)}</dd>
    </div>
  </dl>`;
}
