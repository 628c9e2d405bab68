/** States of a node as the page may meet them: for pictures of the page and for tests of its reducers. */
import type { CallRecord } from "../../src/core/event.ts";
import type { LogEntry } from "../../src/core/log.ts";
import type {
  ExportedFunction,
  JoinStep,
  NodeState,
  ProviderView,
  SetMemberView,
  WorkloadView,
} from "../../src/core/node-state.ts";

import { entityId } from "../../src/core/ids.ts";
import { idleState } from "../../src/page/state/idle-state.ts";
import { signature } from "../../src/wire/wit-signature.ts";
import { parseWitFunc } from "../../src/wire/wit-text.ts";
import { unservable } from "../../src/wire/wrpc.ts";

/** An afternoon; pictures look the same on any day. */
export const SAMPLE_EPOCH_MS: number = new Date(2025, 5, 11, 14, 3, 9, 218).getTime();

const SERVER = "wss://lattice.example:4223";
const GREETER = "inlay:demo/greeter";

const JOIN_STEPS: readonly JoinStep[] = [
  { name: "worker", startedMs: 104, tookMs: 41.2 },
  { name: "identity", startedMs: 145.2, tookMs: 12.6 },
  { name: "connect", startedMs: 157.8, tookMs: 63.9 },
  { name: "subscribe", startedMs: 221.7, tookMs: 8.42 },
  { name: "announce", startedMs: 230.1, tookMs: 3.07 },
];

const ORDER = {
  target: entityId("orders"),
  instance: "example:orders/intake@1.0.0",
  func: "place",
  source: entityId("shop"),
};

export function workload(id: string, changes: Partial<WorkloadView> = {}): WorkloadView {
  return {
    id,
    image: `https://lattice.example/demo/${id}.wasm`,
    state: { phase: "running" },
    maxInstances: 10,
    annotations: {},
    digest: "3f9ac41e02d7b85566aa0d1c9f7be3427d1a0c5b8e94f26310ab77d9e5c0c21e",
    sizeBytes: 2_148,
    exports: [
      { instance: GREETER, func: "greet", signature: "func(name: string) -> string" },
      {
        instance: GREETER,
        func: "repeat",
        signature: "func(text: string, times: u32) -> list<string>",
      },
    ],
    imports: ["wasi:logging/logging"],
    running: 0,
    waiting: 0,
    accepting: true,
    answered: 0,
    failed: 0,
    refused: 0,
    ...changes,
  };
}

export function provider(id: string, changes: Partial<ProviderView> = {}): ProviderView {
  return {
    id,
    image: "inlay:///keyvalue",
    state: { phase: "running" },
    annotations: {},
    exports: [],
    health: { healthy: true, message: "18204 of 268435456 bytes are used" },
    links: 1,
    running: 0,
    accepting: true,
    answered: 0,
    failed: 0,
    refused: 0,
    ...changes,
  };
}

export function call(index: number, changes: Partial<CallRecord> = {}): CallRecord {
  return {
    id: `call-${index}`,
    source: undefined,
    target: entityId("hello"),
    instance: GREETER,
    func: "greet",
    traceparent: undefined,
    at: SAMPLE_EPOCH_MS + index * 731,
    tookMs: 0.9 + ((index * 7919) % 100) / 40,
    outcome: "ok",
    ...changes,
  };
}

export const idle: NodeState = idleState();

export const connecting: NodeState = {
  ...idle,
  phase: "connecting",
  friendlyName: "brisk-otter-4127",
  version: "0.1.0",
  joinSteps: [...JOIN_STEPS.slice(0, 2), { name: "connect", startedMs: 157.8 }],
  control: { phase: "connecting" },
  rpc: { phase: "connecting" },
  facts: { phase: "reading" },
  sharing: false,
};

const LOG: readonly LogEntry[] = [
  entry(0, "info", "joined", { lattice: "default", tookMs: 129 }),
  entry(310, "debug", "image fetched", { id: "hello", bytes: 2_148, cached: false }),
  entry(902, "info", "workload running", { id: "hello", maxInstances: 10 }),
  entry(41_000, "warn", "call failed", { target: "orders", code: "guest-trapped" }),
];

