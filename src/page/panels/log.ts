/** The node's log, closed until someone wants it; closed, it costs nothing. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { LogEntry } from "../../core/log.ts";

import { html, nothing } from "lit";
import { timeOfDay } from "../state/figures.ts";
import { LightElement } from "./light-element.ts";

export class LogPanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    entries: { attribute: false },
    open: { state: true },
  };

  /** Newest last, as in a state. */
  declare entries: readonly LogEntry[];
  declare open: boolean;

  constructor() {
    super();
    this.entries = [];
    this.open = false;
  }

  protected override render(): TemplateResult {
    const troubles = this.entries.filter(
      ({ level }) => level === "warn" || level === "error",
    ).length;
    return html`<details class="panel folded log" @toggle=${this.#toggled}>
      <summary>
        <h2>Log</h2>
        <span class="dim"
          >${entriesWord(this.entries.length)}${troubles === 0 ? "" : `, ${troubles} to look at`}</span
        >
      </summary>
      ${
        this.open
          ? html`<ol class="log-list" tabindex="0" aria-label="Log, newest first">
              ${this.entries.toReversed().map(logRow)}
            </ol>`
          : nothing
      }
    </details>`;
  }

  readonly #toggled = (event: Event): void => {
    if (event.target instanceof HTMLDetailsElement) this.open = event.target.open;
  };
}

function entriesWord(entries: number): string {
  return entries === 1 ? "1 entry" : `${entries} entries`;
}

function logRow({ at, level, event, fields }: LogEntry): TemplateResult {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return html`<li class="log-${level}">
    <time class="figure">${timeOfDay(at)}</time>
    <span class="log-level">${level}</span>
    <span class="log-event">${event}</span>
    <span class="log-fields"
      >${known.map(([key, value]) => `${key}=${String(value)}`).join("  ")}</span
    >
  </li>`;
}
