/** Who this host is and what it is connected to. */
import type { TemplateResult } from "lit";
import type { BusStatus } from "../../core/bus.ts";
import type { Bridge, NodeState } from "../../core/node-state.ts";

import { html, nothing } from "lit";
import { factsWords } from "../state/facts.ts";

const BRIDGES: Readonly<Record<Bridge, string>> = {
  jspi: "JSPI: guests wait by stack switching",
  atomics: "Atomics: guests wait in a blocked worker",
  sync: "Synchronous: guests cannot wait",
};

export function hostCard(state: NodeState): TemplateResult {
  const labels = Object.entries(state.labels);
  return html`<section class="panel host" aria-labelledby="host-title">
    <h2 id="host-title">This host</h2>
    <dl class="rows">
      ${row("Name", state.friendlyName)} ${hostIdRow(state.hostId)} ${row("Lattice", state.lattice)}
      ${busRow("Control", state.control)} ${busRow("Calls", state.rpc)}
      ${row("Links and configuration", state.hostId === undefined ? undefined : factsWords(state))}
      ${row("Bridge", state.bridge === undefined ? undefined : BRIDGES[state.bridge])}
      ${row("Version", state.version === "" ? undefined : `Inlay ${state.version}`)}
      ${
        labels.length === 0
          ? nothing
          : html`<div>
              <dt>Labels</dt>
              <dd>
                <ul class="labels">
                  ${labels.map(
                    ([key, value]) =>
                      html`<li>
                        <span class="dim">${key}</span><span class="dim">=</span>${value}
                      </li>`,
                  )}
                </ul>
              </dd>
            </div>`
      }
    </dl>
  </section>`;
}

function row(term: string, value: string | undefined): TemplateResult | typeof nothing {
  if (value === undefined) return nothing;
  return html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`;
}

function hostIdRow(id: string | undefined): TemplateResult | typeof nothing {
  if (id === undefined) return nothing;
  return html`<div>
    <dt>Host id</dt>
    <dd class="host-id">
      <code>${id}</code> <inlay-copy .text=${id} .what=${"host id"}></inlay-copy>
    </dd>
  </div>`;
}

function busRow(term: string, status: BusStatus): TemplateResult {
  return html`<div>
    <dt>${term}</dt>
    <dd class="bus bus-${status.phase}">
      <span class="dot" aria-hidden="true"></span>${busWords(status)}
    </dd>
  </div>`;
}

function busWords(status: BusStatus): TemplateResult | string {
  switch (status.phase) {
    case "connecting":
      return "connecting";
    case "open":
      return html`<code>${status.server}</code>`;
    case "reconnecting":
      return `reconnecting${status.reason === undefined ? "" : `: ${status.reason}`}`;
    case "closed":
      return `closed${status.reason === undefined ? "" : `: ${status.reason}`}`;
  }
}
