/** `<inlay-invite>`: a link that asks another tab to join the same lattice, and its QR code. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { Credentials } from "../../core/credentials.ts";
import type { NodeOptions } from "../../core/node-options.ts";

import { html, nothing } from "lit";
import { messageOf } from "../../core/error.ts";
import { readLabels } from "../state/attributes.ts";
import { credentialWords, expiryWords } from "../state/credential-words.ts";
import { pastedCredential, reachWords } from "../state/invite.ts";
import { joinLink } from "../state/join-link.ts";
import { LightElement } from "./light-element.ts";

export class InvitePanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    asked: { attribute: false },
    open: { state: true },
    labels: { state: true },
    pasted: { state: true },
  };

  /** As this page asked to join; absent where it did not. */
  declare asked: NodeOptions | undefined;
  declare open: boolean;
  /** For the tabs that follow the link; as text. */
  declare labels: string | undefined;
  declare pasted: string;

  constructor() {
    super();
    this.asked = undefined;
    this.open = false;
    this.labels = undefined;
    this.pasted = "";
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.asked === undefined) return nothing;
    return html`<details class="panel folded invite" @toggle=${this.#toggled}>
      <summary>
        <h2>Invite another tab</h2>
        <span class="dim">a link and its QR code</span>
      </summary>
      ${this.open ? this.#body(this.asked) : nothing}
    </details>`;
  }

  #body(asked: NodeOptions): TemplateResult {
    const { name: _, operator: __, labels: own = {}, ...shared } = asked;
    const text =
      this.labels ??
      Object.entries(own)
        .map((pair) => pair.join("="))
        .join(", ");
    const labels = attempt(() => readLabels(text));
    const credential = attempt(() => pastedCredential(this.pasted));
    const invitation = { ...shared, labels: "value" in labels ? labels.value : {} };
    const page = `${location.origin}${location.pathname}`;
    const link = joinLink(page, invitation, "value" in credential ? credential.value : undefined);
    return html`<div class="invite-body">
      <div class="invite-fields">
        <div class="field">
          <label for="invite-link">Link</label>
          <div class="invite-link">
            <input id="invite-link" readonly .value=${link} @focus=${selectAll} />
            <inlay-copy .text=${link} .what=${"link"}></inlay-copy>
          </div>
          <p class="hint">${reachWords(asked.servers)}</p>
        </div>
        <div class="field">
          <label for="invite-labels">Labels of the tabs that follow it</label>
          <input
            id="invite-labels"
            autocomplete="off"
            spellcheck="false"
            placeholder="zone=edge"
            .value=${text}
            aria-invalid=${"trouble" in labels}
            @input=${(event: InputEvent) => {
              this.labels = valueOf(event);
            }}
          />
          ${"trouble" in labels ? html`<p class="problem">${labels.trouble}</p>` : nothing}
        </div>
        <div class="field">
          <label for="invite-credential"
            >Credential to hand over <span class="dim">optional</span></label
          >
          <textarea
            id="invite-credential"
            rows="3"
            autocomplete="off"
            spellcheck="false"
            placeholder="A token, a seed (SU…) or the text of a .creds file that ends soon"
            .value=${this.pasted}
            aria-invalid=${"trouble" in credential}
            @input=${(event: InputEvent) => {
              this.pasted = valueOf(event);
            }}
          ></textarea>
          ${
            "trouble" in credential
              ? html`<p class="problem">${credential.trouble}</p>`
              : credentialHint(credential.value)
          }
        </div>
      </div>
      <inlay-qr .text=${link} .name=${"QR code of the link"}></inlay-qr>
    </div>`;
  }

  readonly #toggled = (event: Event): void => {
    if (event.target instanceof HTMLDetailsElement) this.open = event.target.open;
  };
}

function credentialHint(credential: Credentials | undefined): TemplateResult {
  if (credential === undefined) {
    return html`<p class="hint">
      Without one, whoever follows the link is asked. This tab’s own is never in it.
    </p>`;
  }
  const { what, expires } = credentialWords(credential);
  const lasting = expires === undefined;
  return html`<p class="hint ${lasting ? "wait" : ""}">
    The link holds ${what}, which ${expiryWords(expires, Date.now())}. Whoever sees the link or its
    code can use it${lasting ? ": give one that ends soon" : ""}.
  </p>`;
}

function attempt<T>(read: () => T): { readonly value: T } | { readonly trouble: string } {
  try {
    return { value: read() };
  } catch (thrown) {
    return { trouble: messageOf(thrown) };
  }
}

function valueOf({ target }: InputEvent): string {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
    ? target.value
    : "";
}

function selectAll({ target }: FocusEvent): void {
  if (target instanceof HTMLInputElement) target.select();
}
