/**
 * `<lattice-host>`: a node for any page, as a badge with a small menu. It joins when it is put into a document
 * with `servers`, and leaves when it is taken out.
 */
import type { CSSResult, PropertyDeclarations, TemplateResult } from "lit";
import type { NodeState } from "./core/node-state.ts";
import type { Joining, LatticeNode } from "./join.ts";

import { asLatticeError } from "./core/error.ts";
import { html, LitElement, nothing } from "lit";
import { startJoining } from "./join.ts";
import { readComponents } from "./page/state/attributes.ts";
import { callsSince, leavingWords } from "./page/state/calls.ts";
import { idleState } from "./page/state/idle-state.ts";
import { joinOptions } from "./page/state/tag-options.ts";
import { badgeStyle } from "./page/style/badge.ts";

/** What the menu takes at most, in pixels: its width from the style, and all that it may show. */
const MENU = { width: 280, height: 260 };

/**
 * Attributes: `servers`, `lattice`, `name`, `labels` (`zone=edge,rack=7`), `component` (`id=url id2=url2`),
 * `dialects` (`v0,v1`), `issuers` (public keys of 0.82 clusters), `watch`, `hostgroup`, `environment`, `hostname` and `http-port` (for
 * operators of v2), `credentials` and `registries` (names of global async
 * functions), `image-proxy`. They are read when the node joins; later changes count for the next join. Events: `inlay-state` with a {@link NodeState}, `inlay-call` with a `CallRecord` for each finished
 * call (of a flood, the last hundred of each state). CSS parts: `badge`, `menu`.
 */
export class LatticeHostElement extends LitElement {
  static override readonly styles: CSSResult = badgeStyle;
  static override readonly properties: PropertyDeclarations = {
    servers: {},
    lattice: {},
    name: {},
    labels: {},
    dialects: {},
    issuers: {},
    watch: {},
    hostgroup: {},
    environment: {},
    hostname: {},
    httpPort: { attribute: "http-port" },
    component: {},
    credentials: {},
    registries: {},
    imageProxy: { attribute: "image-proxy" },
    state: { state: true },
    open: { state: true },
  };

  declare servers: string | null;
  declare lattice: string | null;
  declare name: string | null;
  declare labels: string | null;
  declare dialects: string | null;
  /** Public keys of 0.82 clusters whose calls are taken. */
  declare issuers: string | null;
  /** Not `null`: tell of forged calls in the whole lattice. */
  declare watch: string | null;
  /** By which workloads of v2 choose hosts. */
  declare hostgroup: string | null;
  /** As an operator of v2 is told. */
  declare environment: string | null;
  /** Where HTTP for workloads of v2 is to be sent to, and the port there. */
  declare hostname: string | null;
  declare httpPort: string | null;
  declare component: string | null;
  /** Name of a global async function. */
  declare credentials: string | null;
  /** Name of a global async function that gives what OCI registries are shown, by their names. */
  declare registries: string | null;
  /** Address of an image proxy. */
  declare imageProxy: string | null;
  declare state: NodeState;
  declare open: boolean;

  #node: LatticeNode | undefined;
  /** Ends the node that this element has made; absent while it shows somebody else's. */
  #own: AbortController | undefined;
  /** Ends listening to the node that is shown. */
  #shown: AbortController | undefined;

  constructor() {
    super();
    this.servers = null;
    this.lattice = null;
    this.name = null;
    this.labels = null;
    this.dialects = null;
    this.issuers = null;
    this.watch = null;
    this.hostgroup = null;
    this.environment = null;
    this.hostname = null;
    this.httpPort = null;
    this.component = null;
    this.credentials = null;
    this.registries = null;
    this.imageProxy = null;
    this.state = idleState();
    this.open = false;
  }

  /** The node, once it has joined. Setting it shows a node that the page has joined by itself, and leaves it alone. */
  get node(): LatticeNode | undefined {
    return this.#node;
  }

  set node(node: LatticeNode | undefined) {
    if (node === undefined) {
      this.#leave();
      this.#show(idleState());
    } else {
      this.adopt({ view: node.view, joined: Promise.resolve(node) });
    }
  }

