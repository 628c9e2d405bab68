/** What views show in pictures: a state, and what each topic tells. */
import type { Link } from "../../src/core/link.ts";
import type { LogEntry } from "../../src/core/log.ts";
import type { NodeState } from "../../src/core/node-state.ts";
import type { Topic, Watched } from "../../src/core/watched.ts";
import type { ViewId } from "../../src/page/state/views.ts";

import { entityId } from "../../src/core/ids.ts";
import { manyCalls, sampleCalls, sampleMetrics, sampleRates } from "./sample-calls.ts";
import { exportsOf } from "../../src/wire/exports-of.ts";
import { componentWorld } from "../../src/wire/component-types.ts";
import { fixture } from "./fixtures.ts";
import { attacked, joined, SAMPLE_EPOCH_MS, working, workload } from "./sample-states.ts";
import { SAMPLE_TOPOLOGIES } from "./sample-topologies.ts";

export interface SampleView {
  readonly view: ViewId;
  readonly state: NodeState;
  /** By topic, what is told one after the other. */
  readonly told: { readonly [T in Topic]?: readonly Watched[T][] };
  /** The beginning of the name of a button to press. */
  readonly press?: string;
  /** What is clicked then, by its selector. */
  readonly click?: string;
  /** Summaries that are opened, by what is in their text. */
  readonly open?: readonly string[];
}

const link = (source: string, target: string, more: Partial<Link> = {}): Link => ({
  source: entityId(source),
  target: entityId(target),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store", "atomics"],
  sourceConfig: [],
  targetConfig: [],
  ...more,
});

const links: readonly Link[] = [
  link("http-server", "orders", {
    namespace: "wasi",
    package: "http",
    interfaces: ["incoming-handler"],
    sourceConfig: ["http-address"],
  }),
  link("orders", "kv-nats", { targetConfig: ["orders-bucket"] }),
  link("orders", "kv-nats", { name: "sessions", targetConfig: ["sessions-bucket"] }),
  link("orders", "mailer", { namespace: "example", package: "mail", interfaces: ["outbox"] }),
];

const types = componentWorld(fixture("types"));
const counter = componentWorld(fixture("counter"));
const TYPED: NodeState = {
  ...working,
  facts: { phase: "live" },
  workloads: [
    workload("types", { exports: exportsOf(types), imports: [], running: 2, sizeBytes: 16_825 }),
    workload("counter", { exports: exportsOf(counter), imports: [...counter.imports.keys()] }),
    ...working.workloads,
  ],
};
const WORLDS: Watched["worlds"] = [
  { id: "types", kind: "component", imports: [], exports: types.exports },
  {
    id: "counter",
    kind: "component",
    imports: [...counter.imports].map(([name, functions]) => ({
      name,
      functions,
      by: [name.replace(/@.*/, "")],
    })),
    exports: counter.exports,
  },
];

const sampleLog: readonly LogEntry[] = Array.from({ length: 120 }, (_, index) => {
  const at = SAMPLE_EPOCH_MS + index * 731;
  const rows: readonly Omit<LogEntry, "at">[] = [
    { level: "info", event: "component.running", fields: { id: "orders", took: 412 } },
    {
      level: "debug",
      event: "bus.dial-failed",
      fields: { server: "wss://b.example", code: "disconnected" },
    },
    { level: "info", event: "guest.printed", fields: { id: "hello", text: "greeted Ada" } },
    {
      level: "warn",
      event: "bus.publish-denied",
      fields: { subject: "$KV.LATTICEDATA_default.COMPONENT_orders" },
    },
    {
      level: "error",
      event: "call.failed",
      fields: { id: "orders", problem: "guest-trapped: unreachable executed" },
    },
  ];
  return {
    at,
    ...(rows[index % 7] ?? rows[index % 3] ?? { level: "info", event: "x", fields: {} }),
  };
});

/** By the name of the picture. */
export const SAMPLE_VIEWS: Readonly<Record<string, SampleView>> = {
  ...SAMPLE_TOPOLOGIES,
  calls: { view: "calls", state: working, told: { calls: [{ calls: sampleCalls, dropped: 0 }] } },
  "calls-chosen": {
    view: "calls",
    state: working,
    told: { calls: [{ calls: sampleCalls, dropped: 0 }] },
    click: ".wf-row.wf-depth-0:nth-of-type(10)",
  },
  "calls-many": {
    view: "calls",
    state: working,
    told: { calls: [{ calls: manyCalls, dropped: 1204 }] },
  },
  "calls-none": { view: "calls", state: working, told: { calls: [{ calls: [], dropped: 0 }] } },
  rates: {
    view: "rates",
    state: { ...working, metrics: sampleMetrics },
    told: { rates: [sampleRates] },
  },
  "rates-none": {
    view: "rates",
    state: working,
    told: { rates: [{ at: sampleRates.at, seconds: [], components: [] }] },
  },
  components: {
    view: "components",
    state: TYPED,
    told: {
      worlds: [WORLDS],
      facts: [{ status: { phase: "live" }, links, configNames: [] }],
    },
    open: ["echo-person", "echo-shape"],
  },
  "components-imports": {
    view: "components",
    state: { ...TYPED, workloads: TYPED.workloads.slice(1) },
    told: {
      worlds: [WORLDS],
      facts: [
        {
          status: { phase: "live" },
          links: [link("counter", "kv-nats", { interfaces: ["store"] })],
          configNames: [],
        },
      ],
    },
    open: ["count:"],
  },
  "components-none": { view: "components", state: joined, told: { worlds: [[]] } },
  links: {
    view: "links",
    state: { ...working, facts: { phase: "live" } },
    told: {
      facts: [
        {
          status: { phase: "live" },
          links,
          configNames: ["http-address", "orders-bucket", "SECRET_mail-password", "shop-theme"],
        },
      ],
    },
  },
  safety: {
    view: "safety",
    state: {
      ...working,
      users: {
        control: {
          kind: "jwt",
          name: "kiosk-7",
          expires: 1_900_000_000,
          rights: {
            publish: {
              allow: ["wasmbus.evt.default.*", "default.*.wrpc.0.0.1.>", "_INBOX.>"],
              deny: [],
            },
            subscribe: {
              allow: ["wasmbus.ctl.v1.default.>", "default.*.wrpc.0.0.1.> default.*", "_INBOX.>"],
              deny: [],
            },
          },
        },
      },
      refusals: [
        {
          operation: "publish",
          subject: "$KV.LATTICEDATA_default.COMPONENT_orders",
          times: 3,
          at: SAMPLE_EPOCH_MS,
        },
        {
          operation: "subscribe",
          subject: "wasmbus.ctl.v1.default.link.*",
          queue: "wasmbus.ctl.v1.default.link",
          times: 1,
          at: SAMPLE_EPOCH_MS + 4000,
        },
      ],
    },
    told: {},
  },
  log: { view: "log", state: { ...working, log: sampleLog }, told: {} },
  "safety-attacked": { view: "safety", state: attacked, told: {} },
  "links-none": {
    view: "links",
    state: { ...working, facts: { phase: "live" } },
    told: { facts: [{ status: { phase: "live" }, links: [], configNames: [] }] },
  },
};
