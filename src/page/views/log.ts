/** The view of the log: by level and words, following what comes unless a person reads, as text or JSON. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LogEntry, LogLevel } from "../../index.ts";
import type { LogLine } from "../state/log-lines.ts";
import type { ViewContext } from "./view.ts";

import { html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { LightElement } from "../panels/light-element.ts";
import { saveFile } from "../save-file.ts";
import { count, timeOfDay } from "../state/figures.ts";
import { chosen, gather, LEVELS, logText, words } from "../state/log-lines.ts";

export function view({ state }: ViewContext): TemplateResult {
  return html`<inlay-log-view .entries=${state.log}></inlay-log-view>`;
}

/** Lines that are drawn at first, and more at a time: the browser lays out only those in sight. */
const DRAWN = 500;
/** Pixels from the end within which a person counts as being at it. */
const AT_END = 8;

class LogView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    entries: { attribute: false },
    level: { state: true },
    typed: { state: true },
    held: { state: true },
    drawn: { state: true },
  };

  /** Newest last, as in a state. */
  declare entries: readonly LogEntry[];
  declare level: LogLevel;
  declare typed: string;
  /** What a person wants to look at while more comes. */
  declare held: readonly LogLine[] | undefined;
  declare drawn: number;
  #lines: readonly LogLine[] = [];
  /** Whether the list stays at its end. */
  #follows = true;

  constructor() {
    super();
    this.entries = [];
    this.level = "debug";
    this.typed = "";
    this.held = undefined;
    this.drawn = DRAWN;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("entries")) this.#lines = gather(this.#lines, this.entries);
  }

  protected override render(): TemplateResult {
    const all = this.held ?? this.#lines;
    const lines = chosen(all, this.level, this.typed);
    return html`<section class="panel log-view" aria-labelledby="log-title">
      <header>
        <h2 id="log-title">Log</h2>
        ${this.#buttons(lines)}
      </header>
      ${this.#tools(lines.length, all.length)}
      ${
        lines.length === 0
          ? html`<p class="empty">
              ${all.length === 0 ? "Nothing was logged yet." : "No line fits the filter."}
            </p>`
          : html`<ol
              class="log-list log-lines"
              tabindex="0"
              aria-label="Log, newest last"
              @scroll=${this.#scrolled}
            >
              ${
                lines.length > this.drawn
                  ? html`<li class="log-more">
                      <button type="button" class="quiet" @click=${this.#more}>
                        Show ${count(Math.min(DRAWN, lines.length - this.drawn))} earlier
                      </button>
                    </li>`
                  : ""
              }
              ${repeat(lines.slice(-this.drawn), ({ seq }) => seq, lineRow)}
            </ol>`
      }
    </section>`;
  }

  protected override updated(): void {
    if (!this.#follows) return;
    const list = this.querySelector(".log-lines");
    if (list !== null) list.scrollTop = list.scrollHeight;
  }

  #buttons(lines: readonly LogLine[]): TemplateResult {
    const none = lines.length === 0;
    return html`<div class="wf-buttons">
      <button
        type="button"
        class="quiet"
        aria-pressed=${this.held === undefined ? "false" : "true"}
        @click=${() => {
          this.held = this.held === undefined ? this.#lines : undefined;
        }}
      >
        Hold
      </button>
      <button
        type="button"
        class="quiet"
        ?disabled=${none}
        @click=${() => saveFile("log-{time}.txt", "text/plain", `${logText(lines)}\n`)}
      >
        Export text
      </button>
      <button
        type="button"
        class="quiet"
        ?disabled=${none}
        @click=${() => saveFile("log-{time}.json", "application/json", `${JSON.stringify(lines, undefined, 2)}\n`)}
      >
        Export JSON
      </button>
    </div>`;
  }

  #tools(shown: number, all: number): TemplateResult {
    return html`<div class="wf-tools">
      <div class="wf-filter">
        <label class="unseen" for="log-filter">Filter the log</label>
        <input
          id="log-filter"
          type="search"
          spellcheck="false"
          autocomplete="off"
          placeholder="Filter: any text, -text for what is not to be there"
          .value=${this.typed}
          @input=${({ target }: InputEvent) => {
            if (target instanceof HTMLInputElement) this.typed = target.value;
          }}
        />
      </div>
      <label class="wf-select"
        >Level
        <select
          @change=${({ target }: Event) => {
            if (target instanceof HTMLSelectElement)
              this.level = LEVELS[target.selectedIndex] ?? "debug";
          }}
        >
          ${LEVELS.map(
            (level, index) =>
              html`<option value=${level} ?selected=${this.level === level}>
                ${index === LEVELS.length - 1 ? level : `${level} and above`}
              </option>`,
          )}
        </select>
      </label>
      <span></span>
      <span class="dim wf-count" role="status">${count(shown)} of ${count(all)} lines</span>
    </div>`;
  }

  readonly #scrolled = ({ target }: Event): void => {
    if (!(target instanceof HTMLElement)) return;
    this.#follows = target.scrollTop + target.clientHeight >= target.scrollHeight - AT_END;
  };

  readonly #more = (): void => {
    this.#follows = false;
    this.drawn += DRAWN;
  };
}

customElements.define("inlay-log-view", LogView);

function lineRow(line: LogLine): TemplateResult {
  return html`<li class="log-${line.level}">
    <time class="figure">${timeOfDay(line.at)}</time>
    <span class="log-level">${line.level}</span>
    <span class="log-event">${line.event}</span>
    <span class="log-fields">${words(line)}</span>
  </li>`;
}
