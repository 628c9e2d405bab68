/** The view of rates: calls of the last minutes, how long functions take, and what components need. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { Metric } from "../../core/metrics.ts";
import type { ComponentRates } from "../../core/watched-calls.ts";
import type { LatticeNode } from "../../index.ts";
import type { FunctionRow, Quantile } from "../state/latency.ts";
import type { RateFigures } from "../state/rates.ts";
import type { PlotLine } from "./plot.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { count, duration, size } from "../state/figures.ts";
import { functionsOf, histogramOf, keyOf, quantile } from "../state/latency.ts";
import { busyWords, columnsOf, figuresOf, rateWords } from "../state/rates.ts";
import { LightElement } from "../panels/light-element.ts";
import { plot } from "./plot.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-rates .node=${node} .metrics=${state.metrics}></inlay-rates>`;
}

const LINES: readonly PlotLine[] = [
  { label: "calls", stroke: "--ink-soft", fill: "--tile", width: 1.5 },
  { label: "errors", stroke: "--bad-lamp", fill: "--bad-lamp", width: 0, bars: true },
];
const NOTHING = { at: 0, seconds: [], components: [] } as const;
/** Functions in the table; the others are called less. */
const MOST_FUNCTIONS = 50;

class RatesView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    metrics: { attribute: false },
    chosen: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare metrics: readonly Metric[];
  /** The function whose histogram is shown. */
  declare chosen: string | undefined;
  readonly #rates = new Watching(this, "rates");

  constructor() {
    super();
    this.metrics = [];
    this.chosen = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("node")) this.#rates.of(this.node);
  }

  protected override render(): TemplateResult {
    const { latest, trouble } = this.#rates;
    const functions = functionsOf(this.metrics);
    return html`${
      trouble === undefined ? nothing : html`<p class="trouble" role="alert">${trouble}</p>`
    }
    ${this.#minutes()} ${this.#functions(functions)} ${components(latest?.components ?? [])}`;
  }

  #minutes(): TemplateResult {
    const { latest = NOTHING } = this.#rates;
    const columns = columnsOf(latest);
    const figures = figuresOf(columns);
    return html`<section class="panel rates" aria-labelledby="rates-title">
      <header>
        <h2 id="rates-title">Calls a second</h2>
        <span class="dim">the last five minutes</span>
      </header>
      <div class="rates-minutes">
        ${rateList(figures)} ${plot(LINES, columns, rateWords(figures))}
      </div>
    </section>`;
  }

  #functions(functions: readonly FunctionRow[]): TemplateResult {
    const shown = functions.slice(0, MOST_FUNCTIONS);
    const chosen = shown.find((row) => keyOf(row) === this.chosen) ?? shown[0];
    return html`<section class="panel latency" aria-labelledby="latency-title">
      <header>
        <h2 id="latency-title">Latency</h2>
        <span class="dim">by function, since this tab joined</span>
      </header>
      ${
        chosen === undefined
          ? html`<p class="empty">
              No calls yet. Each function that is called here shows with how long half, 95 and 99 of
              100 calls took at most.
            </p>`
          : html`<div class="latency-body">
              <div class="table-frame" tabindex="0" role="region" aria-label="Latency by function">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Function</th>
                      <th scope="col">Of</th>
                      <th scope="col" class="number">Calls</th>
                      <th scope="col" class="number">Failed</th>
                      <th scope="col" class="number">p50</th>
                      <th scope="col" class="number">p95</th>
                      <th scope="col" class="number">p99</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${shown.map((row) => this.#row(row, row === chosen))}
                  </tbody>
                </table>
              </div>
              ${histogram(chosen)}
            </div>`
      }
    </section>`;
  }

  #row(row: FunctionRow, chosen: boolean): TemplateResult {
    const { instance, func } = namesOf(row);
    return html`<tr class=${chosen ? "chosen" : ""}>
      <th scope="row">
        <button
          type="button"
          class="quiet latency-name"
          aria-pressed=${chosen ? "true" : "false"}
          @click=${() => (this.chosen = keyOf(row))}
        >
          ${func}
        </button>
        <span class="latency-instance">${instance}</span>
      </th>
      <td>${row.outgoing ? html`<span class="dim">called by</span> ` : nothing}${row.id}</td>
      <td class="figure number">${count(row.calls)}</td>
      <td class="figure number ${row.errors > 0 ? "failing" : ""}">${count(row.errors)}</td>
      ${[0.5, 0.95, 0.99].map(
        (share) => html`<td class="figure number">${quantileWords(quantile(row, share))}</td>`,
      )}
    </tr>`;
  }
}

