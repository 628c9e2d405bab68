/** The controls for a value of some WIT type, nested as the type is; what is beyond a form is written as WAVE. */
import type { TemplateResult } from "lit";
import type { WitType } from "../../core/wit.ts";
import type { Draft, DraftPath } from "../state/value-draft.ts";
import type { DraftProblems } from "../state/value-text.ts";

import { html, nothing } from "lit";
import { byHandOnly, casesOf, choose, emptyDraft, pathKey } from "../state/value-draft.ts";
import { rangeOf } from "../state/value-text.ts";
import { typeWords } from "../state/wit-words.ts";

export interface ValueField {
  /** Begins the ids of all controls. */
  readonly id: string;
  readonly label: string;
  readonly type: WitType;
  readonly draft: Draft;
  readonly path: DraftPath;
  readonly problems: DraftProblems;
  readonly change: (path: DraftPath, draft: Draft) => void;
}

export function valueField(field: ValueField): TemplateResult {
  const { type, draft } = field;
  switch (draft.kind) {
    case "bool":
      return checkbox(field, field.label, draft.on, (on) =>
        field.change(field.path, { kind: "bool", on }),
      );
    case "flags":
      return flags(field, draft.names);
    case "case":
      return type.kind === "option" ? option(field, draft) : cases(field, draft);
    case "items":
      return type.kind === "list"
        ? list(field, type.element, draft.items)
        : parts(field, draft.items);
    case "bytes":
      return bytes(field, draft);
    case "wave":
      return byHand(field, draft.text);
    case "text":
      return line(field, draft.text);
  }
}

const idOf = ({ id, path }: ValueField): string => [id, ...path].join("-");

/** `what`: words of the type beside the name. */
function caption({ label }: ValueField, what: string): TemplateResult {
  return html`<code>${label}</code> <span class="dim">${what}</span>`;
}

function problemOf(field: ValueField): TemplateResult | typeof nothing {
  const problem = field.problems.get(pathKey(field.path));
  if (problem === undefined) return nothing;
  return html`<p class="problem" id="${idOf(field)}-told" role="alert">${problem}</p>`;
}

function line(field: ValueField, text: string): TemplateResult {
  const { kind } = field.type;
  const id = idOf(field);
  const range = rangeOf(kind);
  const wrong = field.problems.has(pathKey(field.path));
  const told = wrong ? `${id}-told` : nothing;
  const placeholder = range === undefined ? "" : shortRange(range);
  const typed = (event: Event): void => {
    const { target } = event;
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) {
      field.change(field.path, { kind: "text", text: target.value });
    }
  };
  return html`<div class="value">
    <label for=${id}>${caption(field, kind)}</label>
    ${
      kind === "string"
        ? html`<textarea
            id=${id}
            rows="1"
            class="value-text"
            autocomplete="off"
            spellcheck="false"
            aria-invalid=${wrong ? "true" : nothing}
            aria-describedby=${told}
            .value=${text}
            @input=${typed}
            @keydown=${submitOnEnter}
          ></textarea>`
        : html`<input
            id=${id}
            autocomplete="off"
            spellcheck="false"
            inputmode=${range === undefined || range[0] < 0n ? "text" : "numeric"}
            placeholder=${placeholder}
            aria-invalid=${wrong ? "true" : nothing}
            aria-describedby=${told}
            .value=${text}
            @input=${typed}
          />`
    }
    ${problemOf(field)}
  </div>`;
}

/** A string may have lines; Enter calls all the same, and Shift with Enter begins another line. */
function submitOnEnter(event: KeyboardEvent): void {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
}

function shortRange([lowest, highest]: readonly [bigint, bigint]): string {
  return highest > 0xffff_ffffn ? "a whole number" : `${lowest} to ${highest}`;
}

function checkbox(
  field: ValueField,
  label: string,
  on: boolean,
  change: (on: boolean) => void,
  id = idOf(field),
): TemplateResult {
  return html`<label class="value-check" for=${id}
    ><input
      id=${id}
      type="checkbox"
      .checked=${on}
      @change=${(event: Event) => {
        if (event.target instanceof HTMLInputElement) change(event.target.checked);
      }}
    /><code>${label}</code></label
  >`;
}

function flags(field: ValueField, names: readonly string[]): TemplateResult {
  const all = field.type.kind === "flags" ? field.type.names : [];
  return html`<fieldset class="value">
    <legend>${caption(field, "flags")}</legend>
    <div class="value-flags">
      ${all.map((name) =>
        checkbox(
          field,
          name,
          names.includes(name),
          (on) =>
            field.change(field.path, {
              kind: "flags",
              names: all.filter((each) => (each === name ? on : names.includes(each))),
            }),
          `${idOf(field)}-${name}`,
        ),
      )}
    </div>
  </fieldset>`;
}

type CaseDraft = Extract<Draft, { kind: "case" }>;

/** What stands under a case: its value, by its name. */
function payload(
  field: ValueField,
  { name, payload: inner }: CaseDraft,
): TemplateResult | typeof nothing {
  const type = casesOf(field.type).find((each) => each.name === name)?.type;
  if (type === undefined || inner === undefined) return nothing;
  const label = field.type.kind === "option" ? field.label : name;
  return valueField({ ...field, label, type, draft: inner, path: [...field.path, 0] });
}

