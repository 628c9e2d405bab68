/** The view of safety: what this tab may do in its lattice, what each component may, what was refused, who forges calls. */
import type { TemplateResult } from "lit";
import type { NodeState, WorkloadView } from "../../index.ts";
import type { Ability } from "../state/rights.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { safetyPanel } from "../panels/safety.ts";
import { expiryWords } from "../state/credential-words.ts";
import { count, timeOfDay } from "../state/figures.ts";
import { groupedImports } from "../state/grouped-imports.ts";
import { hasSafety } from "../state/safety.ts";
import { abilities, userWords } from "../state/rights.ts";

export function view({ state }: ViewContext): TemplateResult {
  return html`<div class="safety-view">
    ${credential(state)} ${components(state)} ${refused(state)}
    ${
      hasSafety(state)
        ? safetyPanel(state)
        : html`<section class="panel" aria-labelledby="forged-title">
            <h2 id="forged-title">Forged calls</h2>
            <p class="empty">
              Nobody watches for them. Calls of wasmCloud 0.82 are signed: a tab that speaks it, and
              is told which clusters to trust, can look at all calls of the lattice. Those of 1.x
              and v2 carry no signature.
            </p>
          </section>`
    }
  </div>`;
}

function credential(state: NodeState): TemplateResult {
  const { control, rpc } = state.users;
  const known = (control ?? rpc)?.rights !== undefined;
  const rows = abilities(state);
  return html`<section class="panel rights" aria-labelledby="rights-title">
    <h2 id="rights-title">What this tab may do in the lattice</h2>
    <dl class="rows">
      <div>
        <dt>Shows</dt>
        <dd>${userWords(control)}${expiry(control?.expires)}</dd>
      </div>
      ${
        rpc === undefined || userWords(rpc) === userWords(control)
          ? nothing
          : html`<div>
              <dt>For calls</dt>
              <dd>${userWords(rpc)}${expiry(rpc.expires)}</dd>
            </div>`
      }
    </dl>
    <ul class="abilities">
      ${rows.filter(({ risky }) => !risky).map(ability)}
    </ul>
    <h3>More than a host needs</h3>
    <ul class="abilities">
      ${rows.filter(({ risky }) => risky).map(ability)}
    </ul>
    <p class="hint">
      ${
        known
          ? "As the user’s JWT says; its account or the server may allow less."
          : "The server keeps the rules and tells only what it refuses: what is open here was not refused so far."
      }
    </p>
  </section>`;
}

function expiry(expires: number | undefined): string {
  return expires === undefined ? "" : `, ${expiryWords(expires, Date.now())}`;
}

const ANSWERS: Readonly<Record<Ability["may"], string>> = {
  yes: "May",
  no: "May not",
  unknown: "Open",
};

function ability({ what, may, risky }: Ability): TemplateResult {
  return html`<li class="ability ability-${may} ${risky ? "ability-risky" : ""}">
    <span class="ability-may"><span class="dot" aria-hidden="true"></span>${ANSWERS[may]}</span>
    <span>${what}</span>
  </li>`;
}

function components({ workloads, workloadSets }: NodeState): TemplateResult {
  const members = workloadSets.flatMap((set) => set.members);
  const all: readonly WorkloadView[] = [...workloads, ...members];
  return html`<section class="panel" aria-labelledby="uses-title">
    <h2 id="uses-title">What components may use</h2>
    <p class="hint">
      Nothing is there for them but what they import: no network, no storage, no other page. Each
      has a worker of its own, and each call an instance of its own.
    </p>
    ${
      all.length === 0
        ? html`<p class="empty">No component runs here.</p>`
        : html`<ul class="uses">
            ${all.map(
              ({ id, imports }) =>
                html`<li>
                  <h3>${id}</h3>
                  ${uses(imports)}
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}

function uses(imports: readonly string[]): TemplateResult {
  const { host, links } = groupedImports(imports);
  if (host.length + links.length === 0) {
    return html`<p class="dim">It imports nothing: it can compute, and answer.</p>`;
  }
  return html`<dl class="rows">
    ${
      host.length === 0
        ? nothing
        : html`<div>
            <dt>Of the host</dt>
            <dd>${host.join(", ")}</dd>
          </div>`
    }
    ${
      links.length === 0
        ? nothing
        : html`<div>
            <dt>By links</dt>
            <dd>${links.map((name) => html`<code>${name}</code> `)}</dd>
          </div>`
    }
  </dl>`;
}

function refused({ refusals }: NodeState): TemplateResult {
  return html`<section class="panel" aria-labelledby="refused-title">
    <header>
      <h2 id="refused-title">Refused by the server</h2>
      <span class="dim">${refusals.length === 0 ? "nothing so far" : count(refusals.length)}</span>
    </header>
    ${
      refusals.length === 0
        ? nothing
        : html`<div
            class="table-frame"
            tabindex="0"
            role="region"
            aria-label="Refused by the server"
          >
            <table>
              <thead>
                <tr>
                  <th scope="col">Tried to</th>
                  <th scope="col">Subject</th>
                  <th scope="col">Times</th>
                  <th scope="col">Last at</th>
                </tr>
              </thead>
              <tbody>
                ${refusals.toReversed().map(
                  ({ operation, subject, queue, times, at }) =>
                    html`<tr>
                      <th scope="row">${operation === "publish" ? "send" : "listen"}</th>
                      <td>
                        <code>${subject}</code
                        >${queue === undefined ? nothing : html` in <code>${queue}</code>`}
                      </td>
                      <td class="figure">${count(times)}</td>
                      <td><time class="figure">${timeOfDay(at)}</time></td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}
