/** `<inlay-qr>`: a text as a QR code, dark on light in either colour scheme, since cameras expect that. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";

import { html } from "lit";
import { LightElement } from "./light-element.ts";

interface Drawn {
  readonly path: string;
  /** In squares of the code. */
  readonly size: number;
}

/** Squares left white around the code (ISO/IEC 18004 asks for four). */
const QUIET = 4;

export class QrCode extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    text: { attribute: false },
    name: { attribute: false },
    drawn: { state: true },
    trouble: { state: true },
  };

  declare text: string;
  /** What a screen reader says in its place. */
  declare name: string;
  declare drawn: Drawn | undefined;
  declare trouble: string;

  constructor() {
    super();
    this.text = "";
    this.name = "";
    this.trouble = "";
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("text")) void this.#draw(this.text);
  }

  protected override render(): TemplateResult {
    if (this.trouble !== "") return html`<p class="hint">${this.trouble}</p>`;
    if (this.drawn === undefined) return html`<div class="qr" aria-hidden="true"></div>`;
    const { path, size } = this.drawn;
    const side = size + 2 * QUIET;
    return html`<div class="qr">
      <svg viewBox="${-QUIET} ${-QUIET} ${side} ${side}" role="img" aria-label=${this.name}>
        <path d=${path} shape-rendering="crispEdges" />
      </svg>
    </div>`;
  }

  /** Does not fail: a text that fits no code is told. */
  async #draw(text: string): Promise<void> {
    try {
      const [{ generate }, { toSvgPath }] = await Promise.all([
        import("lean-qr"),
        import("lean-qr/extras/svg"),
      ]);
      const code = generate(text);
      if (this.text !== text) return;
      this.drawn = { path: toSvgPath(code), size: code.size };
      this.trouble = "";
    } catch {
      if (this.text === text)
        this.trouble = "This link is too long for a QR code: copy it instead.";
    }
  }
}
