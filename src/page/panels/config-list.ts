/** Named configuration that the lattice keeps: names, and the values of one when somebody asks for them. */
import type { PropertyDeclarations, TemplateResult } from "lit";
import type { LatticeNode, Link } from "../../index.ts";
import type { ConfigEntry } from "../state/config-form.ts";

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { asLatticeError } from "../../core/error.ts";
import { configEntries } from "../state/config-form.ts";
import { storeRefused } from "../state/link-form.ts";
import { ConfigForm } from "./config-form.ts";
import { confirmButton } from "./confirm-button.ts";
import { LightElement } from "./light-element.ts";

type Values = Readonly<Record<string, string>>;

export class ConfigList extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    lattice: { attribute: false },
    names: { attribute: false },
    links: { attribute: false },
    shown: { state: true },
    trouble: { state: true },
  };

  declare node: LatticeNode | undefined;
  declare lattice: string;
  /** `undefined` while nobody can tell. */
  declare names: readonly string[] | undefined;
  declare links: readonly Link[];
  /** Values that somebody asked for, by name. */
  declare shown: ReadonlyMap<string, Values>;
  declare trouble: string;

  constructor() {
    super();
    this.lattice = "default";
    this.names = undefined;
    this.links = [];
    this.shown = new Map();
    this.trouble = "";
  }

  protected override render(): TemplateResult {
    const entries = configEntries(this.names, this.links);
    return html`<section class="panel" aria-labelledby="config-title">
      <header>
        <h2 id="config-title">Configuration</h2>
        <span class="dim">values are fetched when you ask for them</span>
      </header>
      ${this.trouble === "" ? nothing : html`<p class="trouble" role="alert">${this.trouble}</p>`}
      <div class="kept">
        <div class="kept-list">
          ${
            entries.length === 0
              ? html`<p class="empty">
                  ${
                    this.names === undefined
                      ? "The names of configuration cannot be read here."
                      : "No configuration yet. It is kept by name, for links and for components."
                  }
                </p>`
              : html`<ul class="config-list">
                  ${repeat(
                    entries,
                    ({ name }) => name,
                    (entry) => this.#entry(entry),
                  )}
                </ul>`
          }
        </div>
        <inlay-config-form
          .node=${this.node}
          .lattice=${this.lattice}
          .names=${this.names ?? []}
          @inlay-config-put=${(event: CustomEvent<string>) => this.#hide(event.detail)}
        ></inlay-config-form>
      </div>
    </section>`;
  }

  #entry({ name, secret, kept, links }: ConfigEntry): TemplateResult {
    const values = this.shown.get(name);
    return html`<li>
      <div class="config-head">
        <b class="config-name">${name}</b>
        ${links === 0 ? nothing : html`<span class="dim">${links === 1 ? "1 link" : `${links} links`}</span>`}
        ${secret ? html`<span class="dim">reference to a secret</span>` : nothing}
        ${kept ? nothing : html`<span class="lacking">not kept</span>`}
        <span class="row-actions">
          ${
            secret || !kept
              ? nothing
              : html`<button
                    type="button"
                    class="quiet"
                    aria-expanded=${values === undefined ? "false" : "true"}
                    aria-label="${values === undefined ? "Show" : "Hide"} values of ${name}"
                    @click=${() => (values === undefined ? void this.#show(name) : this.#hide(name))}
                  >
                    ${values === undefined ? "Show values" : "Hide values"}
                  </button>
                  <button
                    type="button"
                    class="quiet"
                    aria-label="Change ${name}"
                    @click=${() => void this.#edit(name)}
                  >
                    Change
                  </button>`
          }
          ${
            kept
              ? confirmButton({
                  word: "Remove",
                  label: `Remove ${name}`,
                  question:
                    links === 0
                      ? "Remove it?"
                      : `Remove it? ${links === 1 ? "A link has" : "Links have"} its name.`,
                  act: () => this.#remove(name),
                })
              : nothing
          }
        </span>
      </div>
      ${values === undefined ? nothing : valuesList(values)}
    </li>`;
  }

  #hide(name: string): void {
    this.shown = new Map([...this.shown].filter(([other]) => other !== name));
  }

  async #show(name: string): Promise<void> {
    const values = await this.#read(name);
    if (values !== undefined) this.shown = new Map(this.shown).set(name, values);
  }

  async #edit(name: string): Promise<void> {
    const values = await this.#read(name);
    const form = this.querySelector("inlay-config-form");
    if (values !== undefined && form instanceof ConfigForm) form.edit(name, values);
  }

  /** Does not fail: what goes wrong is shown. */
  async #read(name: string): Promise<Values | undefined> {
    this.trouble = "";
    try {
      const values = await this.node?.lattice.readConfig(name);
      if (values === undefined) this.trouble = `The lattice keeps no ${name} any more.`;
      return values;
    } catch (thrown) {
      this.#fail(`The values of ${name} cannot be read.`, thrown);
      return undefined;
    }
  }

  /** Does not fail, as above. */
  async #remove(name: string): Promise<void> {
    this.trouble = "";
    try {
      await this.node?.lattice.removeConfig(name);
      this.#hide(name);
    } catch (thrown) {
      this.#fail(`${name} is still there.`, thrown);
    }
  }

  #fail(lead: string, thrown: unknown): void {
    const { code, message } = asLatticeError(thrown);
    this.trouble = `${lead} ${storeRefused(code, message)}`;
  }
}

function valuesList(values: Values): TemplateResult {
  const entries = Object.entries(values);
  if (entries.length === 0) return html`<p class="dim config-values">It has no keys.</p>`;
  return html`<dl class="config-values">
    ${entries.map(
      ([key, value]) =>
        html`<div>
          <dt><code>${key}</code></dt>
          <dd><code>${value}</code></dd>
        </div>`,
    )}
  </dl>`;
}
