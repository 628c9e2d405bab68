/**
 * Counters, gauges and histograms under the names that hosts of wasmCloud use (`crates/host/src/metrics.rs` at v1.9.2),
 * as plain data.
 */

export type MetricName =
  /** Calls of components here, from their acceptance to their end. */
  | "wasmcloud_host.handle_rpc_message.duration"
  /** Calls from here to the lattice. */
  | "wasmcloud_host.call_rpc_message.duration"
  | "wasmcloud_host.component.invocations"
  /** Of either kind. */
  | "wasmcloud_host.component.invocation.errors"
  | "wasmcloud_host.component.active_instances"
  | "wasmcloud_host.component.max_instances"
  /** Forged calls; by `check`. No host of wasmCloud counts them, nor what is below. */
  | "inlay.forgeries"
  /** What the watch has seen; by `outcome`. */
  | "inlay.watch.invocations";

/** `component.id`, `component.ref`, `operation` (`interface/function`), `check`, `outcome`. */
export type MetricAttributes = Readonly<Record<string, string>>;

export type Metric =
  | {
      readonly kind: "counter" | "gauge";
      readonly name: MetricName;
      readonly attributes: MetricAttributes;
      readonly value: number;
    }
  | {
      readonly kind: "histogram";
      readonly name: MetricName;
      readonly attributes: MetricAttributes;
      readonly unit: "nanoseconds";
      readonly count: number;
      readonly sum: number;
      /** Upper bounds of the buckets, ascending; above the last one there is one more bucket. */
      readonly bounds: readonly number[];
      readonly buckets: readonly number[];
    };
