/** All that is known of one call: who, where its time went, its values, its trace. */
import type { TemplateResult } from "lit";
import type { WatchedCall } from "../../core/watched-calls.ts";

import { html, nothing } from "lit";
import { OUTCOME_WORDS } from "../state/calls.ts";
import { duration, timeOfDay } from "../state/figures.ts";
import { partsOf, traceOf, WAY_WORDS } from "../state/waterfall.ts";

export interface DetailsOptions {
  /** The call within which it was, if that is known. */
  readonly parent: WatchedCall | undefined;
  /** Calls within it. */
  readonly inner: readonly WatchedCall[];
  readonly choose: (seq: number) => void;
  readonly close: () => void;
}

export function callDetails(call: WatchedCall, options: DetailsOptions): TemplateResult {
  const { func, instance, outcome, error, tookMs } = call;
  return html`<div class="wf-details-head">
      <h3 id="call-details-title" tabindex="-1">${func}</h3>
      <button type="button" class="quiet" aria-label="Close the details" @click=${options.close}>
        Close
      </button>
    </div>
    <p class="wf-interface">${instance === "" ? "a function of the world itself" : instance}</p>
    <p class="wf-outcome call-${outcome}">
      <span class="call-outcome">${OUTCOME_WORDS[outcome]}</span> after
      <span class="figure">${duration(tookMs)}</span>
    </p>
    ${error === undefined ? nothing : html`<p class="trouble">${error}</p>`} ${values(call)}
    ${times(call)} ${family(options)} ${identity(call)}`;
}

function values({ args, result, cut, way, outcome }: WatchedCall): TemplateResult {
  if (args === undefined && result === undefined) {
    return html`<p class="dim">
      ${
        way === "companion"
          ? "Its values were not seen: it was answered in its caller's own worker."
          : "Its values were not seen."
      }
    </p>`;
  }
  return html`<dl class="wf-values">
      ${(args ?? []).map(
        ({ name, text }) =>
          html`<div>
            <dt>${name}</dt>
            <dd><code>${text}</code></dd>
          </div>`,
      )}
      <div class="wf-result">
        <dt>gives</dt>
        <dd>
          ${
            result === undefined
              ? html`<span class="dim">${outcome === "ok" ? "nothing" : "no result"}</span>`
              : html`<code>${result}</code>`
          }
        </dd>
      </div>
    </dl>
    ${cut === true ? html`<p class="dim">Cut at 2,000 characters of each direction.</p>` : nothing}`;
}

function times(call: WatchedCall): TemplateResult | typeof nothing {
  const parts = partsOf(call);
  const { waitedMs } = call.times;
  if (parts.length === 0) return nothing;
  return html`<table class="wf-times">
    <caption>
      Where its time went
    </caption>
    <tbody>
      ${parts.map(
        ({ words, ms, part }) =>
          html`<tr>
              <th scope="row">${words}</th>
              <td class="figure">${duration(ms)}</td>
              <td class="figure dim">${Math.round((ms / call.tookMs) * 100)} %</td>
            </tr>
            ${
              part === "guest" && waitedMs !== undefined && waitedMs > 0
                ? html`<tr class="wf-waited">
                    <th scope="row">of that, waiting for imports</th>
                    <td class="figure">${duration(waitedMs)}</td>
                    <td class="figure dim">${Math.round((waitedMs / call.tookMs) * 100)} %</td>
                  </tr>`
                : nothing
            }`,
      )}
    </tbody>
  </table>`;
}

/** Calls within it that are named. */
const MOST_INNER = 8;

function family({ parent, inner, choose }: DetailsOptions): TemplateResult | typeof nothing {
  if (parent === undefined && inner.length === 0) return nothing;
  const link = (call: WatchedCall): TemplateResult =>
    html`<button type="button" class="quiet wf-relative" @click=${() => choose(call.seq)}>
      ${call.func} <span class="dim">of ${call.target ?? "this host"}</span>
    </button>`;
  return html`<dl class="wf-facts">
    ${
      parent === undefined
        ? nothing
        : html`<dt>Within</dt>
            <dd>${link(parent)}</dd>`
    }
    ${
      inner.length === 0
        ? nothing
        : html`<dt>Made</dt>
            <dd>
              ${inner.slice(0, MOST_INNER).map(link)}
              ${
                inner.length > MOST_INNER
                  ? html`<span class="dim">and ${inner.length - MOST_INNER} more</span>`
                  : nothing
              }
            </dd>`
    }
  </dl>`;
}

function identity(call: WatchedCall): TemplateResult {
  const trace = traceOf(call.traceparent);
  return html`<dl class="wf-facts">
    <dt>From</dt>
    <dd>${call.source ?? html`<span class="dim">not said</span>`}</dd>
    <dt>To</dt>
    <dd>${call.target ?? "this host"}</dd>
    <dt>Way</dt>
    <dd>${WAY_WORDS[call.way]}</dd>
    <dt>Began</dt>
    <dd class="figure">${timeOfDay(call.at)}</dd>
    <dt>Call</dt>
    <dd class="figure">${call.id}</dd>
    ${
      trace === undefined
        ? nothing
        : html`<dt>Trace</dt>
            <dd>
              <span class="figure">${trace.traceId}</span>
              <inlay-copy .text=${trace.traceId} .what=${"trace id"}></inlay-copy>
            </dd>
            <dt>Span</dt>
            <dd class="figure">${trace.spanId}</dd>`
    }
  </dl>`;
}
