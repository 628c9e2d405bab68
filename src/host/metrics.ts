/** Counts calls as they end. A call costs a few look-ups and additions; what views see is made when they look. */
import type { WatchOutcome } from "../core/alarm.ts";
import type { CallRecord } from "../core/event.ts";
import type { Metric, MetricName } from "../core/metrics.ts";
import type { WorkloadEntry } from "./workload.ts";

export interface Metrics {
  add(call: CallRecord): void;
  /** A forged call; `check`: of a closed set. */
  forged(check: string): void;
  watched(outcome: WatchOutcome): void;
  /** All that was counted, and what the workloads are doing. */
  read(entries: readonly WorkloadEntry[]): readonly Metric[];
}

/** From a tenth of a millisecond to the longest that a call usually may take. */
const BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000];
const NS_PER_MS = 1_000_000;
const BOUNDS_NS: readonly number[] = BOUNDS_MS.map((ms) => ms * NS_PER_MS);

/** Functions that are told apart; the one that was called first goes first. */
const MOST_SERIES = 200;

/** The calls of one function of one member, in one direction. */
interface Series {
  readonly id: string;
  readonly operation: string;
  readonly outgoing: boolean;
  sumMs: number;
  count: number;
  errors: number;
  readonly buckets: number[];
}

export function createMetrics(): Metrics {
  const series = new Map<string, Series>();
  const checks = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string): void =>
    void counts.set(name, (counts.get(name) ?? 0) + 1);

  const seriesOf = ({ source, target, instance, func, outgoing }: CallRecord): Series => {
    const away = outgoing !== undefined;
    // Upstream counts a call under the component of the host that counts it: of an outgoing one, the caller.
    const id = (away ? source : target) ?? "";
    const operation = `${instance}/${func}`;
    const key = `${away ? ">" : "<"}${id} ${operation}`;
    let found = series.get(key);
    if (found === undefined) {
      const buckets = Array.from({ length: BOUNDS_MS.length + 1 }, () => 0);
      found = { id, operation, outgoing: away, sumMs: 0, count: 0, errors: 0, buckets };
      series.set(key, found);
      for (const oldest of series.keys()) {
        if (series.size <= MOST_SERIES) break;
        series.delete(oldest);
      }
    }
    return found;
  };

  return {
    add(call) {
      const own = seriesOf(call);
      own.count++;
      own.sumMs += call.tookMs;
      if (call.outcome !== "ok") own.errors++;
      let bucket = 0;
      while (call.tookMs > (BOUNDS_MS[bucket] ?? Infinity)) bucket++;
      own.buckets[bucket] = (own.buckets[bucket] ?? 0) + 1;
    },
    forged: (check) => count(checks, check),
    watched: (outcome) => count(outcomes, outcome),
    read(entries) {
      const references = new Map<string, string>(
        entries.map(({ spec }) => [spec.id, spec.image.reference]),
      );
      const attributesOf = (id: string, operation?: string): Metric["attributes"] => {
        const reference = references.get(id);
        return {
          "component.id": id,
          ...(reference === undefined ? {} : { "component.ref": reference }),
          ...(operation === undefined ? {} : { operation }),
        };
      };
      return [
        ...[...series.values()].flatMap((each) =>
          read(each, attributesOf(each.id, each.operation)),
        ),
        ...[...checks].map(([check, value]) => counter("inlay.forgeries", { check }, value)),
        ...[...outcomes].map(([outcome, value]) =>
          counter("inlay.watch.invocations", { outcome }, value),
        ),
        ...entries.flatMap(({ spec, workload }) => {
          if (workload === undefined) return [];
          const attributes = attributesOf(spec.id);
          const gauge = (what: "active" | "max", value: number): Metric => ({
            kind: "gauge",
            name: `wasmcloud_host.component.${what}_instances`,
            attributes,
            value,
          });
          return [
            gauge("active", workload.pool.load.peek().running),
            gauge("max", spec.maxInstances),
          ];
        }),
      ];
    },
  };
}

function read(series: Series, attributes: Metric["attributes"]): Metric[] {
  const { outgoing, count, errors, sumMs } = series;
  const counted = (name: MetricName, value: number): Metric[] =>
    value === 0 ? [] : [counter(name, attributes, value)];
  return [
    {
      kind: "histogram",
      name: `wasmcloud_host.${outgoing ? "call" : "handle"}_rpc_message.duration`,
      attributes,
      unit: "nanoseconds",
      count,
      sum: Math.round(sumMs * NS_PER_MS),
      bounds: BOUNDS_NS,
      buckets: [...series.buckets],
    },
    ...counted("wasmcloud_host.component.invocations", outgoing ? 0 : count),
    ...counted("wasmcloud_host.component.invocation.errors", errors),
  ];
}

function counter(name: MetricName, attributes: Metric["attributes"], value: number): Metric {
  return { kind: "counter", name, attributes, value };
}