/** Joined a moment ago, with nothing to do. */
export const joined: NodeState = {
  ...idle,
  phase: "joined",
  hostId: "NBGHEKLFQ57SUTPGEC4NGKRRAV5XKXIEPNLQ3O7OT2BKDPYXJ63PSCSX",
  friendlyName: "brisk-otter-4127",
  version: "0.1.0",
  bridge: "jspi",
  labels: {
    "hostcore.arch": "wasm32",
    "hostcore.os": "browser",
    "hostcore.osfamily": "browser",
    "inlay.browser": "chrome",
    "inlay.browser-version": "141",
    zone: "edge",
  },
  joinSteps: JOIN_STEPS,
  control: { phase: "open", server: SERVER },
  rpc: { phase: "open", server: SERVER },
  facts: { phase: "live" },
  log: LOG,
};

/** An ordinary minute: three components, some calls, one failure. */
export const working: NodeState = {
  ...joined,
  workloads: [
    workload("hello", { running: 2, answered: 12_408, failed: 1 }),
    workload("orders", {
      image: "ghcr.io/example/orders:1.4.2",
      running: 1,
      answered: 873,
      failed: 2,
      maxInstances: 4,
      sizeBytes: 1_482_113,
      digest: "b02e6f11c9d3407782aa51f0e6c4d98b1f3a7e5502c8d6b94e10f7a3c5d2e8ab",
      exports: [
        {
          instance: "example:orders/intake@1.0.0",
          func: "place",
          signature: "func(order: record { sku: string, count: u32 }) -> result<u64, string>",
        },
        {
          instance: "example:orders/intake@1.0.0",
          func: "watch",
          signature: "func() -> stream<u8>",
        },
        unserved(
          "example:orders/intake@1.0.0",
          "attach",
          "func(id: u64, scan: borrow<input-stream>) -> result<_, string>",
        ),
      ],
    }),
    workload("resize", {
      state: {
        phase: "starting",
        progress: { stage: "fetch", bytes: 1_310_720, totalBytes: 2_411_724 },
      },
      digest: undefined,
      sizeBytes: undefined,
      exports: [],
    }),
  ],
  calls: Array.from({ length: 60 }, (_, index) => ordinaryCall(index)),
  totals: { answered: 13_281, failed: 3, refused: 0 },
};

/** More calls than may run: the line is full. */
export const flooded: NodeState = {
  ...working,
  providers: [
    provider("sessions", { links: 2, answered: 5_120 }),
    provider("carts", { accepting: false, health: undefined, links: 0 }),
    provider("kvredis", {
      image: "ghcr.io/wasmcloud/keyvalue-redis:0.28.1",
      state: {
        phase: "failed",
        error:
          '"ghcr.io/wasmcloud/keyvalue-redis:0.28.1" is not a provider that runs in a page, and this host runs no others; there are: inlay:///keyvalue',
      },
    }),
  ],
  workloads: [
    workload("hello", {
      running: 10,
      waiting: 100,
      accepting: false,
      answered: 1_204_113,
      failed: 12,
      refused: 3_127,
    }),
  ],
  calls: Array.from({ length: 100 }, (_, index) =>
    call(index, {
      at: SAMPLE_EPOCH_MS + index * 0.2,
      ...(index % 9 === 4
        ? { outcome: "refused" as const, tookMs: 0.1, error: "overloaded: 100 calls wait already" }
        : {}),
    }),
  ),
  totals: { answered: 1_204_113, failed: 12, refused: 3_127 },
};

function member(name: string, changes: Partial<SetMemberView> = {}): SetMemberView {
  return { ...workload(name), name, role: "component", met: {}, ...changes };
}

/** What an operator of wasmCloud v2 has given this tab. */
export const operated: NodeState = {
  ...working,
  workloads: [],
  workloadSets: [
    {
      id: "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42",
      namespace: "market",
      name: "shop-7f9c4d6b8-x2k9p",
      phase: "running",
      message: "Workload is Running",
      members: [
        member("front", {
          image: "ghcr.io/example/shop-front:2.1.0",
          running: 3,
          answered: 8_210,
          met: {
            "example:shop/cart@1.0.0": "component cart",
            "wasi:http/outgoing-handler@0.2.2": "wasi-http",
          },
        }),
        member("cart", {
          image: "ghcr.io/example/shop-cart:2.1.0",
          answered: 8_194,
          failed: 2,
          met: { "wasi:keyvalue/store@0.2.0-draft": "wasi-keyvalue" },
        }),
        member("sweeper", {
          role: "service",
          image: "ghcr.io/example/shop-sweeper:1.0.3",
          met: { "wasmcloud:messaging/consumer@0.2.0": "wasmcloud-messaging" },
        }),
      ],
      interfaces: [],
    },
    {
      id: "8c1b7d54-3f0e-4f0b-9a68-0f6c4e5d2b11",
      namespace: "market",
      name: "report-6d5f8c9b7-q4w8z",
      phase: "failed",
      message:
        "workload component report requested interfaces that are not available on this host: wasmcloud:postgres/query",
      members: [],
      interfaces: [],
    },
  ],
};

