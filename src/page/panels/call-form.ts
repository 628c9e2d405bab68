/** Calls one function with values from a form that its types make; shows the result, the time, and the same call as commands. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { FuncType } from "../../core/wit.ts";
import type { LatticeNode, NodeState, Via } from "../../index.ts";
import type { Draft } from "../state/value-draft.ts";
import type { DraftProblems } from "../state/value-text.ts";

import { html, nothing } from "lit";
import { sentenceOf } from "../session.ts";
import { npmCall, washCall } from "../state/call-commands.ts";
import { count, duration } from "../state/figures.ts";
import { emptyDraft, replaceAt } from "../state/value-draft.ts";
import { textOf } from "../state/value-text.ts";
import { witText } from "../state/wit-words.ts";
import { commandLine } from "./command-line.ts";
import { LightElement } from "./light-element.ts";
import { valueField } from "./value-field.ts";

type Outcome =
  | { readonly phase: "idle" | "calling" }
  | {
      readonly phase: "answered";
      readonly text: string | undefined;
      readonly length: number;
      readonly tookMs: number;
    }
  | { readonly phase: "failed"; readonly sentence: string };

const WAYS: readonly { readonly via: Via | "any"; readonly words: string }[] = [
  { via: "any", words: "As components do" },
  { via: "here", words: "In this tab" },
  { via: "lattice", words: "Through the lattice" },
];

/** More of a result is folded. */
const SHOWN_CHARACTERS = 1200;

const NO_PROBLEMS: DraftProblems = new Map();

