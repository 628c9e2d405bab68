/** `<inlay-plot>`: lines over time, drawn by uPlot in the colours of the page. Whoever uses it says in words what it shows. */
import type { PropertyDeclarations, PropertyValues, TemplateResult } from "lit";

import { html } from "lit";
import uPlot from "uplot";
import { LightElement } from "../panels/light-element.ts";

export interface PlotLine {
  readonly label: string;
  /** Of `tokens.css`. */
  readonly stroke: string;
  readonly fill?: string;
  readonly width: number;
  /** Drawn as bars: what happens now and then. */
  readonly bars?: boolean;
}

const HEIGHT = 180;
const FONT = "12px system-ui, sans-serif";
const DARK = "(prefers-color-scheme: dark)";

class Plot extends LightElement {
  static override readonly properties: PropertyDeclarations = {
    lines: { attribute: false },
    columns: { attribute: false },
    words: { attribute: false },
  };

  declare lines: readonly PlotLine[];
  /** Seconds since the epoch, and a column for each line. */
  declare columns: readonly (readonly number[])[];
  /** What it shows, for those who do not see it. */
  declare words: string;
  #plot: uPlot | undefined;
  readonly #dark = matchMedia(DARK);
  readonly #resized = new ResizeObserver(() => this.#fit());

  constructor() {
    super();
    this.lines = [];
    this.columns = [[]];
    this.words = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#dark.addEventListener("change", this.#recolour);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#dark.removeEventListener("change", this.#recolour);
    this.#resized.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override render(): TemplateResult {
    return html`<div class="plot" role="img" aria-label=${this.words}></div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (this.#plot === undefined) this.#draw();
    else if (changed.has("columns")) this.#plot.setData(this.#data());
  }

  #draw(): void {
    const place = this.querySelector<HTMLElement>(".plot");
    if (place === null) return;
    this.#plot = new uPlot(this.#options(place.clientWidth), this.#data(), place);
    this.#resized.observe(place);
  }

  #data(): uPlot.AlignedData {
    const [seconds = [], ...others] = this.columns;
    return [Array.from(seconds), ...others.map((column) => Array.from(column))];
  }

  #options(width: number): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => this.#colour("--ink-faint"),
      font: FONT,
      grid: { stroke: () => this.#colour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: Math.max(width, 100),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 4, 0, 0],
      scales: { y: { range: (_, __, most) => [0, roof(most)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          incrs: [60],
          space: 40,
          values: (_, splits) => splits.map(clock),
        },
        { ...axis, size: 44, values: (_, splits) => splits.map(whole), space: 36 },
      ],
      series: [
        {},
        ...this.lines.map(({ label, stroke, fill, width, bars = false }) => ({
          label,
          width,
          stroke: () => this.#colour(stroke),
          points: { show: false },
          ...(bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [1, 6, 2] }) } : {}),
          ...(fill === undefined ? {} : { fill: () => this.#colour(fill) }),
        })),
      ],
    };
  }

  #colour(token: string): string {
    return getComputedStyle(this).getPropertyValue(token).trim();
  }

  readonly #recolour = (): void => this.#plot?.redraw(false, true);

  #fit(): void {
    const width = this.querySelector<HTMLElement>(".plot")?.clientWidth ?? 0;
    if (width > 0 && this.#plot?.width !== width) this.#plot?.setSize({ width, height: HEIGHT });
  }
}

customElements.define("inlay-plot", Plot);

/** `columns`: seconds since the epoch, and one for each of `lines`. */
export function plot(
  lines: readonly PlotLine[],
  columns: readonly (readonly number[])[],
  words: string,
): TemplateResult {
  return html`<inlay-plot .lines=${lines} .columns=${columns} .words=${words}></inlay-plot>`;
}

/** Room above the highest value, so that the axis does not move with each call. */
function roof(most: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  const steps = [1, 2, 3, 5, 10].map((times) => times * decade);
  return Math.max(4, steps.find((step) => step >= most) ?? 10 * decade);
}

/** Halves of calls do not exist. */
const whole = (value: number): string => (Number.isInteger(value) ? String(value) : "");

function clock(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}