  /** Shows a node that joins or has joined elsewhere; it outlives this element. */
  adopt(joining: Joining): void {
    this.#leave();
    this.#follow(joining);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.#pressed);
    if (this.#shown === undefined && this.servers !== null) this.#join();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.#pressed);
    // An element that is moved is out of the document for less than a microtask, and keeps its node.
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave();
    });
  }

  protected override render(): TemplateResult {
    const { state } = this;
    return html`<button
        part="badge"
        class="badge ${state.phase}"
        aria-expanded=${this.open ? "true" : "false"}
        aria-controls="menu"
        aria-label="Inlay: ${state.phase}, ${state.friendlyName ?? "Inlay"}"
        @click=${() => {
          this.open = !this.open;
        }}
        @keydown=${this.#keyed}
        @focusout=${this.#left}
      >
        <span class="dot"></span>${state.friendlyName ?? "Inlay"}${
          // What the lamp's colour says, for those who do not see it; the usual state needs no word.
          state.phase === "joined" ? nothing : html`<span class="word">${state.phase}</span>`
        }
      </button>
      ${this.open ? this.#menu() : nothing}`;
  }

  /** Towards the side on which there is room; a menu that opens upwards or leftwards must not wait to be measured. */
  #place(): string {
    const { left, bottom } = this.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const end = left + MENU.width > clientWidth;
    const above = bottom + MENU.height > clientHeight && bottom > MENU.height;
    return `menu${end ? " end" : ""}${above ? " above" : ""}`;
  }

  #menu(): TemplateResult {
    const { phase, hostId, lattice, workloads, totals, error } = this.state;
    const running = workloads.filter((workload) => workload.state.phase === "running");
    return html`<div
      id="menu"
      part="menu"
      class=${this.#place()}
      role="group"
      aria-label="Inlay"
      @keydown=${this.#keyed}
      @focusout=${this.#left}
    >
      <p class="phase" role="status">${phase === "joined" ? `Joined lattice ${lattice}` : phase}</p>
      ${phase === "leaving" ? html`<p>${leavingWords(this.state)}</p>` : nothing}
      ${error === undefined ? nothing : html`<p class="error">${error.message}</p>`}
      <dl>
        ${
          hostId === undefined
            ? nothing
            : html`<dt>Host</dt>
                <dd class="id">${hostId}</dd>`
        }
        <dt>Components</dt>
        <dd>${running.length === 0 ? "none" : running.map(({ id }) => id).join(", ")}</dd>
        <dt>Calls</dt>
        <dd>${totals.answered} answered, ${totals.failed} failed</dd>
      </dl>
      ${this.#button()}
    </div>`;
  }

  #button(): TemplateResult | typeof nothing {
    const { phase } = this.state;
    const inside = phase === "joined" || phase === "reconnecting" || phase === "connecting";
    if (inside) {
      return this.#own === undefined
        ? nothing
        : html`<button class="act" @click=${() => this.#own?.abort()}>Leave</button>`;
    }
    return this.servers === null || phase === "leaving"
      ? nothing
      : html`<button class="act" @click=${() => this.#join()}>Join</button>`;
  }

  readonly #keyed = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !this.open) return;
    this.open = false;
    this.renderRoot.querySelector<HTMLButtonElement>(".badge")?.focus();
  };

  readonly #left = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    if (to instanceof Node && !this.renderRoot.contains(to)) this.open = false;
  };

  readonly #pressed = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.open = false;
  };

  #join(): void {
    this.#leave();
    const own = new AbortController();
    const { servers, lattice, name, labels, dialects, issuers, watch, component } = this;
    const { hostgroup, environment, hostname, httpPort } = this;
    const { credentials, registries, imageProxy } = this;
    try {
      const options = joinOptions({
        servers,
        lattice,
        name,
        labels,
        dialects,
        issuers,
        watch,
        hostgroup,
        environment,
        hostname,
        httpPort,
        credentials,
        registries,
        imageProxy,
      });
      const components = readComponents(component ?? "");
      const joining = startJoining({ ...options, signal: own.signal });
      this.#own = own;
      this.#follow(joining);
      joining.joined
        .then((node) => components.map((workload) => node.start(workload).catch(reportError)))
        .catch(() => undefined); // the view has shown why
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown, "bad-input");
      this.#show({ ...idleState(), phase: "failed", error: { code, message } });
    }
  }

  #follow(joining: Joining): void {
    const shown = new AbortController();
    this.#shown = shown;
    joining.view.subscribe((state) => this.#show(state), shown.signal);
    this.#show(joining.view.peek());
    void this.#keep(joining, shown.signal);
  }

  /** Never rejects: the view shows why a node could not join. */
  async #keep({ joined }: Joining, signal: AbortSignal): Promise<void> {
    const node = await joined.catch(() => undefined);
    if (!signal.aborted) this.#node = node;
  }

  #show(state: NodeState): void {
    const fresh = callsSince(this.state.calls, state.calls);
    this.state = state;
    const tell = (type: string, detail: unknown): boolean =>
      this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
    tell("inlay-state", state);
    for (const call of fresh) tell("inlay-call", call);
  }

  #leave(): void {
    this.#shown?.abort();
    this.#own?.abort();
    this.#shown = undefined;
    this.#own = undefined;
    this.#node = undefined;
  }
}

// Registered as soon as the library is loaded: the tag is all that a page writes. Elsewhere (a test, a server that
// renders) there is no registry, and a second copy of the library must not throw.
if (globalThis.customElements?.get("lattice-host") === undefined) {
  globalThis.customElements?.define("lattice-host", LatticeHostElement);
}
