/** Asks where to join. Says what each field is for, and what is wrong with it, beside the field. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { PageActions } from "../session.ts";
import type { BrowserKey } from "../../core/credentials.ts";
import type { FormReading, JoinFieldName, JoinFields } from "../state/join-form.ts";
import type { FieldWords } from "./join-fields.ts";
import type { NodeOptions } from "../../core/node-options.ts";

import { html, nothing } from "lit";
import { fieldsOf, readJoinForm, readSoloForm } from "../state/join-form.ts";
import {
  CREDENTIAL_FIELDS,
  DIALECTS,
  KINDS,
  REGISTRY_FIELDS,
  V0_FIELDS,
  V2_FIELDS,
} from "./join-fields.ts";
import { LightElement } from "./light-element.ts";

export class JoinForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    base: { attribute: false },
    fields: { attribute: false },
    actions: { attribute: false },
    problems: { state: true },
    typed: { state: true },
    key: { state: true },
  };

  /** Options from the address that the form does not show. */
  declare base: NodeOptions;
  /** What the form opens with. */
  declare fields: JoinFields;
  /** What a person made of it. Apart from `fields`, which are given anew with each picture of the page. */
  declare typed: JoinFields | undefined;
  /** That of this browser, once somebody has chosen it. */
  declare key: BrowserKey | undefined;
  declare actions: PageActions | undefined;
  declare problems: ReadonlyMap<JoinFieldName, string>;

  constructor() {
    super();
    this.base = { servers: [] };
    this.fields = fieldsOf(this.base);
    this.problems = new Map();
    this.typed = undefined;
  }

  get #now(): JoinFields {
    return this.typed ?? this.fields;
  }

  protected override render(): TemplateResult {
    const { kind } = this.#now;
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
        ${this.#choice("kind", KINDS)}
        <div class=${kind === "password" ? "join-pair" : ""}>
          ${CREDENTIAL_FIELDS[kind].map((field) => this.#field(field))}
        </div>
        ${kind === "key" ? this.#browserKey() : nothing}
        ${
          kind === "none" || kind === "key"
            ? nothing
            : html`<p class="hint">They stay in this tab’s worker and are gone when it closes.</p>`
        }
      </fieldset>
      <details class="registries">
        <summary>Registries</summary>
        <p class="hint">For images of an OCI registry that wants to know who asks.</p>
        ${REGISTRY_FIELDS.map((field) => this.#field(field))}
        <p class="hint">They stay in this tab’s worker and are gone when it closes.</p>
      </details>
      ${this.#dialects()} ${this.#carried()}
      <div class="join-buttons">
        <button class="primary big">Join</button>
        <button type="button" class="big" @click=${this.#startAlone}>Start without a server</button>
      </div>
      <p class="hint">
        Without one, the tabs of this browser are a lattice by themselves, also offline; you can
        connect to NATS later.
      </p>
    </form>`;
  }

  #browserKey(): TemplateResult {
    const problem = this.problems.get("kind");
    return html`<inlay-browser-key
        @inlay-key=${(event: CustomEvent<BrowserKey>) => {
          this.key = event.detail;
        }}
      ></inlay-browser-key>
      ${problem === undefined ? nothing : html`<p class="problem" role="alert">${problem}</p>`}`;
  }

  #choice(
    name: "kind" | "dialects",
    options: readonly { readonly kind: string; readonly words: string }[],
  ): TemplateResult {
    return html`<div class="choice">
      ${options.map(
        ({ kind, words }) =>
          html`<label
            ><input
              type="radio"
              name=${name}
              value=${kind}
              .checked=${kind === this.#now[name]}
              @change=${() => this.#set(name, kind)}
            /><span>${words}</span></label
          >`,
      )}
    </div>`;
  }

  #dialects(): TemplateResult {
    const { dialects } = this.#now;
    return html`<details class="dialects" ?open=${this.fields.dialects !== "v1"}>
      <summary>wasmCloud 0.82 and v2</summary>
      <p class="hint">
        For lattices of hosts from before wasmCloud 1.0, whose calls are signed; and for operators
        of v2, who give workloads to this tab.
      </p>
      <fieldset>
        <legend>Speaks</legend>
        ${this.#choice("dialects", DIALECTS)}
      </fieldset>
      ${
        dialects.includes("v0")
          ? html`${V0_FIELDS.map((field) => this.#field(field))}
              ${this.#check("allowUnsigned", "Start actors that nobody has signed")}
              ${this.#check("watch", "Tell of forged calls in the whole lattice")}
              <p class="hint">The seed stays in this tab’s worker and is gone when it closes.</p>`
          : nothing
      }
      ${
        dialects.includes("v2")
          ? html`${V2_FIELDS.map((field) => this.#field(field))}
              <p class="hint">
                Registry passwords and other secrets of workloads come with them: let operators
                reach only tabs that may have those.
              </p>`
          : nothing
      }
    </details>`;
  }

  #check(name: "allowUnsigned" | "watch", words: string): TemplateResult {
    const change = (event: Event): void => {
      const { target } = event;
      if (target instanceof HTMLInputElement) this.#set(name, target.checked ? "yes" : "");
    };
    return html`<label class="check"
      ><input
        type="checkbox"
        id="join-${name}"
        .checked=${this.#now[name] === "yes"}
        @change=${change}
      /><span>${words}</span></label
    >`;
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
              .value=${this.#now[name]}
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
              .value=${this.#now[name]}
              @input=${input}
            />`
      }
      ${problem === undefined ? nothing : html`<p class="problem" id="${id}-problem">${problem}</p>`}
      ${hint === undefined ? nothing : html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>`;
  }

  #set(name: JoinFieldName, text: string): void {
    this.typed = { ...this.#now, [name]: text };
  }

  #carried(): TemplateResult | typeof nothing {
    const ids = this.actions?.carried() ?? [];
    if (ids.length === 0) return nothing;
    return html`<p class="hint">
      <b>${ids.join(", ")}</b> ${ids.length === 1 ? "comes" : "come"} along.
    </p>`;
  }

  readonly #startAlone = (): void => this.#take(readSoloForm(this.#now, this.base));

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    this.#take(readJoinForm(this.#now, this.base, this.key));
  };

  #take(reading: FormReading): void {
    if ("request" in reading) {
      this.problems = new Map();
      this.actions?.join(reading.request);
      return;
    }
    this.problems = reading.problems;
    void this.updateComplete.then(() => this.#showProblem());
  }

  /** The first field with a problem gets the focus, once its message is in the page; what is folded away can have none. */
  #showProblem(): void {
    const first = this.querySelector<HTMLElement>('[aria-invalid="true"]');
    const folded = first?.closest("details");
    if (folded) folded.open = true;
    first?.focus();
  }
}
