/** Calls and rates as a node would tell them, for pictures. */
import type { Metric } from "../../src/core/metrics.ts";
import type { WatchedCall, WatchedRates } from "../../src/core/watched-calls.ts";

/** 2026-11-21, 14:03:09 UTC. */
const BEGAN = Date.UTC(2026, 10, 21, 14, 3, 9, 218);
const TRACE = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`;

interface Shape {
  readonly func: string;
  readonly target?: string;
  readonly instance: string;
  readonly source?: string;
  readonly way: WatchedCall["way"];
  readonly times: WatchedCall["times"];
  readonly tookMs: number;
  readonly afterMs?: number;
  readonly more?: Partial<WatchedCall>;
  readonly inner?: readonly Shape[];
}

const checkout = (index: number): Shape => {
  const slow = 1 + (index % 5) * 0.35;
  const failed = index % 9 === 4;
  return {
    func: "checkout",
    target: "orders",
    instance: "example:shop/orders@1.2.0",
    source: "http-server",
    way: "served",
    times: {
      decodeMs: 0.12,
      queueMs: index % 4 === 0 ? 2.4 : 0.05,
      workerMs: 0.41,
      guestMs: 9.6 * slow,
      waitedMs: 7.9 * slow,
      encodeMs: 0.08,
    },
    tookMs: 9.6 * slow + (index % 4 === 0 ? 3.1 : 0.75),
    more: {
      traceparent: TRACE,
      args: [
        {
          name: "cart",
          text: `{id: "c-${4711 + index}", items: [{sku: "tea-assam-250", count: 2}, {sku: "kettle-1l", count: 1}], note: some("leave it at the door")}`,
        },
        { name: "card-token", text: "‹redacted›" },
      ],
      ...(failed
        ? {
            outcome: "failed",
            error:
              "guest-trapped: the component trapped: RuntimeError: unreachable executed at orders.wasm:0x1f42c",
          }
        : { result: `ok({order: "o-${90210 + index}", total: 4250, currency: eur})` }),
    },
    inner: [
      {
        func: "get",
        instance: "wasi:config/store@0.2.0-draft",
        source: "orders",
        way: "host",
        times: {},
        tookMs: 0.02,
        afterMs: 0.5,
        more: { args: [{ name: "key", text: '"currency"' }], result: "‹redacted›" },
      },
      {
        func: "price",
        target: "prices",
        instance: "example:shop/prices@1.2.0",
        source: "orders",
        way: index % 3 === 0 ? "local" : "companion",
        times: index % 3 === 0 ? { queueMs: 0.02, workerMs: 0.3, guestMs: 1.1 } : { guestMs: 0.04 },
        tookMs: index % 3 === 0 ? 1.5 : 0.04,
        afterMs: 0.9,
        ...(index % 3 === 0
          ? { more: { args: [{ name: "sku", text: '"tea-assam-250"' }], result: "1450" } }
          : {}),
      },
      {
        func: "get",
        target: "kv-nats",
        instance: "wrpc:keyvalue/store@0.2.0-draft",
        source: "orders",
        way: "outgoing",
        times: { encodeMs: 0.05, decodeMs: 0.04 },
        tookMs: 5.2 * slow,
        afterMs: 2.6,
        more: {
          args: [
            { name: "bucket", text: '"carts"' },
            { name: "key", text: `"c-${4711 + index}"` },
          ],
          result: 'ok(some(b"{\\"stock\\":12}"))',
        },
      },
    ],
  };
};

const health = (): Shape => ({
  func: "ready",
  target: "orders",
  instance: "example:shop/health",
  source: "http-server",
  way: "served",
  times: { decodeMs: 0.01, queueMs: 0.02, workerMs: 0.2, guestMs: 0.05, encodeMs: 0.01 },
  tookMs: 0.31,
  more: { args: [], result: "true" },
});

function calls(count: number): readonly WatchedCall[] {
  const all: WatchedCall[] = [];
  let seq = 0;
  const add = (shape: Shape, at: number, id: string, parent?: number): void => {
    const own = ++seq;
    const { inner = [], more = {}, afterMs: _, ...rest } = shape;
    inner.forEach((each, index) => add(each, at + (each.afterMs ?? 0), `${id}.${index + 1}`, own));
    const call = { seq: own, id, at, outcome: "ok", ...rest } as const;
    all.push({ ...call, ...(parent === undefined ? {} : { parent }), ...more });
  };
  for (let index = 0; index < count; index++) {
    const shape = index % 5 === 2 ? health() : checkout(index);
    add(shape, BEGAN + index * 137.3, `_INBOX.q4Zk.${index + 1}`);
  }
  return all;
}

export const sampleCalls: readonly WatchedCall[] = calls(24);
/** As many as a view keeps. */
export const manyCalls: readonly WatchedCall[] = calls(3000);

const seconds = Array.from({ length: 214 }, (_, index) => {
  const calm = 60 + 40 * Math.sin(index / 17) + ((index * 37) % 23);
  const burst = index > 150 && index < 172 ? 180 : 0;
  return { calls: Math.round(calm + burst), errors: burst > 0 && index % 3 === 0 ? 14 : 0 };
});

export const sampleRates: WatchedRates = {
  at: BEGAN,
  seconds,
  components: [
    { id: "orders", workers: 1, instances: 6, memoryBytes: 7_602_176, busy: 0.38 },
    { id: "prices", workers: 1, instances: 1, memoryBytes: 1_114_112, busy: 0.006 },
    { id: "thumbnails", workers: 3, instances: 3, memoryBytes: 201_326_592, busy: 1.64 },
  ],
};

const boundsMs = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000];

function measured(
  id: string,
  operation: string,
  buckets: readonly number[],
  errors = 0,
  outgoing = false,
): readonly Metric[] {
  const attributes = { "component.id": id, operation };
  const all = Array.from({ length: boundsMs.length + 1 }, (_, index) => buckets[index] ?? 0);
  const count = all.reduce((sum, calls) => sum + calls, 0);
  const sumMs = all.reduce(
    (sum, calls, index) => sum + calls * (boundsMs[index] ?? 30_000) * 0.7,
    0,
  );
  return [
    {
      kind: "histogram",
      name: `wasmcloud_host.${outgoing ? "call" : "handle"}_rpc_message.duration`,
      attributes,
      unit: "nanoseconds",
      count,
      sum: sumMs * 1_000_000,
      bounds: boundsMs.map((ms) => ms * 1_000_000),
      buckets: all,
    },
    ...(errors === 0
      ? []
      : ([
          {
            kind: "counter",
            name: "wasmcloud_host.component.invocation.errors",
            attributes,
            value: errors,
          },
        ] as const)),
  ];
}

export const sampleMetrics: readonly Metric[] = [
  ...measured(
    "orders",
    "example:shop/orders@1.2.0/checkout",
    [0, 0, 0, 0, 120, 2210, 7420, 3110, 640, 92, 21, 4],
    98,
  ),
  ...measured("orders", "example:shop/health/ready", [12, 2800, 410, 33, 6]),
  ...measured("prices", "example:shop/prices@1.2.0/price", [9210, 1404, 320, 41, 12, 3]),
  ...measured(
    "orders",
    "wrpc:keyvalue/store@0.2.0-draft/get",
    [0, 0, 0, 214, 4820, 3811, 902, 114, 31, 9],
    4,
    true,
  ),
  ...measured(
    "thumbnails",
    "example:media/resize/fit",
    [0, 0, 0, 0, 0, 0, 0, 12, 88, 190, 240, 41, 6],
    2,
  ),
];
