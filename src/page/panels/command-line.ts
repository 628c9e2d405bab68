/** A command for the terminal that does the same as what stands beside it, to be copied. */
import type { TemplateResult } from "lit";

import { html } from "lit";

/** `what` names it for the button: “Copy the wash command”. */
export function commandLine(command: string, what: string): TemplateResult {
  return html`<p class="command">
    <code tabindex="0"><span class="dim" aria-hidden="true">$ </span>${command}</code>
    <inlay-copy .text=${command} .what=${what}></inlay-copy>
  </p>`;
}
