/** A button that asks once more, in its own place, before it does what cannot be taken back. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";

import { html, nothing } from "lit";
import { LightElement } from "./light-element.ts";

export interface Confirm {
  /** On the button: “Remove”. */
  readonly word: string;
  /** What it is for those who hear it: “Remove the link of shop”. */
  readonly label: string;
  readonly question: string;
  /** Does not fail. */
  readonly act: () => Promise<void>;
}

/** `{ word: "Remove", … }` as a button, and then as a question with two. Escape is the same as “Keep”. */
export function confirmButton(confirm: Confirm): TemplateResult {
  return html`<inlay-confirm .confirm=${confirm}></inlay-confirm>`;
}

class ConfirmButton extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    confirm: { attribute: false },
    phase: { state: true },
  };

  declare confirm: Confirm;
  declare phase: "idle" | "asking" | "busy";

  constructor() {
    super();
    this.phase = "idle";
  }

  protected override render(): TemplateResult {
    const { word, label, question } = this.confirm;
    if (this.phase === "idle") {
      return html`<button type="button" class="quiet" aria-label=${label} @click=${this.#ask}>
        ${word}
      </button>`;
    }
    const busy = this.phase === "busy";
    return html`<span
      class="confirm"
      role="group"
      aria-label=${question}
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#keep()}
    >
      <span class="confirm-question">${question}</span>
      <button type="button" class="danger" ?disabled=${busy} @click=${() => void this.#act()}>
        ${word}
      </button>
      ${
        busy
          ? nothing
          : html`<button type="button" class="quiet" @click=${() => this.#keep()}>Keep</button>`
      }
    </span>`;
  }

  protected override updated(changed: PropertyValues): void {
    const before: unknown = changed.get("phase");
    if (this.phase === "asking") this.querySelector("button")?.focus();
    if (this.phase === "idle" && before === "asking") this.querySelector("button")?.focus();
  }

  readonly #ask = (): void => {
    this.phase = "asking";
  };

  #keep(): void {
    if (this.phase === "asking") this.phase = "idle";
  }

  /** Does not fail: whoever acts shows what went wrong. */
  async #act(): Promise<void> {
    this.phase = "busy";
    await this.confirm.act();
    this.phase = "idle";
  }
}

customElements.define("inlay-confirm", ConfirmButton);