function option(field: ValueField, draft: CaseDraft): TemplateResult {
  const some = draft.name === "some";
  return html`<div class="value value-option">
    ${checkbox(field, field.label, some, (on) =>
      field.change(field.path, choose(field.type, on ? "some" : "none")),
    )}
    ${some ? payload(field, draft) : html`<span class="dim">option, left out</span>`}
  </div>`;
}

function cases(field: ValueField, draft: CaseDraft): TemplateResult {
  const id = idOf(field);
  const select = html`<select
    id=${id}
    @change=${(event: Event) => {
      if (event.target instanceof HTMLSelectElement) {
        field.change(field.path, choose(field.type, event.target.value));
      }
    }}
  >
    ${casesOf(field.type).map(
      ({ name }) => html`<option value=${name} .selected=${name === draft.name}>${name}</option>`,
    )}
  </select>`;
  const head = html`<div class="value">
    <label for=${id}>${caption(field, field.type.kind)}</label>
    ${select}
  </div>`;
  if (draft.payload === undefined) return head;
  return html`<div class="value-group">${head}${payload(field, draft)}</div>`;
}

function parts(field: ValueField, items: readonly Draft[]): TemplateResult {
  const { type } = field;
  const all =
    type.kind === "record"
      ? type.fields
      : type.kind === "tuple"
        ? type.elements.map((element, index) => ({ name: String(index + 1), type: element }))
        : [];
  return html`<fieldset class="value value-parts">
    <legend>${caption(field, type.kind)}</legend>
    <div class="value-grid">
      ${all.map(({ name, type: of }, index) => {
        const draft = items[index];
        if (draft === undefined) return nothing;
        return valueField({ ...field, label: name, type: of, draft, path: [...field.path, index] });
      })}
    </div>
  </fieldset>`;
}

function list(field: ValueField, element: WitType, items: readonly Draft[]): TemplateResult {
  const set = (next: readonly Draft[]): void =>
    field.change(field.path, { kind: "items", items: next });
  return html`<fieldset class="value value-parts">
    <legend>${caption(field, `list of ${items.length}`)}</legend>
    ${items.map(
      (draft, index) =>
        html`<div class="value-item">
          ${valueField({
            ...field,
            label: `${field.label} ${index + 1}`,
            type: element,
            draft,
            path: [...field.path, index],
          })}
          <button
            type="button"
            class="quiet"
            aria-label="Remove ${field.label} ${index + 1}"
            @click=${() => set(items.filter((_, at) => at !== index))}
          >
            Remove
          </button>
        </div>`,
    )}
    <button
      type="button"
      class="quiet add"
      aria-label="Add to ${field.label}"
      @click=${() => set([...items, emptyDraft(element)])}
    >
      Add
    </button>
  </fieldset>`;
}

function bytes(field: ValueField, draft: Extract<Draft, { kind: "bytes" }>): TemplateResult {
  const id = idOf(field);
  const wrong = field.problems.has(pathKey(field.path));
  return html`<div class="value">
    <label for=${id}>${caption(field, "list<u8>")}</label>
    <div class="value-bytes">
      <textarea
        id=${id}
        rows="1"
        class="value-text"
        spellcheck="false"
        aria-invalid=${wrong ? "true" : nothing}
        aria-describedby=${wrong ? `${id}-told` : nothing}
        .value=${draft.text}
        @input=${(event: Event) => {
          if (event.target instanceof HTMLTextAreaElement) {
            field.change(field.path, { ...draft, text: event.target.value });
          }
        }}
      ></textarea>
      <select
        aria-label="${field.label} is written as"
        @change=${(event: Event) => {
          if (!(event.target instanceof HTMLSelectElement)) return;
          field.change(field.path, { ...draft, as: event.target.value === "hex" ? "hex" : "text" });
        }}
      >
        <option value="text" .selected=${draft.as === "text"}>text</option>
        <option value="hex" .selected=${draft.as === "hex"}>hex</option>
      </select>
    </div>
    ${problemOf(field)}
  </div>`;
}

function byHand(field: ValueField, text: string): TemplateResult {
  const id = idOf(field);
  const wrong = field.problems.has(pathKey(field.path));
  const words = typeWords(field.type);
  return html`<div class="value">
    <label for=${id}
      >${caption(field, words.length > 160 ? field.type.kind : words)}<span class="dim">
        ${byHandOnly(field.type) ?? "in WAVE"}</span
      ></label
    >
    <textarea
      id=${id}
      rows="2"
      class="value-text"
      spellcheck="false"
      aria-invalid=${wrong ? "true" : nothing}
      aria-describedby=${wrong ? `${id}-told` : nothing}
      .value=${text}
      @input=${(event: Event) => {
        if (event.target instanceof HTMLTextAreaElement) {
          field.change(field.path, { kind: "wave", text: event.target.value });
        }
      }}
    ></textarea>
    ${problemOf(field)}
  </div>`;
}
