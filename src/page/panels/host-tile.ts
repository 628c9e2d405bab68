/** A host of the lattice as a tile: the fewer there are, the more each says. */
import type { TemplateResult } from "lit";
import type { ObservedComponent, ObservedHost, ObservedProvider } from "../../index.ts";
import type { Density } from "../state/slots.ts";

import { html, nothing } from "lit";
import { MOST_ROWS } from "../state/slots.ts";
import { nameOf } from "../state/topology.ts";
import { contentsWords, hostWords, systemWords } from "../state/topology-words.ts";

export interface TileParts {
  readonly host: ObservedHost;
  readonly density: Density;
  /** The Tab key reaches it; arrows go to the others. */
  readonly active: boolean;
  readonly chosen: boolean;
  /** The component or provider that is chosen, of whomever. */
  readonly entity: string | undefined;
  /** Hosts that run it with this one. */
  readonly groupOf: (id: string) => number;
  readonly chooseHost: (id: string) => void;
  readonly chooseEntity: (id: string) => void;
  readonly move: (event: KeyboardEvent, id: string) => void;
}

const MOST_MARKS: Readonly<Record<Exclude<Density, "large">, number>> = { medium: 20, small: 8 };

type Entry = ObservedComponent | ObservedProvider;

export function hostTile(parts: TileParts): TemplateResult {
  const { host, density, active, chosen, entity, chooseHost, move } = parts;
  const entries: readonly Entry[] = [...host.providers, ...host.components];
  const related = entity === undefined || entries.some(({ id }) => id === entity);
  const look = [
    `tile tile-${density}`,
    host.own ? "own" : "",
    host.silentSinceMs === undefined ? "" : "silent",
    chosen ? "chosen" : "",
    related ? "" : "faded",
    entity !== undefined && related ? "lit" : "",
  ];
  return html`<li
    class=${look.join(" ")}
    data-host=${host.id}
    @keydown=${(event: KeyboardEvent) => move(event, host.id)}
  >
    <button
      type="button"
      class="tile-host"
      tabindex=${active ? 0 : -1}
      aria-pressed=${chosen}
      @click=${() => chooseHost(host.id)}
    >
      <span class="unseen">${hostWords(host)}</span>
      <span class="tile-name" aria-hidden="true"
        ><b>${nameOf(host)}</b>${density === "small" ? nothing : tag(host)}</span
      >
      ${density === "small" ? nothing : html`<span class="tile-system" aria-hidden="true"><i>${systemWords(host)}</i>${density === "medium" ? tag(host) : nothing}</span>`}
    </button>
    ${density === "large" ? rows(entries, parts) : marks(entries, host, density, entity)}
  </li>`;
}

function tag({ own, silentSinceMs }: ObservedHost): TemplateResult | typeof nothing {
  if (own) return html`<span class="tag tag-own">this tab</span>`;
  return silentSinceMs === undefined ? nothing : html`<span class="tag tag-silent">silent</span>`;
}

const isProvider = (entry: Entry): entry is ObservedProvider => "healthy" in entry;
const isUnhealthy = (entry: Entry): boolean => isProvider(entry) && entry.healthy === false;

function rows(entries: readonly Entry[], parts: TileParts): TemplateResult {
  const { host, active, entity, chooseEntity, chooseHost, groupOf } = parts;
  const shown = entries.slice(0, entries.length > MOST_ROWS ? MOST_ROWS - 1 : MOST_ROWS);
  const rest = entries.length - shown.length;
  if (entries.length === 0) return html`<p class="tile-empty">${contentsWords(host)}</p>`;
  return html`<ul class="tile-runs">
    ${shown.map((entry) => {
      const group = groupOf(entry.id);
      const kind = isProvider(entry) ? "provider" : "component";
      const at = isProvider(entry) ? "" : `×${entry.maxInstances}`;
      return html`<li>
        <button
          type="button"
          class="run ${isUnhealthy(entry) ? "bad" : ""}"
          tabindex=${active ? 0 : -1}
          aria-pressed=${entry.id === entity}
          @click=${() => chooseEntity(entry.id)}
        >
          <i class="glyph glyph-${kind}" aria-hidden="true"></i><span class="unseen">${kind} </span
          ><span class="run-name">${labelOf(entry)}</span>
          ${
            isUnhealthy(entry)
              ? html`<span class="run-word">unhealthy</span>`
              : html`<span class="run-figure figure">${at}</span>`
          }
          ${
            group > 1
              ? html`<span class="run-group" title="One queue group of ${group} hosts"
                  ><span class="unseen">one of </span>${group}<span class="unseen">
                    hosts</span
                  ></span
                >`
              : nothing
          }
        </button>
      </li>`;
    })}
    ${
      rest === 0
        ? nothing
        : html`<li>
            <button
              type="button"
              class="run run-more"
              tabindex=${active ? 0 : -1}
              @click=${() => chooseHost(host.id)}
            >
              and ${rest} more
            </button>
          </li>`
    }
  </ul>`;
}

/** One mark for each, and words for all together; the button of the tile says the same. */
function marks(
  entries: readonly Entry[],
  host: ObservedHost,
  density: Exclude<Density, "large">,
  entity: string | undefined,
): TemplateResult {
  const most = MOST_MARKS[density];
  const shown = entries.slice(0, most);
  const rest = entries.length - shown.length;
  return html`<p class="marks" aria-hidden="true">
    ${
      entries.length === 0
        ? html`<span class="dim">${host.tally === undefined ? "" : host.tally.components}</span>`
        : nothing
    }${shown.map((entry) => {
      const kind = isProvider(entry) ? "provider" : "component";
      const look = `${isUnhealthy(entry) ? "bad" : ""} ${entry.id === entity ? "lit" : ""}`;
      return html`<i class="glyph glyph-${kind} ${look}"></i>`;
    })}${rest === 0 ? nothing : html`<span class="dim">+${rest}</span>`}${density === "small" ? tag(host) : nothing}
  </p>`;
}

/** Keys of 0.82 are nobody's name. */
function labelOf({ id, name }: Entry): string {
  return id.length === 56 && name !== undefined ? name : id;
}
