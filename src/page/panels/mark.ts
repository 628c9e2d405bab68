/**
 * The mark: a tab, dovetailed into a lattice of four tiles. Its position and colour follow the state: lifted while
 * the node is outside, seated once it has joined.
 */
import type { TemplateResult } from "lit";

import { html } from "lit";

/** Decoration: the state stands beside it in words. */
export function mark(className: string): TemplateResult {
  return html`<svg class="mark ${className}" viewBox="0 0 32 32" aria-hidden="true">
    <g class="mark-lattice">
      <path d="M6 2h4.6L7.6 18H2V6a4 4 0 0 1 4-4z" />
      <path d="M26 2h-4.6l3 16H30V6a4 4 0 0 0-4-4z" />
      <path d="M2 19.6h13.2V30H6a4 4 0 0 1-4-4z" />
      <path d="M30 19.6H16.800V30H26a4 4 0 0 0 4-4z" />
    </g>
    <path class="mark-tab" d="M12.2 2h7.6l3 16H9.2z" />
  </svg>`;
}
