/** `<inlay-advice>`: what to do about a node that failed. Where no server answered, it looks why. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { NodeState } from "../../core/node-state.ts";
import type { Finding } from "../state/findings.ts";

import { html, nothing } from "lit";
import { adviceFor } from "../state/advice.ts";
import { findings } from "../state/findings.ts";
import { probe } from "../probe.ts";
import { LightElement } from "./light-element.ts";

interface Found {
  readonly server: string;
  /** `undefined` while it is looked at. */
  readonly findings: readonly Finding[] | undefined;
}

export class AdvicePanel extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    error: { attribute: false },
    servers: { attribute: false },
    found: { state: true },
  };

  /** Absent where nothing failed. */
  declare error: NodeState["error"];
  /** Where the node was to join. */
  declare servers: readonly string[];
  declare found: readonly Found[];

  constructor() {
    super();
    this.servers = [];
    this.found = [];
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("error")) return;
    const { error } = this;
    this.found = [];
    if (error?.code === "no-servers") this.#look(error);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { error } = this;
    if (error === undefined) return nothing;
    return html`<section class="panel advice" aria-labelledby="advice-title">
      <h2 id="advice-title">What to do next</h2>
      ${this.found.length === 0 ? steps(adviceFor(error.code).steps) : this.found.map(aboutServer)}
      <p class="dim">Error code <code>${error.code}</code></p>
    </section>`;
  }

  #look(error: NodeState["error"]): void {
    const servers = this.servers.filter((server) => URL.canParse(server));
    this.found = servers.map((server) => ({ server, findings: undefined }));
    for (const [index, server] of servers.entries()) void this.#lookAt(index, server, error);
  }

  /** Does not fail. */
  async #lookAt(index: number, server: string, error: NodeState["error"]): Promise<void> {
    const evidence = await probe(server);
    if (this.error !== error) return; // tried again meanwhile
    this.found = this.found.with(index, { server, findings: findings(evidence) });
  }
}

function steps(words: readonly string[]): TemplateResult {
  return html`<ul>
    ${words.map((step) => html`<li>${step}</li>`)}
  </ul>`;
}

/** Without its query, which may be a secret. */
function shown(server: string): string {
  return server.replace(/[?#].*$/s, "");
}

function aboutServer({ server, findings: rows }: Found): TemplateResult {
  return html`<section
    class="found"
    aria-label="About ${shown(server)}"
    aria-busy=${rows === undefined}
  >
    <h3><code>${shown(server)}</code></h3>
    ${
      rows === undefined
        ? html`<p class="dim" role="status">Looking why it did not answer.</p>`
        : html`<ul>
            ${rows.map(
              ({ sure, what, next }) =>
                html`<li class="found-${sure}">
                  <p>
                    <span class="found-sure">${sure === "certain" ? "Seen" : "Likely"}</span>
                    ${what}
                  </p>
                  <p class="dim">${next}</p>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}
