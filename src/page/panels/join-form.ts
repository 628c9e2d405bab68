/** Asks where to join. Says what each field is for, and what is wrong with it, beside the field. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { PageActions } from "../session.ts";
import type { CredentialsKind, JoinFieldName, JoinFields } from "../state/join-form.ts";
import type { NodeOptions } from "../../core/node-options.ts";

import { html, nothing } from "lit";
import { fieldsOf, readJoinForm } from "../state/join-form.ts";
import { LightElement } from "./light-element.ts";

interface FieldWords {
  readonly name: JoinFieldName;
  readonly label: string;
  readonly hint?: string;
  readonly placeholder?: string;
  readonly kind?: "password" | "long";
}

const KINDS: readonly { readonly kind: CredentialsKind; readonly words: string }[] = [
  { kind: "none", words: "None" },
  { kind: "token", words: "Token" },
  { kind: "password", words: "Password" },
  { kind: "nkey", words: "Nkey seed" },
  { kind: "creds", words: "Creds file" },
];

const CREDENTIAL_FIELDS: Readonly<Record<CredentialsKind, readonly FieldWords[]>> = {
  none: [],
  token: [{ name: "token", label: "Token", kind: "password" }],
  password: [
    { name: "user", label: "User" },
    { name: "pass", label: "Password", kind: "password" },
  ],
  nkey: [{ name: "nkeySeed", label: "Seed", placeholder: "SU…", kind: "password" }],
  creds: [
    {
      name: "creds",
      label: "Text of the .creds file",
      placeholder: "-----BEGIN NATS USER JWT-----",
      kind: "long",
    },
  ],
};

export class JoinForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    base: { attribute: false },
    fields: { attribute: false },
    actions: { attribute: false },
    problems: { state: true },
  };

  /** Options from the address that the form does not show. */
  declare base: NodeOptions;
  declare fields: JoinFields;
  declare actions: PageActions | undefined;
  declare problems: ReadonlyMap<JoinFieldName, string>;

  constructor() {
    super();
    this.base = { servers: [] };
    this.fields = fieldsOf(this.base);
    this.problems = new Map();
  }

  protected override render(): TemplateResult {
    const { kind } = this.fields;
    return html`<form class="join" novalidate @submit=${this.#submit} aria-labelledby="join-title">
      ${this.#field({
        name: "servers",
        label: "Server",
        hint: "WebSocket address of a NATS server; separate several with spaces",
        placeholder: "wss://lattice.example:4223",
      })}
      <div class="join-pair">
        ${this.#field({ name: "lattice", label: "Lattice" })}
        ${this.#field({ name: "name", label: "Name of this host", placeholder: "made up if empty" })}
      </div>
      ${this.#field({
        name: "labels",
        label: "Labels",
        hint: "The lattice can place components by them",
        placeholder: "zone=edge, rack=7",
      })}
      <fieldset>
        <legend>Credentials</legend>
        <div class="choice">
          ${KINDS.map(
            (option) =>
              html`<label
                ><input
                  type="radio"
                  name="kind"
                  value=${option.kind}
                  .checked=${option.kind === kind}
                  @change=${() => this.#set("kind", option.kind)}
                /><span>${option.words}</span></label
              >`,
          )}
        </div>
        <div class=${kind === "password" ? "join-pair" : ""}>
          ${CREDENTIAL_FIELDS[kind].map((field) => this.#field(field))}
        </div>
        ${
          kind === "none"
            ? nothing
            : html`<p class="hint">They stay in this tab’s worker and are gone when it closes.</p>`
        }
      </fieldset>
      <button class="primary big">Join</button>
    </form>`;
  }

  #field({ name, label, hint, placeholder = "", kind }: FieldWords): TemplateResult {
    const id = `join-${name}`;
    const problem = this.problems.get(name);
    const described = `${problem === undefined ? "" : `${id}-problem `}${hint === undefined ? "" : `${id}-hint`}`;
    const invalid = problem === undefined ? "false" : "true";
    const input = (event: Event): void => {
      const { target } = event;
      if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) {
        this.#set(name, target.value);
      }
    };
    return html`<div class="field">
      <label for=${id}>${label}</label>
      ${
        kind === "long"
          ? html`<textarea
              id=${id}
              rows="6"
              spellcheck="false"
              autocomplete="off"
              placeholder=${placeholder}
              aria-invalid=${invalid}
              aria-describedby=${described.trim() || nothing}
              .value=${this.fields[name]}
              @input=${input}
            ></textarea>`
          : html`<input
              id=${id}
              type=${kind ?? "text"}
              spellcheck="false"
              autocapitalize="off"
              autocomplete="off"
              placeholder=${placeholder}
              aria-invalid=${invalid}
              aria-describedby=${described.trim() || nothing}
              .value=${this.fields[name]}
              @input=${input}
            />`
      }
      ${problem === undefined ? nothing : html`<p class="problem" id="${id}-problem">${problem}</p>`}
      ${hint === undefined ? nothing : html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>`;
  }

  #set(name: JoinFieldName, text: string): void {
    this.fields = { ...this.fields, [name]: text };
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const reading = readJoinForm(this.fields, this.base);
    if ("request" in reading) {
      this.problems = new Map();
      this.actions?.join(reading.request);
      return;
    }
    this.problems = reading.problems;
    // The first field with a problem gets the focus, once its message is in the page.
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
    );
  };
}
