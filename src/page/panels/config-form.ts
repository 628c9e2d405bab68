/** Puts named configuration: a name, and rows of keys and values. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { LatticeNode } from "../../index.ts";
import type { ConfigFields, ConfigProblems, ConfigRow } from "../state/config-form.ts";

import { html, nothing } from "lit";
import { asLatticeError } from "../../core/error.ts";
import { NO_CONFIG, readConfigForm } from "../state/config-form.ts";
import { storeRefused } from "../state/link-form.ts";
import { washConfigPut } from "../state/wash.ts";
import { commandLine } from "./command-line.ts";
import { LightElement } from "./light-element.ts";
import { textField } from "./text-field.ts";

const NO_PROBLEMS: ConfigProblems = new Map();

export class ConfigForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    lattice: { attribute: false },
    names: { attribute: false },
    fields: { state: true },
    problems: { state: true },
    busy: { state: true },
    done: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare lattice: string;
  /** Those that the lattice keeps. */
  declare names: readonly string[];
  declare fields: ConfigFields;
  declare problems: ConfigProblems;
  declare busy: boolean;
  /** What was put last, in words. */
  declare done: string;

  constructor() {
    super();
    this.lattice = "default";
    this.names = [];
    this.fields = NO_CONFIG;
    this.problems = NO_PROBLEMS;
    this.busy = false;
    this.done = "";
  }

  /** Fills the form with what is to be changed. */
  edit(name: string, values: Readonly<Record<string, string>>): void {
    const rows = Object.entries(values).map(([key, value]) => ({ key, value }));
    this.fields = { name, rows: rows.length === 0 ? NO_CONFIG.rows : rows };
    this.problems = NO_PROBLEMS;
    this.done = "";
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>("#config-value-0")?.focus(),
    );
  }

  protected override render(): TemplateResult {
    const { fields, problems } = this;
    const read = readConfigForm(fields);
    const whole = problems.get("form");
    const known = this.names.includes(fields.name.trim());
    return html`<form
      class="keep-form"
      novalidate
      aria-labelledby="config-form-title"
      @submit=${this.#submit}
    >
      <h3 id="config-form-title">${known ? "Change configuration" : "New configuration"}</h3>
      ${textField({
        id: "config-name",
        label: "Name",
        value: fields.name,
        placeholder: "orders-bucket",
        problem: problems.get("name"),
        hint: known ? "There is one of this name: all of it is replaced." : undefined,
        onInput: (name) => this.#change({ ...fields, name }),
      })}
      <fieldset>
        <legend>Keys and values</legend>
        ${fields.rows.map((row, index) => this.#row(row, index))}
        <button
          type="button"
          class="quiet add"
          @click=${() => this.#resize([...fields.rows, { key: "", value: "" }])}
        >
          Add a key
        </button>
      </fieldset>
      ${whole === undefined ? nothing : html`<p class="problem" role="alert">${whole}</p>`}
      <div class="form-end">
        <button class="primary" ?disabled=${this.busy || this.node === undefined}>
          ${this.busy ? "Putting" : known ? "Replace configuration" : "Put configuration"}
        </button>
        <output class="dim" aria-live="polite">${this.done}</output>
      </div>
      ${
        "values" in read && Object.keys(read.values).length > 0
          ? commandLine(washConfigPut(read.name, read.values, this.lattice), "wash command")
          : nothing
      }
    </form>`;
  }

  #row({ key, value }: ConfigRow, index: number): TemplateResult {
    const problem = this.problems.get(index);
    const words = (change: Partial<ConfigRow>): void => {
      const rows = this.fields.rows.map((row, at) => (at === index ? { ...row, ...change } : row));
      this.#change({ ...this.fields, rows });
    };
    const input = (name: "key" | "value", now: string): TemplateResult =>
      html`<input
        id="config-${name}-${index}"
        aria-label="${name === "key" ? "Key" : "Value"} ${index + 1}"
        aria-invalid=${problem === undefined ? nothing : "true"}
        placeholder=${name}
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        .value=${now}
        @input=${(event: InputEvent) => {
          if (event.target instanceof HTMLInputElement) words({ [name]: event.target.value });
        }}
      />`;
    return html`<div class="config-row">
      ${input("key", key)} ${input("value", value)}
      <button
        type="button"
        class="quiet"
        aria-label="Remove key ${index + 1}"
        ?disabled=${this.fields.rows.length === 1}
        @click=${() => this.#resize(this.fields.rows.filter((_, at) => at !== index))}
      >
        Remove
      </button>
      ${problem === undefined ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
    </div>`;
  }

  /** Other rows: the cursor goes to the key of the last one. */
  #resize(rows: readonly ConfigRow[]): void {
    this.#change({ ...this.fields, rows });
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(`#config-key-${rows.length - 1}`)?.focus(),
    );
  }

  #change(fields: ConfigFields): void {
    this.fields = fields;
    this.problems = NO_PROBLEMS;
    this.done = "";
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#put();
  };

  /** Does not fail: what goes wrong is shown. */
  async #put(): Promise<void> {
    const read = readConfigForm(this.fields);
    if ("problems" in read) {
      this.problems = read.problems;
      await this.updateComplete;
      this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    this.busy = true;
    this.problems = NO_PROBLEMS;
    try {
      await this.node?.lattice.putConfig(read.name, read.values);
      this.fields = NO_CONFIG;
      this.done = `${read.name} is kept.`;
      this.dispatchEvent(new CustomEvent("inlay-config-put", { detail: read.name }));
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown);
      this.problems = new Map([["form", storeRefused(code, message)]]);
    } finally {
      this.busy = false;
    }
  }
}
