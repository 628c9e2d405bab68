/** The view of the lattice: all hosts with what they run, who calls whom, and what is known of whatever is chosen. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { LatticeNode, NodeState } from "../../index.ts";
import type { Choice } from "../panels/topology-details.ts";
import type { GraphLayout } from "../state/graph-layout.ts";
import type { LatticePicture } from "../state/lattice.ts";
import type { TilePlan } from "../state/slots.ts";
import type { Entity, Topology } from "../state/topology.ts";
import type { ViewContext } from "./view.ts";

import { html, nothing } from "lit";
import { hostTiles } from "../panels/host-tiles.ts";
import { LightElement } from "../panels/light-element.ts";
import { topologyDetails } from "../panels/topology-details.ts";
import { topologyGraph } from "../panels/topology-graph.ts";
import { topologyList } from "../panels/topology-list.ts";
import { layOut } from "../state/graph-layout.ts";
import { shownNodes } from "../state/graph-nodes.ts";
import { foldLattice } from "../state/lattice.ts";
import { planTiles } from "../state/slots.ts";
import { topologyOf } from "../state/topology.ts";
import { foundHosts, isFound, nodesOf } from "../state/topology-search.ts";
import { gapWords, listeningWords, summaryWords } from "../state/topology-words.ts";
import { nextInDirection } from "./neighbour.ts";
import { Watching } from "./watching.ts";

export function view({ node, state }: ViewContext): TemplateResult {
  return html`<inlay-topology .node=${node} .state=${state}></inlay-topology>`;
}

const LIST_STEP = 100;
/** Where hosts stand below it. */
const NARROW_STEP = 20;
const NARROW = "(max-width: 40rem)";
/** Before it was measured. */
const USUAL_WIDTH = 960;