export class CallForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    state: { attribute: false },
    target: { attribute: false },
    instance: { attribute: false },
    func: { attribute: false },
    type: { attribute: false },
    drafts: { state: true },
    byHand: { state: true },
    problems: { state: true },
    via: { state: true },
    outcome: { state: true },
    whole: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare state: NodeState;
  declare target: string;
  declare instance: string;
  declare func: string;
  declare type: FuncType;
  declare drafts: readonly Draft[];
  /** The values are written as WAVE. */
  declare byHand: boolean;
  /** By parameter. */
  declare problems: readonly DraftProblems[];
  declare via: Via | "any";
  declare outcome: Outcome;
  /** A long result is shown to its end. */
  declare whole: boolean;
  #calling: AbortController | undefined;

  constructor() {
    super();
    this.drafts = [];
    this.byHand = false;
    this.problems = [];
    this.via = "any";
    this.outcome = { phase: "idle" };
    this.whole = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#calling?.abort();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("type")) return;
    this.drafts = this.type.params.map(({ type }) => emptyDraft(type));
    this.problems = [];
    this.byHand = false;
    this.outcome = { phase: "idle" };
  }

  protected override render(): TemplateResult {
    const { params } = this.type;
    const calling = this.outcome.phase === "calling";
    return html`<form
      class="call-form"
      novalidate
      aria-label="Call ${this.func}"
      @submit=${this.#submit}
    >
      ${params.map(({ name, type }, at) => {
        const draft = this.drafts[at];
        if (draft === undefined) return nothing;
        return valueField({
          id: `${this.#id()}-${at}`,
          label: name,
          type,
          draft,
          path: [],
          problems: this.problems[at] ?? NO_PROBLEMS,
          change: (path, next) => this.#set(at, replaceAt(draft, path, next)),
        });
      })}
      <div class="form-end">
        <button class="primary" ?disabled=${calling || this.node === undefined}>
          ${calling ? "Calling" : "Call"}
        </button>
        <label class="call-way"
          ><span class="unseen">Where it is called</span>
          <select
            @change=${(event: Event) => {
              if (!(event.target instanceof HTMLSelectElement)) return;
              this.via = WAYS[event.target.selectedIndex]?.via ?? "any";
            }}
          >
            ${WAYS.map(
              ({ via, words }) => html`<option .selected=${via === this.via}>${words}</option>`,
            )}
          </select></label
        >
        ${
          params.length === 0
            ? nothing
            : html`<button
                type="button"
                class="quiet"
                aria-pressed=${this.byHand ? "true" : "false"}
                @click=${() => this.#write()}
              >
                Write as WAVE
              </button>`
        }
      </div>
      <output aria-live="polite">${this.#result()}</output>
      ${this.#commands()}
    </form>`;
  }

  #id(): string {
    return ["try", this.target, this.instance, this.func].join("-").replaceAll(/[^\w-]/g, "_");
  }

  #set(at: number, draft: Draft): void {
    this.drafts = this.drafts.map((each, index) => (index === at ? draft : each));
    this.problems = [];
  }

  /** Between the form and its text; from text back to an empty form, since only the node can read text. */
  #write(): void {
    this.drafts = this.type.params.map(({ type }, at) => {
      const draft = this.drafts[at];
      if (this.byHand || draft === undefined) return emptyDraft(type);
      const written = textOf(type, draft);
      return { kind: "wave", text: "text" in written ? written.text : "" };
    });
    this.problems = [];
    this.byHand = !this.byHand;
  }

  #texts(): readonly ReturnType<typeof textOf>[] {
    return this.type.params.map(({ type }, at) =>
      textOf(type, this.drafts[at] ?? emptyDraft(type)),
    );
  }

  #result(): TemplateResult | typeof nothing {
    const { outcome } = this;
    switch (outcome.phase) {
      case "idle":
        return nothing;
      case "calling":
        return html`<span class="dim">Calling…</span>
          <button type="button" class="quiet" @click=${() => this.#calling?.abort()}>
            Give up
          </button>`;
      case "failed":
        return html`<p class="trouble">${outcome.sentence}</p>`;
      case "answered": {
        const { text, length, tookMs } = outcome;
        const time = html`<span class="dim figure call-time">${duration(tookMs)}</span>`;
        if (text === undefined) return html`<p>It answered, and gives nothing. ${time}</p>`;
        const long = length > SHOWN_CHARACTERS;
        const shown = long && !this.whole ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
        return html`<div class="call-result">
          <pre tabindex="0" role="group" aria-label="Result">${shown}</pre>
          <div class="call-result-end">
            ${time}
            ${
              long
                ? html`<button
                    type="button"
                    class="quiet"
                    aria-expanded=${this.whole ? "true" : "false"}
                    @click=${() => (this.whole = !this.whole)}
                  >
                    ${this.whole ? "Fold" : `Show all ${count(length)} characters`}
                  </button>`
                : nothing
            }
            <inlay-copy .text=${text} .what=${"result"}></inlay-copy>
          </div>
        </div>`;
      }
    }
  }

  #commands(): TemplateResult {
    const texts = this.#texts();
    const args = texts.flatMap((each) => ("text" in each ? each.text : []));
    const { target, instance, func, type, state } = this;
    const server = state.rpc.phase === "open" ? state.rpc.server : undefined;
    const call = { target, instance, func, args, type, lattice: state.lattice, server };
    const wash = washCall(call);
    const whole = args.length === type.params.length;
    const npm = whole ? npmCall(call) : undefined;
    const wit = npm?.wit === undefined ? undefined : witText(instance, [[func, type]]);
    return html`<details class="call-commands">
      <summary>As a command</summary>
      ${
        npm === undefined
          ? html`<p class="hint">Fill the form, and the command stands here.</p>`
          : html`${commandLine(npm.command, "command of npm run call")}
            ${
              wit === undefined
                ? nothing
                : html`<p class="hint call-wit">
                    <span>with the types in <code>${npm.wit}</code></span>
                    <inlay-copy .text=${wit} .what=${`types as ${npm.wit ?? ""}`}></inlay-copy>
                  </p>`
            }`
      }
      ${
        "command" in wash
          ? commandLine(wash.command, "command of wash call")
          : html`<p class="hint">${wash.why}</p>`
      }
    </details>`;
  }

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.#call();
  };

  /** Never rejects: a failure is shown. */
  async #call(): Promise<void> {
    const { node, target, instance, func, via } = this;
    const texts = this.#texts();
    const args = texts.flatMap((each) => ("text" in each ? each.text : []));
    if (args.length < texts.length) {
      this.problems = texts.map((each) => ("problems" in each ? each.problems : NO_PROBLEMS));
      await this.updateComplete;
      this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    if (node === undefined || this.outcome.phase === "calling") return;
    this.#calling = new AbortController();
    this.outcome = { phase: "calling" };
    this.whole = false;
    try {
      const { text, length, tookMs } = await node.callText({
        target,
        instance,
        func,
        args,
        signal: this.#calling.signal,
        ...(via === "any" ? {} : { via }),
      });
      this.outcome = { phase: "answered", text, length, tookMs };
    } catch (thrown) {
      this.outcome = { phase: "failed", sentence: sentenceOf(thrown) };
    }
  }
}
