/** The row of views below the masthead: links, so that each view has an address, and the browser's keys work. */
import type { TemplateResult } from "lit";
import type { ViewId } from "../state/views.ts";

import { html, nothing } from "lit";
import { addressOf, VIEW_IDS, VIEW_TITLES } from "../state/views.ts";

export function viewTabs(present: ViewId): TemplateResult {
  return html`<nav class="views" aria-label="Views">
    <ul>
      ${VIEW_IDS.map(
        (id) =>
          html`<li>
            <a href=${addressOf(id)} aria-current=${id === present ? "page" : nothing}
              >${VIEW_TITLES[id]}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}