customElements.define("inlay-rates", RatesView);

function rateList({ now, most, calls, errors }: RateFigures): TemplateResult {
  const share = calls === 0 ? 0 : (errors / calls) * 100;
  const percent = share > 0 && share < 0.1 ? "under 0.1" : share.toFixed(1);
  return html`<dl class="rate-figures">
    <div>
      <dt>now</dt>
      <dd><span class="figure big-figure">${count(now)}</span></dd>
    </div>
    <div>
      <dt>at most</dt>
      <dd class="figure">${count(most)}</dd>
    </div>
    <div>
      <dt>in all</dt>
      <dd class="figure">${count(calls)}</dd>
    </div>
    <div class=${errors > 0 ? "failing" : ""}>
      <dt>failed</dt>
      <dd class="figure">
        ${count(errors)}${errors > 0 ? html` <small>${percent} %</small>` : nothing}
      </dd>
    </div>
  </dl>`;
}

function histogram(row: FunctionRow): TemplateResult {
  const { func } = namesOf(row);
  const mean = row.calls === 0 ? 0 : row.sumMs / row.calls;
  return html`<table class="histogram">
    <caption>
      How long
      <b>${func}</b>
      of ${row.id} takes: on average
      <span class="figure">${duration(mean)}</span>
    </caption>
    <thead class="unseen">
      <tr>
        <th scope="col">Time</th>
        <th scope="col">Calls</th>
        <th scope="col">Share of the longest bar</th>
      </tr>
    </thead>
    <tbody>
      ${histogramOf(row).map(
        ({ words, calls, length }) =>
          html`<tr>
            <th scope="row" class="figure">${words}</th>
            <td class="histogram-bar">
              <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <rect width=${calls === 0 ? 0 : Math.max(0.5, length * 100)} height="10" />
              </svg>
            </td>
            <td class="figure number">${count(calls)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function components(all: readonly ComponentRates[]): TemplateResult {
  return html`<section class="panel vitals" aria-labelledby="vitals-title">
    <header>
      <h2 id="vitals-title">Components</h2>
      <span class="dim">in this tab, now</span>
    </header>
    ${
      all.length === 0
        ? html`<p class="empty">No component runs in this tab.</p>`
        : html`<div class="table-frame" tabindex="0" role="region" aria-label="Memory and run time">
            <table>
              <thead>
                <tr>
                  <th scope="col">Component</th>
                  <th scope="col">Guests compute</th>
                  <th scope="col" class="number">Linear memory</th>
                  <th scope="col" class="number">Instances</th>
                  <th scope="col" class="number">Workers</th>
                </tr>
              </thead>
              <tbody>
                ${all.map(
                  ({ id, busy, memoryBytes, instances, workers }) =>
                    html`<tr>
                      <th scope="row">${id}</th>
                      <td class="busy">
                        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                          <rect width=${Math.min(1, busy) * 100} height="6" />
                        </svg>
                        <span class="figure">${busyWords(busy)}</span>
                      </td>
                      <td class="figure number">${size(memoryBytes)}</td>
                      <td class="figure number">${count(instances)}</td>
                      <td class="figure number">${count(workers)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    <p class="dim vitals-note">
      Guests compute: the time that they have run, without waiting, by the time that has passed.
      Linear memory: of all instances, also those kept ready. A component that runs beside its
      caller counts with that. Browsers tell no more: neither a worker's processor time nor what the
      engine needs besides.
    </p>
  </section>`;
}

function namesOf({ operation }: FunctionRow): { readonly instance: string; readonly func: string } {
  const at = operation.lastIndexOf("/");
  return { instance: operation.slice(0, Math.max(0, at)), func: operation.slice(at + 1) };
}

function quantileWords(found: Quantile | undefined): string {
  if (found === undefined) return "";
  return found.beyond ? `over ${duration(found.ms)}` : duration(found.ms);
}
