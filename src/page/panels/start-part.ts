/** Starts a component: from an address, a file, or the gallery of this site. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { LatticeNode } from "../../index.ts";
import type { GalleryItem } from "../state/gallery.ts";

import { html, nothing } from "lit";
import { loadGallery } from "../gallery.ts";
import { sentenceOf } from "../session.ts";
import { size } from "../state/figures.ts";
import { idFor } from "../state/references.ts";
import { LightElement } from "./light-element.ts";
import { textField } from "./text-field.ts";

interface StartFields {
  readonly image: string;
  readonly id: string;
  readonly max: string;
}

const NO_FIELDS: StartFields = { image: "", id: "", max: "10" };

export class StartPart extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    taken: { attribute: false },
    items: { state: true },
    fields: { state: true },
    file: { state: true },
    busy: { state: true },
    problems: { state: true },
  };

  declare node: LatticeNode | undefined;
  /** Ids of what is here already. */
  declare taken: readonly string[];
  declare items: readonly GalleryItem[];
  declare fields: StartFields;
  declare file: File | undefined;
  /** What is being started. */
  declare busy: ReadonlySet<string>;
  declare problems: ReadonlyMap<keyof StartFields | "form", string>;

  constructor() {
    super();
    this.taken = [];
    this.items = [];
    this.fields = NO_FIELDS;
    this.file = undefined;
    this.busy = new Set();
    this.problems = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void loadGallery().then((items) => (this.items = items)); // does not fail
  }

  /** Takes a file that was dropped somewhere on the view. */
  take(file: File): void {
    this.file = file;
    this.problems = new Map();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("button.primary")?.focus());
  }

  protected override render(): TemplateResult {
    const whole = this.problems.get("form");
    return html`<section class="panel" aria-labelledby="start-title">
      <header><h2 id="start-title">Start a component</h2></header>
      <form class="start-part" novalidate aria-labelledby="start-title" @submit=${this.#submit}>
        ${this.#image()}
        <div class="start-more">
          ${textField({
            id: "start-id",
            label: "Id",
            optional: true,
            value: this.fields.id,
            placeholder: this.#idNow(),
            problem: this.problems.get("id"),
            onInput: (id) => this.#set({ id }),
          })}
          ${textField({
            id: "start-max",
            label: "At once",
            value: this.fields.max,
            problem: this.problems.get("max"),
            onInput: (max) => this.#set({ max }),
          })}
        </div>
        ${whole === undefined ? nothing : html`<p class="problem" role="alert">${whole}</p>`}
        <div class="form-end">
          <button class="primary" ?disabled=${this.node === undefined}>Start</button>
          <label class="button">
            <input
              type="file"
              accept=".wasm,application/wasm"
              class="unseen"
              @change=${this.#choose}
            />
            Choose file
          </label>
          <span class="dim start-drop">or drop one anywhere here</span>
        </div>
      </form>
      ${this.items.length === 0 ? nothing : this.#gallery()}
    </section>`;
  }

  #image(): TemplateResult {
    if (this.file === undefined) {
      return textField({
        id: "start-image",
        label: "Address or reference",
        value: this.fields.image,
        placeholder: "https://…/shop.wasm or ghcr.io/…:1.0",
        problem: this.problems.get("image"),
        onInput: (image) => this.#set({ image }),
      });
    }
    return html`<p class="start-file">
      <code>${this.file.name}</code> <span class="dim figure">${size(this.file.size)}</span>
      <button
        type="button"
        class="quiet"
        @click=${() => {
          this.file = undefined;
        }}
      >
        Use an address
      </button>
    </p>`;
  }

  #gallery(): TemplateResult {
    return html`<div class="gallery">
      <h3 id="gallery-title">Gallery</h3>
      <ul aria-labelledby="gallery-title">
        ${this.items.map((item) => this.#card(item))}
      </ul>
    </div>`;
  }

  #card(item: GalleryItem): TemplateResult {
    const { id, title, text, exports, imports } = item;
    const here = this.taken.includes(id);
    const word = here ? "Here" : this.busy.has(id) ? "Starting" : "Start";
    return html`<li>
      <b>${title}</b>
      <button
        type="button"
        aria-label="${word} ${title}"
        ?disabled=${here || this.busy.has(id) || this.node === undefined}
        @click=${() => void this.#start({ id, image: item.image, maxInstances: 10 })}
      >
        ${word}
      </button>
      <p>${text}</p>
      <p class="gallery-wit">
        ${exports.map((name) => html`<code>export ${name}</code>`)}
        ${imports.map((name) => html`<code class="dim">import ${name}</code>`)}
      </p>
    </li>`;
  }

  #idNow(): string {
    const name = this.file?.name ?? this.fields.image.trim();
    return name === "" ? "" : idFor(name);
  }

  #set(change: Partial<StartFields>): void {
    this.fields = { ...this.fields, ...change };
    this.problems = new Map();
  }

  readonly #choose = (event: Event): void => {
    const file = event.target instanceof HTMLInputElement ? event.target.files?.[0] : undefined;
    if (file !== undefined) this.take(file);
  };

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const { file, fields } = this;
    const image = file ?? fields.image.trim();
    const maxInstances = Number(fields.max);
    const problems = new Map<keyof StartFields, string>();
    if (image === "") problems.set("image", "An address, a reference, or a file.");
    if (!Number.isInteger(maxInstances) || maxInstances < 1) {
      problems.set("max", "A whole number, 1 or more.");
    }
    this.problems = problems;
    if (problems.size > 0) {
      void this.updateComplete.then(() =>
        this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(),
      );
      return;
    }
    void this.#start({ id: fields.id.trim() || this.#idNow(), image, maxInstances }, () => {
      this.fields = NO_FIELDS;
      this.file = undefined;
    });
  };

  /** Never rejects: a failure is shown. What is being fetched is shown among the components. */
  async #start(
    workload: { readonly id: string; readonly image: string | File; readonly maxInstances: number },
    done: () => void = () => undefined,
  ): Promise<void> {
    const { id } = workload;
    this.busy = new Set([...this.busy, id]);
    this.problems = new Map();
    this.dispatchEvent(new CustomEvent("inlay-start", { detail: id }));
    try {
      await this.node?.start(workload);
      done();
    } catch (thrown) {
      this.problems = new Map([["form", `${id} did not start. ${sentenceOf(thrown)}`]]);
    } finally {
      this.busy = new Set([...this.busy].filter((other) => other !== id));
    }
  }
}
