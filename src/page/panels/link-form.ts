/** Puts a link: who is meant, who answers, which interfaces; problems stand at the field that they are about. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { LatticeNode, Link, NodeState } from "../../index.ts";
import type { LinkField, LinkFields, LinkProblems } from "../state/link-form.ts";

import { html, nothing } from "lit";
import { asLatticeError } from "../../core/error.ts";
import {
  hasInterface,
  knownIds,
  linkRefused,
  NO_LINK,
  readLink,
  suggestedInterfaces,
  toggleInterface,
} from "../state/link-form.ts";
import { washLinkPut } from "../state/wash.ts";
import { commandLine } from "./command-line.ts";
import { LightElement } from "./light-element.ts";
import { textField } from "./text-field.ts";

const NO_PROBLEMS: LinkProblems = new Map();

export class LinkForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    state: { attribute: false },
    links: { attribute: false },
    configNames: { attribute: false },
    fields: { state: true },
    problems: { state: true },
    busy: { state: true },
    done: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare state: NodeState;
  declare links: readonly Link[];
  declare configNames: readonly string[];
  declare fields: LinkFields;
  declare problems: LinkProblems;
  declare busy: boolean;
  /** What was put last, in words. */
  declare done: string;

  constructor() {
    super();
    this.links = [];
    this.configNames = [];
    this.fields = NO_LINK;
    this.problems = NO_PROBLEMS;
    this.busy = false;
    this.done = "";
  }

  protected override render(): TemplateResult {
    const { fields, problems } = this;
    const ids = knownIds(this.state, this.links);
    const read = readLink(fields);
    const whole = problems.get("form");
    return html`<form
      class="keep-form"
      novalidate
      aria-labelledby="link-form-title"
      @submit=${this.#submit}
    >
      <h3 id="link-form-title">New link</h3>
      <div class="fields-2">
        ${this.#field("source", "Source", { among: ids, placeholder: "whose imports" })}
        ${this.#field("target", "Target", { among: ids, placeholder: "who answers" })}
      </div>
      <div>
        ${this.#field("interfaces", "Interfaces", { placeholder: "wasi:keyvalue/store, atomics" })}
        ${this.#suggestions()}
      </div>
      ${this.#field("name", "Link name", { placeholder: "default", optional: true })}
      <div class="fields-2">
        ${this.#field("sourceConfig", "Source config", {
          among: this.configNames,
          placeholder: "none",
        })}
        ${this.#field("targetConfig", "Target config", {
          among: this.configNames,
          placeholder: "none",
        })}
      </div>
      ${whole === undefined ? nothing : html`<p class="problem" role="alert">${whole}</p>`}
      <div class="form-end">
        <button class="primary" ?disabled=${this.busy || this.node === undefined}>
          ${this.busy ? "Putting" : "Put link"}
        </button>
        <output class="dim" aria-live="polite">${this.done}</output>
      </div>
      ${
        "link" in read
          ? commandLine(washLinkPut(read.link, this.state.lattice), "wash command")
          : nothing
      }
    </form>`;
  }

  #field(
    name: LinkField,
    label: string,
    more: {
      readonly among?: readonly string[];
      readonly placeholder?: string;
      readonly optional?: boolean;
    },
  ): TemplateResult {
    return textField({
      id: `link-${name}`,
      label,
      value: this.fields[name],
      problem: this.problems.get(name),
      ...more,
      onInput: (value) => this.#set(name, value),
    });
  }

  #suggestions(): TemplateResult | typeof nothing {
    const names = suggestedInterfaces(this.state, this.links, this.fields);
    if (names.length === 0) return nothing;
    const { interfaces } = this.fields;
    return html`<div class="chips" role="group" aria-label="Interfaces that these two have">
      ${names.map(
        (name) =>
          html`<button
            type="button"
            class="chip"
            aria-pressed=${hasInterface(interfaces, name) ? "true" : "false"}
            @click=${() => this.#set("interfaces", toggleInterface(interfaces, name))}
          >
            ${name}
          </button>`,
      )}
    </div>`;
  }

  #set(name: LinkField, value: string): void {
    this.fields = { ...this.fields, [name]: value };
    this.done = "";
    if (!this.problems.has(name) && !this.problems.has("form")) return;
    this.problems = new Map([...this.problems].filter(([at]) => at !== name && at !== "form"));
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#put();
  };

  /** Does not fail: what goes wrong is shown. */
  async #put(): Promise<void> {
    const read = readLink(this.fields);
    if ("problems" in read) return this.#tell(read.problems);
    const { link } = read;
    this.busy = true;
    this.problems = NO_PROBLEMS;
    try {
      await this.node?.lattice.putLink(link);
      this.done = `${link.source} is linked to ${link.target}.`;
      this.fields = NO_LINK;
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown);
      this.#tell(linkRefused(link, code, message));
    } finally {
      this.busy = false;
    }
  }

  #tell(problems: LinkProblems): void {
    this.problems = problems;
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
    );
  }
}
