/** One component: what it is, how it gets ready, how busy it is, what it exports. */
import type { TemplateResult } from "lit";
import type { ExportedFunction, WorkloadView } from "../../core/node-state.ts";
import type { LoadProgress, LoadStage } from "../../core/workload.ts";
import type { PageActions } from "../session.ts";

import { html, nothing } from "lit";
import { count, short, size } from "../state/figures.ts";
import { simpleParams } from "../state/signature.ts";
import { outcomesList } from "./outcomes.ts";

const STAGES: readonly { readonly stage: LoadStage; readonly words: string }[] = [
  { stage: "resolve", words: "Resolving" },
  { stage: "fetch", words: "Fetching" },
  { stage: "verify", words: "Checking" },
  { stage: "transpile", words: "Preparing" },
  { stage: "compile", words: "Compiling" },
  { stage: "subscribe", words: "Subscribing" },
];

/** More slots than this are drawn as one bar. */
const SLOTS_DRAWN = 40;

const PHASE_WORDS: Readonly<Record<WorkloadView["state"]["phase"], string>> = {
  starting: "Starting",
  running: "Running",
  stopping: "Stopping",
  failed: "Failed",
};

/** Its state in a word, and the look of it. */
export function stateWord({ state, accepting }: Pick<WorkloadView, "state" | "accepting">): {
  readonly word: string;
  readonly look: WorkloadView["state"]["phase"] | "full";
} {
  const full = state.phase === "running" && !accepting;
  return full
    ? { word: "Line full", look: "full" }
    : { word: PHASE_WORDS[state.phase], look: state.phase };
}

export function componentCard(
  workload: WorkloadView,
  actions: PageActions | undefined,
  stop: (id: string) => void,
): TemplateResult {
  const { id, state, image, digest, sizeBytes } = workload;
  const { word, look } = stateWord(workload);
  return html`<article class="component component-${look}" aria-label="Component ${id}">
    <header>
      <h3>${id}</h3>
      <span class="pill"><span class="dot" aria-hidden="true"></span>${word}</span>
      <button
        type="button"
        class="quiet"
        aria-label="Stop ${id}"
        ?disabled=${state.phase === "stopping"}
        @click=${() => stop(id)}
      >
        ${state.phase === "failed" ? "Remove" : "Stop"}
      </button>
    </header>
    <p class="component-image">
      <code title=${image}>${image}</code>
      <span class="dim figure"
        >${digest === undefined ? "" : short(digest, 7, 4)}${
          sizeBytes === undefined ? "" : html` <span>${size(sizeBytes)}</span>`
        }</span
      >
    </p>
    ${state.phase === "starting" ? progressBar(state.progress) : nothing}
    ${state.phase === "failed" ? html`<p class="trouble">${state.error}</p>` : nothing}
    ${state.phase === "running" || state.phase === "stopping" ? loadBar(workload) : nothing}
    ${exportsOf(workload, actions)}
  </article>`;
}

export function progressBar({ stage, bytes, totalBytes }: LoadProgress): TemplateResult {
  const at = STAGES.findIndex((known) => known.stage === stage);
  const fetched =
    bytes === undefined
      ? ""
      : ` ${size(bytes)}${totalBytes === undefined ? "" : ` of ${size(totalBytes)}`}`;
  return html`<div class="progress">
    <div class="progress-bar" aria-hidden="true">
      ${STAGES.map((_, index) => {
        const when = index < at ? "done" : index === at ? "now" : "later";
        const part = index === at && bytes !== undefined && totalBytes ? bytes / totalBytes : 1;
        return html`<span class=${when} .style=${`--part:${part}`}></span>`;
      })}
    </div>
    <p class="figure">${STAGES[at]?.words ?? stage}${fetched}</p>
  </div>`;
}

export function loadBar(workload: WorkloadView): TemplateResult {
  const { running, waiting, maxInstances, accepting } = workload;
  return html`<div class="load">
    <div class="slots" aria-hidden="true">
      ${
        maxInstances <= SLOTS_DRAWN
          ? Array.from(
              { length: maxInstances },
              (_, slot) => html`<i class=${slot < running ? "busy" : ""}></i>`,
            )
          : html`<i class="wide" .style=${`--part:${running / maxInstances}`}></i>`
      }
    </div>
    <p>
      <span><b>${running}</b> of ${maxInstances} running</span>
      <span class=${waiting > 0 ? "wait" : ""}><b>${count(waiting)}</b> waiting</span>
      ${accepting ? nothing : html`<span class="wait">new calls go to other hosts</span>`}
    </p>
    ${outcomesList(workload)}
  </div>`;
}

function exportsOf(
  { id, exports, state }: WorkloadView,
  actions: PageActions | undefined,
): TemplateResult | typeof nothing {
  if (exports.length === 0) return nothing;
  const instances = Array.from(new Set(exports.map(({ instance }) => instance)));
  return html`<div class="exports">
    ${instances.map(
      (instance) =>
        html`<h4>${instance === "" ? "world" : instance}</h4>
          <ul aria-label="Functions of ${instance}">
            ${exports
              .filter((func) => func.instance === instance)
              .map(
                (func) =>
                  html`<li>${functionRow(id, func, state.phase === "running", actions)}</li>`,
              )}
          </ul>`,
    )}
  </div>`;
}

function functionRow(
  target: string,
  func: ExportedFunction,
  running: boolean,
  actions: PageActions | undefined,
): TemplateResult {
  const params = running ? simpleParams(func) : undefined;
  const signature = html`<code><b>${func.func}</b>: ${func.signature}</code>`;
  if (func.unserved !== undefined) {
    return html`<span class="unserved">${signature}</span>
      <span class="unserved-why">${func.unserved}</span>`;
  }
  if (params === undefined || actions === undefined) return signature;
  return html`<details>
    <summary>${signature}<span class="try-word" aria-hidden="true">Try</span></summary>
    <inlay-try .target=${target} .func=${func} .params=${params} .actions=${actions}></inlay-try>
  </details>`;
}
