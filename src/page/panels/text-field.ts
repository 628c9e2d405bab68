/** A labelled line of text, with what is wrong with it or a hint below. */
import type { TemplateResult } from "lit";

import { html, nothing } from "lit";

export interface TextField {
  /** Of the document: labels and problems refer to it. */
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly problem?: string | undefined;
  readonly hint?: string | undefined;
  readonly placeholder?: string;
  /** What can be suggested. */
  readonly among?: readonly string[];
  readonly optional?: boolean;
  readonly onInput: (value: string) => void;
}

export function textField(field: TextField): TemplateResult {
  const { id, label, value, problem, hint, placeholder = "", among = [], optional = false } = field;
  const told = problem ?? hint;
  return html`<div class="field">
    <label for=${id}
      >${label}${optional ? html` <span class="dim">optional</span>` : nothing}</label
    >
    <input
      id=${id}
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      placeholder=${placeholder}
      list=${among.length > 0 ? `${id}-list` : nothing}
      aria-invalid=${problem === undefined ? nothing : "true"}
      aria-describedby=${told === undefined ? nothing : `${id}-told`}
      .value=${value}
      @input=${(event: InputEvent) => {
        if (event.target instanceof HTMLInputElement) field.onInput(event.target.value);
      }}
    />
    ${
      among.length > 0
        ? html`<datalist id="${id}-list">
            ${among.map((each) => html`<option value=${each}></option>`)}
          </datalist>`
        : nothing
    }
    ${
      told === undefined
        ? nothing
        : html`<p
            id="${id}-told"
            class=${problem === undefined ? "hint" : "problem"}
            role=${problem === undefined ? nothing : "alert"}
          >
            ${told}
          </p>`
    }
  </div>`;
}
