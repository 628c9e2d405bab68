/** One component of the node: what it is, how many calls it takes, what meets its imports, and its functions to try. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { FuncType } from "../../core/wit.ts";
import type { LatticeNode, Link, NodeState, WatchedWorld, WorkloadView } from "../../index.ts";
import type { ImportMet } from "../state/imports.ts";

import { html, nothing } from "lit";
import { sentenceOf } from "../session.ts";
import { short, size } from "../state/figures.ts";
import { importsMet } from "../state/imports.ts";
import { briefWords, funcWords } from "../state/wit-words.ts";
import { addressOf } from "../state/views.ts";
import { loadBar, progressBar, stateWord } from "./component-card.ts";
import { confirmButton } from "./confirm-button.ts";
import { LightElement } from "./light-element.ts";
import { textField } from "./text-field.ts";

/** A signature that is longer is shown without the parts of its types, until its function is opened. */
const LONGEST_LINE = 110;

export class PartDetail extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    state: { attribute: false },
    workload: { attribute: false },
    world: { attribute: false },
    links: { attribute: false },
    max: { state: true },
    image: { state: true },
    busy: { state: true },
    trouble: { state: true },
    said: { state: true },
    open: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare state: NodeState;
  declare workload: WorkloadView;
  /** Its types; absent until they are told. */
  declare world: WatchedWorld | undefined;
  declare links: readonly Link[];
  /** What was typed; absent: what it has. */
  declare max: string | undefined;
  declare image: string | undefined;
  declare busy: boolean;
  declare trouble: string;
  /** What was changed last, in words. */
  declare said: string;
  /** Functions whose forms are open. */
  declare open: ReadonlySet<string>;

  constructor() {
    super();
    this.links = [];
    this.#forget();
    this.open = new Set();
  }

  #forget(): void {
    this.max = undefined;
    this.image = undefined;
    this.busy = false;
    this.trouble = "";
    this.said = "";
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("workload");
    if (before === undefined || before.id === this.workload.id) return;
    this.#forget();
    this.open = new Set();
  }

  protected override render(): TemplateResult {
    const { workload } = this;
    const { id, state } = workload;
    const { word, look } = stateWord(workload);
    return html`<section class="panel part component-${look}" aria-labelledby="part-title">
      <header>
        <h2 id="part-title">${id}</h2>
        <span class="pill"><span class="dot" aria-hidden="true"></span>${word}</span>
        <span class="row-actions"
          >${confirmButton({
            word: state.phase === "failed" ? "Remove" : "Stop",
            label: `${state.phase === "failed" ? "Remove" : "Stop"} ${id}`,
            question: state.phase === "failed" ? "Remove it?" : "Stop it here?",
            act: () => this.#try(() => this.node?.stop(id), ""),
          })}</span
        >
      </header>
      ${state.phase === "starting" ? progressBar(state.progress) : nothing}
      ${state.phase === "failed" ? html`<p class="trouble">${state.error}</p>` : nothing}
      ${this.trouble === "" ? nothing : html`<p class="trouble" role="alert">${this.trouble}</p>`}
      ${state.phase === "running" || state.phase === "stopping" ? loadBar(workload) : nothing}
      ${this.#origin()} ${this.world === undefined ? nothing : this.#imports(this.world)}
      ${this.world === undefined ? nothing : this.#exports(this.world)}
    </section>`;
  }

  #origin(): TemplateResult {
    const { image, digest, sizeBytes, state, maxInstances } = this.workload;
    const running = state.phase === "running";
    return html`<div class="part-origin">
      <p class="part-image">
        <code>${image}</code>
        <span class="dim figure"
          >${digest === undefined ? nothing : html`<span title=${digest}>${short(digest, 7, 4)}</span>`}
          ${sizeBytes === undefined ? nothing : size(sizeBytes)}</span
        >
      </p>
      ${
        running
          ? html`<div class="part-changes">
              <form
                novalidate
                aria-label="Scale"
                @submit=${(event: SubmitEvent) => {
                  event.preventDefault();
                  void this.#scale();
                }}
              >
                ${textField({
                  id: "part-max",
                  label: "Calls at once",
                  value: this.max ?? String(maxInstances),
                  onInput: (max) => (this.max = max),
                })}
                <button ?disabled=${this.busy || this.max === undefined}>Scale</button>
              </form>
              <form
                novalidate
                aria-label="Update"
                @submit=${(event: SubmitEvent) => {
                  event.preventDefault();
                  void this.#update();
                }}
              >
                ${textField({
                  id: "part-image",
                  label: "Another image",
                  value: this.image ?? "",
                  placeholder: image,
                  onInput: (image) => (this.image = image),
                })}
                <button ?disabled=${this.busy || (this.image ?? "").trim() === ""}>Update</button>
              </form>
            </div>`
          : nothing
      }
      <p class="dim part-said" role="status">${this.said}</p>
    </div>`;
  }

  #imports({ id, imports }: WatchedWorld): TemplateResult | typeof nothing {
    if (imports.length === 0) return nothing;
    return html`<h3>Imports</h3>
      <ul class="part-imports">
        ${importsMet(id, imports, this.links).map(importRow)}
      </ul>`;
  }

  #exports({ exports }: WatchedWorld): TemplateResult | typeof nothing {
    if (exports.size === 0) return nothing;
    return html`<h3>Exports</h3>
      ${[...exports].map(
        ([instance, functions]) =>
          html`<h4 class="part-interface">${instance === "" ? "world" : instance}</h4>
            <ul class="part-functions" aria-label="Functions of ${instance}">
              ${[...functions].map(
                ([func, type]) => html`<li>${this.#function(instance, func, type)}</li>`,
              )}
            </ul>`,
      )}`;
  }

  #function(instance: string, func: string, type: FuncType): TemplateResult {
    const known = this.workload.exports.find(
      (each) => each.instance === instance && each.func === func,
    );
    const whole = funcWords(type);
    const long = whole.length > LONGEST_LINE;
    const words = html`<code><b>${func}</b>: ${long ? briefWords(type) : whole}</code>`;
    if (known?.unserved !== undefined) {
      return html`<span class="unserved">${words}</span>
        <span class="unserved-why">${known.unserved}</span>`;
    }
    const key = `${instance}#${func}`;
    return html`<details
      .open=${this.open.has(key)}
      @toggle=${(event: Event) => {
        if (!(event.target instanceof HTMLDetailsElement)) return;
        if (event.target !== event.currentTarget) return;
        const others = [...this.open].filter((other) => other !== key);
        this.open = new Set(event.target.open ? [...others, key] : others);
      }}
    >
      <summary>${words}<span class="try-word" aria-hidden="true">Try</span></summary>
      ${this.open.has(key) && long ? html`<pre class="part-wit" tabindex="0" role="group" aria-label="Types of ${func}">${whole}</pre>` : nothing}
      ${
        this.open.has(key)
          ? html`<inlay-call-form
              .node=${this.node}
              .state=${this.state}
              .target=${this.workload.id}
              .instance=${instance}
              .func=${func}
              .type=${type}
            ></inlay-call-form>`
          : nothing
      }
    </details>`;
  }

  async #scale(): Promise<void> {
    const { id } = this.workload;
    const maxInstances = Number(this.max);
    if (!Number.isInteger(maxInstances) || maxInstances < 1) {
      this.trouble = "Calls at once: a whole number, 1 or more. To have none, stop it.";
      return;
    }
    await this.#try(
      () => this.node?.change(id, { maxInstances }),
      `It takes ${maxInstances} calls at once now.`,
    );
    this.max = undefined;
  }

  async #update(): Promise<void> {
    const { id } = this.workload;
    const image = (this.image ?? "").trim();
    await this.#try(() => this.node?.change(id, { image }), "It runs the other image now.");
  }

  /** Does not fail: what goes wrong is shown. */
  async #try(run: () => Promise<void> | undefined, said: string): Promise<void> {
    this.busy = true;
    this.trouble = "";
    this.said = "";
    try {
      await run();
      this.said = said;
      this.image = undefined;
    } catch (thrown) {
      this.trouble = sentenceOf(thrown);
    } finally {
      this.busy = false;
    }
  }
}

const BY_WORDS: Readonly<Record<"node" | "types" | "nobody", string>> = {
  node: "this tab",
  types: "types only",
  nobody: "nobody",
};

function importRow({ name, functions, by, targets }: ImportMet): TemplateResult {
  return html`<li>
    <details>
      <summary>
        <code>${name}</code>
        <span class="part-met met-${by}"
          >${
            by === "link"
              ? targets.map(
                  ({ target, link }) =>
                    html`<span>→ ${target}${link === "default" ? "" : ` (${link})`}</span>`,
                )
              : BY_WORDS[by]
          }</span
        >
      </summary>
      <ul class="part-functions">
        ${[...functions].map(
          ([func, type]) =>
            html`<li>
              <code><b>${func}</b>: ${funcWords(type)}</code>
            </li>`,
        )}
      </ul>
      ${
        by === "nobody"
          ? html`<p class="hint">
              Calls of it fail until somebody answers: <a href=${addressOf("links")}>put a link</a>.
            </p>`
          : nothing
      }
    </details>
  </li>`;
}