class TopologyView extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    node: { attribute: false },
    choice: { state: true },
    sought: { state: true },
    narrow: { state: true },
    width: { state: true },
    listed: { state: true },
  };

  declare node: LatticeNode | undefined;
  /** Looked at when something else is shown anew: it changes with each call. */
  state: NodeState | undefined;
  declare choice: Choice | undefined;
  declare sought: string;
  declare narrow: boolean;
  declare width: number;
  /** How many rows the list has; 0 while it is closed. */
  declare listed: number;
  #picture: LatticePicture | undefined;
  #plan: TilePlan | undefined;
  #layout: { readonly of: string; readonly layout: GraphLayout } | undefined;
  /** What the Tab key reaches, of tiles and of nodes. */
  #activeHost: string | undefined;
  #activeNode: string | undefined;
  readonly #lattice = new Watching(this, "lattice", (update) => {
    this.#picture = foldLattice(this.#picture, update);
  });
  readonly #facts = new Watching(this, "facts");
  readonly #media = matchMedia(NARROW);
  readonly #measure = new ResizeObserver(([entry]) => {
    if (entry !== undefined) this.width = Math.floor(entry.contentRect.width);
  });

  constructor() {
    super();
    this.sought = "";
    this.narrow = this.#media.matches;
    this.width = USUAL_WIDTH;
    this.listed = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#media.addEventListener("change", this.#reshaped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#media.removeEventListener("change", this.#reshaped);
    this.#measure.disconnect();
  }

  readonly #reshaped = (): void => {
    this.narrow = this.#media.matches;
  };

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("node")) return;
    this.#picture = undefined;
    this.choice = undefined;
    this.#plan = undefined;
    this.#lattice.of(this.node);
    this.#facts.of(this.node);
  }

  protected override updated(): void {
    const picture = this.querySelector(".topology-picture");
    if (picture !== null) this.#measure.observe(picture);
  }

  protected override render(): TemplateResult {
    const picture = this.#picture;
    const trouble = this.#lattice.trouble;
    if (picture === undefined) {
      return html`<section class="panel topology" aria-labelledby="topology-title">
        <header><h2 id="topology-title">Topology</h2></header>
        ${
          trouble === undefined
            ? html`<p class="empty" role="status">
                ${this.node === undefined ? "This tab is in no lattice." : "Asking who is there."}
              </p>`
            : html`<p class="trouble" role="alert">${trouble}</p>`
        }
      </section>`;
    }
    const topology = topologyOf(picture, this.#facts.latest?.links ?? []);
    const { sources, leftOut } = picture;
    const found = [...topology.entities.values()].filter((entity) => isFound(entity, this.sought));
    return html`<section
      class="panel topology"
      aria-labelledby="topology-title"
      @keydown=${this.#escape}
    >
      <header>
        <h2 id="topology-title">Topology</h2>
        <span class="dim topology-sum">${summaryWords(topology)}</span>
        <span class="dim topology-heard">${listeningWords(sources)}</span>
        <input
          type="search"
          aria-label="Find hosts, components and providers"
          placeholder="Find"
          .value=${this.sought}
          @input=${(event: InputEvent) => {
            if (event.target instanceof HTMLInputElement) this.sought = event.target.value;
          }}
        />
      </header>
      ${gapWords({ sources, leftOut, hosts: topology.hosts.length }).map(
        (words) => html`<p class="topology-gap" role="status">${words}</p>`,
      )}
      <div class="topology-body">
        <div class="topology-picture">
          ${this.narrow ? this.#list(topology, found) : this.#graph(topology, found)}
          ${this.#hosts(topology, found)}
        </div>
        <aside
          class="topology-details ${this.choice === undefined ? "empty-choice" : ""}"
          aria-label="Details"
          aria-live="polite"
        >
          ${topologyDetails({
            topology,
            choice: this.choice,
            choose: this.#choose,
            own: this.state ?? { workloads: [], providers: [] },
          })}
        </aside>
      </div>
      ${this.narrow ? nothing : this.#asText(topology, found)}
    </section>`;
  }

  readonly #choose = (choice: Choice | undefined): void => {
    const same = choice?.kind === this.choice?.kind && choice?.id === this.choice?.id;
    this.choice = same ? undefined : choice;
    if (this.choice?.kind === "host") this.#activeHost = this.choice.id;
    if (this.choice?.kind === "entity") this.#activeNode = this.choice.id;
  };

  readonly #chooseEntity = (id: string): void => this.#choose({ kind: "entity", id });
  readonly #chooseHost = (id: string): void => this.#choose({ kind: "host", id });

  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.choice = undefined;
  };

  get #chosenEntity(): string | undefined {
    return this.choice?.kind === "entity" ? this.choice.id : undefined;
  }

  #graph(topology: Topology, found: readonly Entity[]): TemplateResult {
    const { entities, edges } = topology;
    const chosen = this.#chosenEntity;
    const candidates = nodesOf(found, this.sought);
    const { ids, what } = shownNodes(candidates, edges, chosen);
    const shown = new Set(ids);
    const own = edges.filter(({ source, target }) => shown.has(source) && shown.has(target));
    const layout = this.#laidOut(ids, own);
    if (this.#activeNode === undefined || !shown.has(this.#activeNode)) [this.#activeNode] = ids;
    const wholly = entities.size - ids.length;
    return html`<div class="topology-calls">
      <h3>Who calls whom</h3>
      ${
        ids.length === 0
          ? html`<p class="empty">
              ${
                this.sought === ""
                  ? "No host runs anything yet, and nothing is linked."
                  : "No component and no provider has that in its name."
              }
            </p>`
          : topologyGraph({
              layout,
              entities,
              edges: own,
              chosen,
              active: this.#activeNode,
              width: this.width,
              choose: this.#chooseEntity,
              move: this.#moveNode,
            })
      }
      <p class="topology-note">
        ${
          what === "all"
            ? wholly > 0
              ? html`${wholly} more without links are in their hosts and in the text below.`
              : nothing
            : what === "neighbours"
              ? html`What is around the one that was chosen, of ${candidates.length}.`
              : html`${ids.length} of ${candidates.length}, around those with the most links: find
                others by name.`
        }
        Rates are of calls that this tab makes or answers: no host hears those of others.
      </p>
    </div>`;
  }

  #laidOut(ids: readonly string[], edges: Topology["edges"]): GraphLayout {
    const of = JSON.stringify([ids, edges.map(({ source, target }) => [source, target])]);
    if (this.#layout?.of !== of) this.#layout = { of, layout: layOut(ids, edges) };
    return this.#layout.layout;
  }

  #hosts(topology: Topology, found: readonly Entity[]): TemplateResult {
    const hosts = foundHosts(topology, found, this.sought);
    this.#plan = planTiles(this.#plan, topology.hosts);
    if (!hosts.some(({ id }) => id === this.#activeHost)) this.#activeHost = hosts[0]?.id;
    return hostTiles({
      topology,
      hosts,
      plan: this.#plan,
      found: this.sought !== "",
      choice: this.choice,
      active: this.#activeHost,
      chooseHost: this.#chooseHost,
      chooseEntity: this.#chooseEntity,
      move: this.#moveHost,
    });
  }

  #list(topology: Topology, found: readonly Entity[]): TemplateResult {
    return html`<h3>Components and providers</h3>
      ${topologyList({
        topology,
        entities: found,
        most: Math.max(this.listed, NARROW_STEP),
        chosen: this.#chosenEntity,
        choose: this.#chooseEntity,
        showMore: () => {
          this.listed += LIST_STEP;
        },
      })}
      <p class="topology-note">
        Rates are of calls that this tab makes or answers: no host hears those of others.
      </p>`;
  }

  /** Made only while it is open. */
  #asText(topology: Topology, found: readonly Entity[]): TemplateResult {
    return html`<details
      class="topology-text"
      ?open=${this.listed > 0}
      @toggle=${(event: ToggleEvent) => {
        if (event.newState === "closed") this.listed = 0;
        else if (this.listed === 0) this.listed = LIST_STEP;
      }}
    >
      <summary>The same as text</summary>
      ${
        this.listed === 0
          ? nothing
          : topologyList({
              topology,
              entities: found,
              most: this.listed,
              chosen: this.#chosenEntity,
              choose: this.#chooseEntity,
              showMore: () => {
                this.listed += LIST_STEP;
              },
            })
      }
    </details>`;
  }

  readonly #moveHost = (event: KeyboardEvent, id: string): void => {
    const next = nextInDirection(this, "data-host", id, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#activeHost = next.dataset["host"];
    next.querySelector("button")?.focus();
    this.requestUpdate();
  };

  readonly #moveNode = (event: KeyboardEvent, id: string): void => {
    const next = nextInDirection(this, "data-node", id, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.#activeNode = next.dataset["node"];
    next.focus();
    this.requestUpdate();
  };
}

customElements.define("inlay-topology", TopologyView);
