/** `<inlay-view>`: the place of a view that is loaded when it is opened; says so while it comes, and when it does not. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { ViewId } from "../state/views.ts";
import type { ViewContext, ViewModule } from "../views/view.ts";

import { html } from "lit";
import { messageOf } from "../../core/error.ts";
import { VIEW_TITLES } from "../state/views.ts";
import { VIEW_MODULES } from "../views/view.ts";
import { LightElement } from "./light-element.ts";

export class ViewSlot extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    name: { attribute: false },
    context: { attribute: false },
    trouble: { state: true },
  };

  declare name: Exclude<ViewId, "tab">;
  declare context: ViewContext;
  /** Why the view did not come. */
  declare trouble: string | undefined;
  readonly #loaded = new Map<ViewId, ViewModule>();

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("name")) {
      this.trouble = undefined;
      if (!this.#loaded.has(this.name)) void this.#load(this.name);
    }
  }

  protected override render(): TemplateResult {
    const loaded = this.#loaded.get(this.name);
    const title = VIEW_TITLES[this.name];
    // What the first view's face is for the eye: the place in the page, for those who go by headings.
    return html`<h1 class="unseen">${title}</h1>
      ${loaded === undefined ? this.#waiting(title) : loaded.view(this.context)}`;
  }

  #waiting(title: string): TemplateResult {
    return html`<section class="panel view-wait" aria-label=${title}>
      ${
        this.trouble === undefined
          ? html`<p class="empty" role="status">${title} is being loaded.</p>`
          : html`<p class="trouble" role="alert">${title} could not be loaded. ${this.trouble}</p>
              <button type="button" @click=${() => void this.#load(this.name)}>Try again</button>`
      }
    </section>`;
  }

  /** Does not fail: what goes wrong is shown. */
  async #load(name: Exclude<ViewId, "tab">): Promise<void> {
    this.trouble = undefined;
    try {
      this.#loaded.set(name, await VIEW_MODULES[name]());
      this.requestUpdate();
    } catch (thrown) {
      if (this.name === name) this.trouble = messageOf(thrown);
    }
  }
}
