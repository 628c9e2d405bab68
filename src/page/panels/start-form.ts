/** Starts a component from an address or a file of this machine. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { PageActions } from "../session.ts";

import { html, nothing } from "lit";
import { sentenceOf } from "../session.ts";
import { size } from "../state/figures.ts";
import { idFor } from "../state/references.ts";
import { LightElement } from "./light-element.ts";

export class StartForm extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    actions: { attribute: false },
    file: { state: true },
    busy: { state: true },
    trouble: { state: true },
    over: { state: true },
  };

  declare actions: PageActions | undefined;
  declare file: File | undefined;
  declare busy: boolean;
  declare trouble: string;
  /** A file hovers above the form. */
  declare over: boolean;

  constructor() {
    super();
    this.busy = false;
    this.trouble = "";
    this.over = false;
  }

  protected override render(): TemplateResult {
    return html`<form
      class="start ${this.over ? "over" : ""}"
      aria-label="Start a component"
      @submit=${this.#submit}
      @dragover=${this.#dragOver}
      @dragleave=${() => {
        this.over = false;
      }}
      @drop=${this.#drop}
    >
      <label class="start-image">
        <span>Component</span>
        ${
          this.file === undefined
            ? html`<input
                name="image"
                autocomplete="off"
                spellcheck="false"
                placeholder="https://…/hello.wasm, or a reference such as ghcr.io/…"
              />`
            : html`<span class="start-file"
                ><code>${this.file.name}</code>
                <span class="dim figure">${size(this.file.size)}</span>
                <button type="button" class="quiet" @click=${this.#forget}>
                  Use an address
                </button></span
              >`
        }
      </label>
      <label class="start-id">
        <span>Id <span class="dim">optional</span></span>
        <input name="id" autocomplete="off" spellcheck="false" />
      </label>
      <label class="start-max">
        <span>At once</span>
        <input name="max" inputmode="numeric" autocomplete="off" value="10" />
      </label>
      <div class="start-buttons">
        <label class="button">
          <input
            type="file"
            accept=".wasm,application/wasm"
            class="unseen"
            @change=${this.#choose}
          />
          Choose file
        </label>
        <button class="primary" ?disabled=${this.busy}>${this.busy ? "Starting" : "Start"}</button>
      </div>
      ${this.trouble === "" ? nothing : html`<p class="trouble" role="alert">${this.trouble}</p>`}
    </form>`;
  }

  readonly #dragOver = (event: DragEvent): void => {
    event.preventDefault();
    this.over = true;
  };

  readonly #drop = (event: DragEvent): void => {
    event.preventDefault();
    this.over = false;
    this.file = event.dataTransfer?.files[0] ?? this.file;
  };

  readonly #choose = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.file = event.target.files?.[0] ?? this.file;
  };

  readonly #forget = (): void => {
    this.file = undefined;
  };

  readonly #submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (event.target instanceof HTMLFormElement) void this.#start(event.target);
  };

  /** Never rejects: a failure is shown. */
  async #start(form: HTMLFormElement): Promise<void> {
    const given = new FormData(form);
    const text = (name: string): string => {
      const value = given.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    const image = this.file ?? text("image");
    if (image === "") {
      this.trouble = "Give the address of a component, or choose or drop a file.";
      return;
    }
    const maxInstances = Number(text("max"));
    if (!Number.isInteger(maxInstances) || maxInstances < 1) {
      this.trouble = "“At once” must be a whole number of calls, 1 or more.";
      return;
    }
    const id = text("id") || idFor(typeof image === "string" ? image : image.name);
    this.busy = true;
    this.trouble = "";
    try {
      await this.actions?.start({ id, image, maxInstances });
      form.reset();
      this.file = undefined;
    } catch (thrown) {
      this.trouble = `${id} did not start. ${sentenceOf(thrown)}`;
    } finally {
      this.busy = false;
    }
  }
}
