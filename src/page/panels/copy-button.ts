/** A button that copies a text and says that it did. */
import type { PropertyDeclarations, TemplateResult } from "lit";

import { html, nothing } from "lit";
import { LightElement } from "./light-element.ts";

const SHOWN_MS = 1600;

export class CopyButton extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    text: { attribute: false },
    what: { attribute: false },
    copied: { state: true },
  };

  declare text: string;
  /** Names the button: “Copy host id”. */
  declare what: string;
  declare copied: boolean;

  constructor() {
    super();
    this.text = "";
    this.what = "";
    this.copied = false;
  }

  protected override render(): TemplateResult | typeof nothing {
    // Without a secure context there is no clipboard; the text itself can still be selected.
    if (!("clipboard" in navigator)) return nothing;
    return html`<button
      type="button"
      class="quiet copy"
      aria-label="Copy ${this.what}"
      @click=${() => void this.#copy()}
    >
      <span class="copy-word" aria-live="polite">${this.copied ? "Copied" : "Copy"}</span>
    </button>`;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      return; // the browser said no; the text can still be selected
    }
    this.copied = true;
    setTimeout(() => {
      this.copied = false;
    }, SHOWN_MS);
  }
}
