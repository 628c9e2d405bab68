/**
 * The list of calls itself: only the rows in sight are drawn, so that ten thousand cost as much as forty, and what is in sight
 * stays where it is while others come.
 */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";
import type { CallRow } from "../state/call-list.ts";
import type { ListGeometry } from "../state/virtual-list.ts";

import { html, nothing } from "lit";
import { isAtEdge, scrolledTo, stepOf, windowOf } from "../state/virtual-list.ts";
import { LightElement } from "../panels/light-element.ts";
import { callRow } from "./call-row.ts";

/** As `waterfall.css` has them, in pixels. */
const ROW_HEIGHT = 30;
const TALL_ROW_HEIGHT = 56;
const NARROW = "(max-width: 40rem)";

export class CallRows extends LightElement {
  static readonly NAME = "inlay-call-rows";
  static override readonly properties: PropertyDeclarations = {
    rows: { attribute: false },
    scaleMs: { attribute: false },
    chosen: { attribute: false },
    newestFirst: { attribute: false },
    choose: { attribute: false },
    open: { attribute: false },
    top: { state: true },
    height: { state: true },
  };

  declare rows: readonly CallRow[];
  declare scaleMs: number;
  declare chosen: number | undefined;
  declare newestFirst: boolean;
  /** A person looks at this call, or at none any more. */
  declare choose: (seq: number | undefined) => void;
  /** The details of the chosen call are asked for. */
  declare open: () => void;
  declare top: number;
  declare height: number;
  /** The row at the top of what is in sight, and how far it has left it; absent where the list follows what comes. */
  #anchor: { readonly seq: number; readonly over: number } | undefined;
  /** The chosen row is to be brought into sight. */
  #seek = false;
  readonly #narrow = matchMedia(NARROW);
  readonly #resized = new ResizeObserver(() => this.#look());

  constructor() {
    super();
    this.rows = [];
    this.scaleMs = 10;
    this.chosen = undefined;
    this.newestFirst = true;
    this.choose = () => undefined;
    this.open = () => undefined;
    this.top = 0;
    this.height = 600;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#narrow.addEventListener("change", this.#reflow);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#narrow.removeEventListener("change", this.#reflow);
    this.#resized.disconnect();
  }

  override focus(): void {
    this.#frame()?.focus();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("chosen") && this.chosen !== undefined) this.#seek = true;
    if (changed.has("newestFirst")) this.#anchor = undefined;
  }

  protected override render(): TemplateResult {
    const { rows, chosen, scaleMs } = this;
    const { first, end } = windowOf(this.#geometry());
    const drawn = rows.slice(first, end);
    const active = drawn.some(({ call }) => call.seq === chosen) ? `call-${chosen}` : nothing;
    return html`<div class="wf-scale" aria-hidden="true">
        <span>Began</span><span>Call</span>
        <span class="wf-ticks figure"
          ><span>0</span><span>${tick(scaleMs / 2)}</span><span>${tick(scaleMs)}</span></span
        ><span></span><span>Took</span>
      </div>
      <div
        class="wf-frame"
        role="listbox"
        tabindex="0"
        aria-label="Calls, ${this.newestFirst ? "newest first" : "newest last"}"
        aria-activedescendant=${active}
        @scroll=${() => this.#look()}
        @keydown=${(event: KeyboardEvent) => this.#key(event)}
        @click=${(event: MouseEvent) => this.#click(event)}
      >
        <div class="wf-all" role="presentation">
          <div class="wf-drawn" role="presentation">
            ${drawn.map((row, index) =>
              callRow(row, {
                scaleMs,
                chosen: row.call.seq === chosen,
                index: first + index,
                count: rows.length,
              }),
            )}
          </div>
        </div>
      </div>`;
  }

  protected override firstUpdated(): void {
    const frame = this.#frame();
    if (frame !== undefined) this.#resized.observe(frame);
  }

  /** Places are set from here, since a strict policy of the page forbids styles in markup. */
  protected override updated(changed: PropertyValues): void {
    const frame = this.#frame();
    const [all, drawn] = [".wf-all", ".wf-drawn"].map((name) =>
      this.querySelector<HTMLElement>(name),
    );
    if (frame === undefined || !all || !drawn) return;
    const geometry = this.#geometry();
    const { offset, total } = windowOf(geometry);
    all.style.height = `${total}px`;
    drawn.style.transform = `translateY(${offset}px)`;
    const moved = changed.has("rows") || changed.has("newestFirst");
    const top = this.#seek ? this.#chosenTop(geometry) : moved ? this.#keptTop(geometry) : this.top;
    this.#seek = false;
    if (Math.abs(frame.scrollTop - top) > 0.5) {
      frame.scrollTop = top;
      this.#look();
    }
  }

  #chosenTop(geometry: ListGeometry): number {
    const index = this.rows.findIndex(({ call }) => call.seq === this.chosen);
    return index === -1 ? geometry.top : scrolledTo(index, geometry);
  }

  /** At the edge where calls come the list follows them; elsewhere what is in sight stays. */
  #keptTop(geometry: ListGeometry): number {
    const anchor = this.#anchor;
    if (anchor === undefined) return this.newestFirst ? 0 : geometry.count * geometry.rowHeight;
    const index = this.rows.findIndex(({ call }) => call.seq === anchor.seq);
    return index === -1 ? geometry.top : index * geometry.rowHeight + anchor.over;
  }

  #frame(): HTMLElement | undefined {
    return this.querySelector<HTMLElement>(".wf-frame") ?? undefined;
  }

  #geometry(): ListGeometry {
    const { top, height, rows } = this;
    const rowHeight = this.#narrow.matches ? TALL_ROW_HEIGHT : ROW_HEIGHT;
    return { count: rows.length, rowHeight, top, height };
  }

  readonly #reflow = (): void => this.requestUpdate("rows");

  /** Where the list is now. */
  #look(): void {
    const frame = this.#frame();
    if (frame === undefined) return;
    this.top = frame.scrollTop;
    this.height = frame.clientHeight;
    const geometry = this.#geometry();
    const index = Math.floor(this.top / geometry.rowHeight);
    const row = this.rows[index];
    const follows = isAtEdge(geometry, this.newestFirst ? "top" : "bottom");
    this.#anchor =
      follows || row === undefined
        ? undefined
        : { seq: row.call.seq, over: this.top - index * geometry.rowHeight };
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && this.chosen !== undefined) {
      this.choose(undefined);
    } else if (event.key === "Enter" && this.chosen !== undefined) {
      this.open();
    } else {
      const step = stepOf(event.key, this.#geometry());
      if (step === undefined || this.rows.length === 0) return;
      const from = this.rows.findIndex(({ call }) => call.seq === this.chosen);
      const to = from === -1 ? (step > 1 ? this.rows.length - 1 : 0) : from + step;
      const row = this.rows[Math.min(Math.max(0, to), this.rows.length - 1)];
      this.choose(row?.call.seq);
    }
    event.preventDefault();
  }

  #click({ target }: MouseEvent): void {
    const row = target instanceof Element ? target.closest<HTMLElement>(".wf-row") : undefined;
    const seq = row?.dataset["seq"];
    if (seq !== undefined) this.choose(Number(seq));
  }
}

/** `5 ms`, `0.05 ms`, `2 s`. */
function tick(ms: number): string {
  if (ms >= 1000) return `${ms / 1000} s`;
  return `${Number(ms.toPrecision(2))} ms`;
}

customElements.define(CallRows.NAME, CallRows);
