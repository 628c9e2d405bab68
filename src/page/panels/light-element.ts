/** The base of the page's panels: they render into the document itself, so that one style sheet serves all. */
import { LitElement } from "lit";

export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
