/**
 * Workloads of wasmCloud v2 in this tab: the components of each, what meets their imports, how busy they are. Nothing where there are
 * none.
 */
import type { TemplateResult } from "lit";
import type { SetMemberView, WorkloadSetView } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { count } from "../state/figures.ts";
import { countWords, memberWord, metBy, workloadWord } from "../state/workloads.ts";
import { outcomesList } from "./outcomes.ts";

export function workloadsPanel(sets: readonly WorkloadSetView[]): TemplateResult | typeof nothing {
  if (sets.length === 0) return nothing;
  return html`<section class="panel workloads" aria-labelledby="workloads-title">
    <header>
      <h2 id="workloads-title">Workloads</h2>
      <p class="dim">${countWords(sets)}</p>
    </header>
    <div class="workload-list">${repeat(sets, ({ id }) => id, workloadCard)}</div>
  </section>`;
}

function workloadCard(set: WorkloadSetView): TemplateResult {
  const { id, namespace, name, phase, message, members } = set;
  const { word, look } = workloadWord(set);
  return html`<article class="workload component-${look}" aria-label="Workload ${name}">
    <header>
      <h3>${name} <span class="dim">${namespace}</span></h3>
      <span class="pill"><span class="dot" aria-hidden="true"></span>${word}</span>
    </header>
    <p class="component-image"><code title=${id}>${id}</code></p>
    ${phase === "failed" ? html`<p class="trouble">${message}</p>` : nothing}
    ${
      members.length === 0
        ? nothing
        : html`<ul class="members" aria-label="Components of ${name}">
            ${repeat(members, (member) => member.name, memberRow)}
          </ul>`
    }
  </article>`;
}

function memberRow(member: SetMemberView): TemplateResult {
  const { name, image, running, waiting, state } = member;
  const { word, look } = memberWord(member);
  const met = metBy(member);
  return html`<li class="component-${look}">
    <p class="member-head">
      <span class="dot" aria-hidden="true"></span><b>${name}</b>
      <span class="dim">${word}</span>
      <code class="dim" title=${image}>${image}</code>
    </p>
    ${state.phase === "failed" ? html`<p class="trouble">${state.error}</p>` : nothing}
    ${
      met.length === 0
        ? nothing
        : html`<dl class="met">
            ${met.map(
              ({ instance, by }) =>
                html`<div>
                  <dt><code>${instance}</code></dt>
                  <dd>${by}</dd>
                </div>`,
            )}
          </dl>`
    }
    ${
      state.phase === "running"
        ? html`<div class="load">
            <p>
              <span><b>${count(running)}</b> running</span>
              <span class=${waiting > 0 ? "wait" : ""}><b>${count(waiting)}</b> waiting</span>
            </p>
            ${outcomesList(member)}
          </div>`
        : nothing
    }
  </li>`;
}
