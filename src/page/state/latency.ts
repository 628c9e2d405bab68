/** How long functions take, from the histograms of a node's metrics: since the node joined. */
import type { Metric } from "../../core/metrics.ts";

export interface FunctionRow {
  /** Of the component or provider. */
  readonly id: string;
  /** `interface/function`. */
  readonly operation: string;
  /** It calls others in the lattice by this function; else it answers. */
  readonly outgoing: boolean;
  readonly calls: number;
  readonly errors: number;
  readonly sumMs: number;
  /** Upper bounds of all buckets but the last, in milliseconds. */
  readonly boundsMs: readonly number[];
  readonly buckets: readonly number[];
}

const NS_PER_MS = 1_000_000;

/** The most called first. */
export function functionsOf(metrics: readonly Metric[]): readonly FunctionRow[] {
  const rows: (FunctionRow & { errors: number })[] = [];
  for (const metric of metrics) {
    const { "component.id": id = "", operation = "" } = metric.attributes;
    if (metric.kind === "histogram") {
      rows.push({
        id,
        operation,
        outgoing: metric.name === "wasmcloud_host.call_rpc_message.duration",
        calls: metric.count,
        errors: 0,
        sumMs: metric.sum / NS_PER_MS,
        boundsMs: metric.bounds.map((bound) => bound / NS_PER_MS),
        buckets: metric.buckets,
      });
    } else if (metric.name === "wasmcloud_host.component.invocation.errors") {
      // What counts errors follows the histogram of the same calls; its name says nothing of their direction.
      const row = rows.at(-1);
      if (row?.id === id && row.operation === operation) row.errors = metric.value;
    }
  }
  return rows.toSorted((one, other) => other.calls - one.calls);
}

export const keyOf = ({ id, operation, outgoing }: FunctionRow): string =>
  `${outgoing ? ">" : "<"} ${id} ${operation}`;

/** The latency that the part `share` of all calls had at most, in milliseconds. */
export interface Quantile {
  readonly ms: number;
  /** It is more than that: nobody measured how much. */
  readonly beyond: boolean;
}

/** An estimate: calls are taken as spread evenly within their bucket. `undefined` without calls. */
export function quantile(
  { boundsMs, buckets }: Pick<FunctionRow, "boundsMs" | "buckets">,
  share: number,
): Quantile | undefined {
  const all = buckets.reduce((sum, calls) => sum + calls, 0);
  if (all === 0) return undefined;
  const wanted = all * share;
  let below = 0;
  for (const [index, calls] of buckets.entries()) {
    const upper = boundsMs[index];
    const lower = boundsMs[index - 1] ?? 0;
    if (calls > 0 && below + calls >= wanted) {
      if (upper === undefined) return { ms: lower, beyond: true };
      return { ms: lower + ((upper - lower) * (wanted - below)) / calls, beyond: false };
    }
    below += calls;
  }
  return undefined;
}

export interface HistogramBar {
  /** `0.5 to 1 ms`. */
  readonly words: string;
  readonly calls: number;
  /** Of the longest bar, 0 to 1. */
  readonly length: number;
}

/** From the first bucket with calls to the last one. */
export function histogramOf({ boundsMs, buckets }: FunctionRow): readonly HistogramBar[] {
  const first = buckets.findIndex((calls) => calls > 0);
  const last = buckets.findLastIndex((calls) => calls > 0);
  const most = Math.max(...buckets, 1);
  if (first === -1) return [];
  return buckets.slice(first, last + 1).map((calls, index) => ({
    words: bucketWords(boundsMs[first + index - 1], boundsMs[first + index]),
    calls,
    length: calls / most,
  }));
}

function bucketWords(lower: number | undefined, upper: number | undefined): string {
  if (upper === undefined) return `over ${bound(lower ?? 0)}`;
  if (lower === undefined) return `up to ${bound(upper)}`;
  const same = lower < 1000 === upper < 1000;
  return `${same ? bound(lower).replace(/ .*/, "") : bound(lower)} to ${bound(upper)}`;
}

const bound = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
