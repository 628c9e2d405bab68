/** `<inlay-browser-key>`: shows the public half of this browser's key, and hands the key to its form (`inlay-key`). */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { BrowserKey } from "../../core/credentials.ts";

import { html } from "lit";
import { messageOf } from "../../core/error.ts";
import { browserKey } from "../../index.ts";
import { LightElement } from "./light-element.ts";

export class BrowserKeyField extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    key: { state: true },
    trouble: { state: true },
  };

  declare key: BrowserKey | undefined;
  declare trouble: string;

  constructor() {
    super();
    this.trouble = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#open();
  }

  protected override render(): TemplateResult {
    if (this.trouble !== "") return html`<p class="problem" role="alert">${this.trouble}</p>`;
    const name = this.key?.publicKey ?? "";
    return html`<div class="browser-key">
        <code aria-label="Public key">${name}</code>
        <inlay-copy .text=${name} .what=${"public key"}></inlay-copy>
      </div>
      <p class="hint">
        The server’s configuration names it among its users:
        <code>{ nkey: "${name.slice(0, 4)}…" }</code>. The private half stays in this browser; no
        script can read it.
      </p>`;
  }

  /** Does not fail: what goes wrong is shown. */
  async #open(): Promise<void> {
    try {
      this.key = await browserKey();
      this.dispatchEvent(new CustomEvent("inlay-key", { detail: this.key }));
    } catch (thrown) {
      const text = messageOf(thrown);
      this.trouble = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
    }
  }
}
