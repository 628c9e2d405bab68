/** A line to call one exported function with typed arguments, through the lattice like any other caller. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { ExportedFunction } from "../../core/node-state.ts";
import type { SimpleParam } from "../state/signature.ts";
import type { PageActions } from "../session.ts";

import { html, nothing } from "lit";
import { sentenceOf } from "../session.ts";
import { duration } from "../state/figures.ts";
import { readArgument, showValue } from "../state/signature.ts";
import { LightElement } from "./light-element.ts";

type Outcome =
  | { readonly phase: "idle" }
  | { readonly phase: "calling" }
  | { readonly phase: "answered"; readonly value: string; readonly tookMs: number }
  | { readonly phase: "failed"; readonly sentence: string };

export class TryCall extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    target: { attribute: false },
    func: { attribute: false },
    params: { attribute: false },
    actions: { attribute: false },
    outcome: { state: true },
  };

  declare target: string;
  declare func: ExportedFunction | undefined;
  declare params: readonly SimpleParam[];
  declare actions: PageActions | undefined;
  declare outcome: Outcome;

  constructor() {
    super();
    this.target = "";
    this.params = [];
    this.outcome = { phase: "idle" };
  }

  protected override render(): TemplateResult {
    return html`<form class="try" @submit=${this.#submit}>
      ${this.params.map(
        (param) =>
          html`<label>
            <span><code>${param.name}</code> <span class="dim">${param.wit}</span></span>
            ${
              param.type === "bool"
                ? html`<select name=${param.name}>
                    <option>true</option>
                    <option>false</option>
                  </select>`
                : html`<input
                    name=${param.name}
                    autocomplete="off"
                    spellcheck="false"
                    inputmode=${param.type === "string" || param.type === "char" ? "text" : "decimal"}
                  />`
            }
          </label>`,
      )}
      <button ?disabled=${this.outcome.phase === "calling"}>Call</button>
      <output aria-live="polite">${this.#outcome()}</output>
    </form>`;
  }

  #outcome(): TemplateResult | typeof nothing {
    switch (this.outcome.phase) {
      case "idle":
        return nothing;
      case "calling":
        return html`<span class="dim">Calling…</span>`;
      case "answered":
        return html`<code>${this.outcome.value}</code>
          <span class="dim figure">${duration(this.outcome.tookMs)}</span>`;
      case "failed":
        return html`<span class="trouble">${this.outcome.sentence}</span>`;
    }
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (event.target instanceof HTMLFormElement) void this.#call(new FormData(event.target));
  };

  /** Never rejects: a failure is shown. */
  async #call(given: FormData): Promise<void> {
    const { func, actions, target } = this;
    if (func === undefined || actions === undefined) return;
    const args: unknown[] = [];
    for (const param of this.params) {
      const text = given.get(param.name);
      const value = readArgument(param, typeof text === "string" ? text : "");
      if (value === undefined) {
        this.outcome = {
          phase: "failed",
          sentence: `${param.name} must be a value of type ${param.wit}.`,
        };
        return;
      }
      args.push(value);
    }
    this.outcome = { phase: "calling" };
    const began = performance.now();
    try {
      const value = await actions.call({ target, instance: func.instance, func: func.func, args });
      const tookMs = performance.now() - began;
      this.outcome = {
        phase: "answered",
        value: value === undefined ? "done" : showValue(value),
        tookMs,
      };
    } catch (thrown) {
      this.outcome = { phase: "failed", sentence: sentenceOf(thrown) };
    }
  }
}