/** Somebody without a seed tries. */
export const attacked: NodeState = {
  ...working,
  alarms: (["issuer", "hash", "replay"] as const).map((check, index) => ({
    at: SAMPLE_EPOCH_MS + index * 1_310,
    check,
    problem: "invocation claims and invocation target URL do not match",
    origin: `wasmbus://wasmcloud/httpserver/default/V${"BD4K7QX".repeat(8).slice(0, 55)}`,
    target: `wasmbus://M${"A2KLOP5".repeat(8).slice(0, 55)}`,
    operation: "HttpServer.HandleRequest",
    subject: `wasmbus.rpc.default.M${"A2KLOP5".repeat(8).slice(0, 55)}`,
    host: `N${"CT6YEB3".repeat(8).slice(0, 55)}`,
  })),
  watch: { phase: "watching", genuine: 48_213, forged: 3, unverified: 1, unchecked: 0 },
};

/** The watch sees nothing wrong. */
export const watching: NodeState = {
  ...working,
  watch: { phase: "watching", genuine: 48_213, forged: 0, unverified: 0, unchecked: 0 },
};

export const reconnecting: NodeState = {
  ...working,
  phase: "reconnecting",
  control: { phase: "reconnecting", since: Date.now() - 12_000, reason: "the server closed" },
  rpc: { phase: "reconnecting", since: Date.now() - 12_000, reason: "the server closed" },
  facts: { phase: "stale" },
};

export const startFailed: NodeState = {
  ...joined,
  workloads: [
    workload("hello", {
      state: {
        phase: "failed",
        error:
          "https://lattice.example/demo/hello.wasm answered 404 Not Found; nothing of it was kept",
      },
      digest: undefined,
      sizeBytes: undefined,
      exports: [],
    }),
  ],
};

/** Two calls are still on their way. */
export const leaving: NodeState = { ...working, phase: "leaving" };

export const stopped: NodeState = {
  ...working,
  phase: "stopped",
  workloads: [],
  control: { phase: "closed" },
  rpc: { phase: "closed" },
};

export const noServers: NodeState = {
  ...connecting,
  phase: "failed",
  joinSteps: JOIN_STEPS.slice(0, 2),
  error: {
    code: "no-servers",
    message: "none of wss://lattice.example:4223, wss://backup.example:4223 answered within 10 s",
  },
  control: { phase: "closed", reason: "no server answered" },
  rpc: { phase: "closed", reason: "no server answered" },
};

export const denied: NodeState = {
  ...noServers,
  error: { code: "denied", message: "wss://lattice.example:4223 refused the token" },
};

export const insecure: NodeState = {
  ...idle,
  phase: "failed",
  error: {
    code: "insecure-context",
    message:
      "This page came from http://192.168.1.20:8080. Browsers let only https and localhost run a host.",
  },
};

/** With the reason that a node gives. */
function unserved(instance: string, func: string, text: string): ExportedFunction {
  const type = parseWitFunc(text);
  const obstacle = unservable(func, type);
  if (obstacle === undefined) throw new Error(`the lattice can call ${func}: ${text}`);
  return { instance, func, signature: signature(type), unserved: obstacle };
}

function ordinaryCall(index: number): CallRecord {
  if (index === 56) {
    const error = "guest-trapped: wasm trap: unreachable executed in intake.place";
    return call(index, { ...ORDER, tookMs: 14.2, outcome: "failed", error });
  }
  return index % 5 === 2 ? call(index, { ...ORDER, tookMs: 8 + (index % 7) * 3.1 }) : call(index);
}

function entry(
  after: number,
  level: LogEntry["level"],
  event: string,
  fields: LogEntry["fields"],
): LogEntry {
  return { at: SAMPLE_EPOCH_MS + after, level, event, fields };
}
