/**
 * Two hosts and an operator on a real server: three linked components with HTTP, a key-value store and messaging are
 * scheduled by label, run, and move when their host is lost.
 */
import { expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { WitValue, World } from "../../../src/core/wit.ts";
import type { WireWorkload } from "../../../src/dialects/v2/schema.ts";
import type { Draft } from "../../../src/wire/protojson.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { hostTarget, setTarget } from "../../../src/dialects/v2/ingress-names.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { openOperator, type Operator } from "../../support/operator.ts";
import { shows } from "../../support/protocol-rows.ts";
import { worldOf } from "../../support/sets.ts";
import { shared } from "../../support/shared.ts";
import { bytesOfStream, streamOf } from "../../support/streams.ts";
import { openWrpcNode, type WrpcNode } from "../../support/wrpc-node.ts";

const HTTP = "wrpc:http/incoming-handler@0.1.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";
const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const STORE = "wasi:keyvalue/store@0.2.0-draft";
const COUNTER = "demo:shop/counter@1.0.0";

const STORE_WIT = `
package wasi:keyvalue@0.2.0-draft;
interface store {
  variant error { no-such-store, access-denied, other(string) }
  resource bucket {
    get: func(key: string) -> result<option<list<u8>>, error>;
    set: func(key: string, value: list<u8>) -> result<_, error>;
  }
  open: func(identifier: string) -> result<bucket, error>;
}
`;

const { flat } = createInterfaces();
const string = { kind: "string" } as const;
/** As the lattice has them, under the same names as components. */
const exported = (...names: string[]): World["exports"] =>
  new Map(names.map((name) => [name, flat.exports.get(name) ?? new Map()]));
const counting: World["exports"] = new Map([
  [COUNTER, new Map([["count", { params: [{ name: "key", type: string }], result: string }]])],
]);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const okOf = (result: unknown): WitValue => {
  expect(result).toMatchObject({ tag: "ok" });
  return (result as { readonly val: WitValue }).val;
};

/** Answers requests with what `counter` says of their path. */
const web: LocalComponent = {
  world: { imports: counting, exports: exported(HTTP) },
  functions: {},
  guest: (importing) => ({
    [`${HTTP}#handle`]: async (request) => {
      const { pathWithQuery, body } = request as { pathWithQuery: string; body: WitValue };
      const sent = Buffer.from(await bytesOfStream(body as never)).toString();
      const [count] = await importing(COUNTER, "count", pathWithQuery);
      return {
        tag: "ok",
        val: {
          body: streamOf([utf8(`${pathWithQuery} `), utf8(`${String(count)} ${sent}`)]),
          trailers: Promise.resolve(undefined),
          status: 200,
          headers: [],
        },
      };
    },
  }),
};
/** Counts in a bucket. */
const counter: LocalComponent = {
  world: { ...worldOf(STORE_WIT, { imports: [STORE] }), exports: counting },
  functions: {},
  guest: (importing) => ({
    [`${COUNTER}#count`]: async (key) => {
      const [opened] = await importing(STORE, "open", "visits");
      const bucket = okOf(opened);
      const name = String(key).replace("/", "page-");
      const [read] = await importing(STORE, "[method]bucket.get", bucket, name);
      const before = okOf(read);
      const count =
        before === undefined ? 1 : Number(Buffer.from(before as Uint8Array).toString()) + 1;
      const [written] = await importing(
        STORE,
        "[method]bucket.set",
        bucket,
        name,
        utf8(String(count)),
      );
      expect(written).toMatchObject({ tag: "ok" });
      return String(count);
    },
  }),
};
/** Answers messages with what `counter` says of their body. */
const listener: LocalComponent = {
  world: {
    imports: new Map([...counting, ...exported(CONSUMER)]),
    exports: exported(HANDLER),
  },
  functions: {},
  guest: (importing) => ({
    [`${HANDLER}#handle-message`]: async (message) => {
      const { body, replyTo } = message as { body: Uint8Array; replyTo?: string };
      const [count] = await importing(COUNTER, "count", `/${Buffer.from(body).toString()}`);
      const answer = { subject: replyTo, body: utf8(String(count)), replyTo: undefined };
      const [sent] = await importing(CONSUMER, "publish", answer);
      return sent;
    },
  }),
};
const components = {
  "example/web:1": web,
  "example/counter:1": counter,
  "example/listener:1": listener,
};

const WORKLOAD: Draft<WireWorkload> = {
  namespace: "default",
  witWorld: {
    components: [
      { name: "web", image: "example/web:1", localResources: {} },
      { name: "counter", image: "example/counter:1", localResources: {} },
      { name: "listener", image: "example/listener:1", localResources: {} },
    ],
    hostInterfaces: [
      {
        namespace: "wasi",
        package: "http",
        interfaces: ["incoming-handler"],
        config: new Map([["host", "shop.example"]]),
      },
      { namespace: "wasi", package: "keyvalue", version: "0.2.0-draft", interfaces: ["store"] },
      {
        namespace: "wasmcloud",
        package: "messaging",
        version: "0.2.0",
        interfaces: ["consumer", "handler"],
        config: new Map([
          ["subscriptions", "shop.orders"],
          ["consumer_group", "shop"],
        ]),
      },
    ],
  },
};

const server = shared(() => launchNats());

interface Stage extends AsyncDisposable {
  readonly operator: Operator;
  readonly gateway: WrpcNode;
  readonly peer: Bus;
  /** Moves the operator's time on. */
  readonly pass: (ms: number) => void;
}

async function openStage(): Promise<Stage> {
  let now = Date.now();
  const operator = await openOperator(await openTestBus(server.ws), { now: () => now });
  const gateway = await openWrpcNode(server.ws, { lattice: { ingressOf: "default" } });
  return {
    operator,
    gateway,
    peer: gateway.bus,
    pass: (ms) => void (now += ms),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await operator[Symbol.asyncDispose]();
    },
  };
}

const join = (hostGroup: string, name: string) =>
  startHost({ url: server.ws }, { components, v2: { name, operator: { hostGroup } } });

/** One request, as a gateway sends it; the body of the answer. */
async function get(gateway: WrpcNode, target: string, path: string, body = ""): Promise<string> {
  const world = { imports: new Map(), exports: exported(HTTP) };
  const request = {
    body: streamOf(body === "" ? [] : [utf8(body)]),
    trailers: Promise.resolve(undefined),
    method: { tag: "get" },
    pathWithQuery: path,
    scheme: { tag: "HTTP" },
    authority: "shop.example",
    headers: [],
  };
  const [result] = await gateway.call(target, world, `${HTTP}#handle`, [request]);
  const { body: answer } = okOf(result) as { readonly body: never };
  return Buffer.from(await bytesOfStream(answer)).toString();
}

async function ask(peer: Bus, body: string): Promise<string> {
  const { data } = await peer.request("shop.orders", utf8(body), {
    signal: AbortSignal.timeout(10_000),
  });
  return Buffer.from(data).toString();
}

test("a workload is scheduled by label, serves by HTTP and messages, and moves when its host is lost", async () => {
  shows("v2, operator: scheduling and loss", "v2, operator: HTTP requests");
  await using stage = await openStage();
  const { operator, gateway, peer, pass } = stage;
  await using _aside = await join("elsewhere", "aside");
  await using first = await join("browser", "first");
  await using _second = await join("browser", "second");
  await expect
    .poll(() => [...operator.hosts.keys()].toSorted())
    .toEqual(["aside", "first", "second"]);
  operator.deploy("shop", { selector: { hostgroup: "browser" }, workload: WORKLOAD });

  await operator.reconcile();
  const tooEarly = operator.replicas.get("shop");
  await operator.reconcile();
  const placed = operator.replicas.get("shop");

  // Only who has answered twice is ready.
  expect(tooEarly).toBeUndefined();
  expect(placed).toMatchObject({
    hostId: operator.hosts.get("first")?.heartbeat.id,
    status: { workloadState: "WORKLOAD_STATE_RUNNING", message: "Workload is Running" },
  });
  expect(await get(gateway, hostTarget("Shop.Example:80"), "/a", "hello")).toBe("/a 1 hello");
  expect(await get(gateway, setTarget(placed?.uid ?? "", "shop.example") ?? "", "/a")).toBe(
    "/a 2 ",
  );
  expect(await ask(peer, "a")).toBe("3");
  await operator.reconcile();
  expect(operator.hosts.get("first")?.heartbeat).toMatchObject({
    workloadCount: 1n,
    componentCount: 3n,
  });
  // What runs in a set is no component of a 1.x lattice.
  expect(first.host.inventory().workloads).toEqual([]);
  expect(first.log.filter(({ level }) => level === "error")).toEqual([]);

  // A tab that is closed says nothing more.
  await first[Symbol.asyncDispose]();
  await operator.reconcile();
  expect(operator.hosts.get("first")).toMatchObject({ ready: false });
  expect(operator.replicas.get("shop")?.hostId).toBe(placed?.hostId);
  pass(60_000);
  await operator.reconcile();
  expect(operator.hosts.has("first")).toBe(false);
  await operator.reconcile();

  const moved = operator.replicas.get("shop");
  expect(moved).toMatchObject({
    hostId: operator.hosts.get("second")?.heartbeat.id,
    status: { workloadState: "WORKLOAD_STATE_RUNNING" },
  });
  expect(moved?.uid).not.toBe(placed?.uid);
  expect(await get(gateway, hostTarget("shop.example"), "/a")).toBe("/a 4 ");
  expect(await ask(peer, "a")).toBe("5");
  await expect(
    get(gateway, setTarget(placed?.uid ?? "", "shop.example") ?? "", "/a"),
  ).rejects.toMatchObject({
    code: "not-served",
  });

  const stopped = await operator.stop(moved?.hostId ?? "", moved?.uid ?? "");
  expect(stopped).toMatchObject({
    workloadState: "WORKLOAD_STATE_STOPPING",
    message: "Workload stopped successfully",
  });
  await expect(get(gateway, hostTarget("shop.example"), "/a")).rejects.toMatchObject({
    code: "not-served",
  });
  expect(operator.refused).toEqual([]);
});

test("a tab that is loaded again is the same host, and what it has lost is started anew", async () => {
  await using stage = await openStage();
  const { operator, pass } = stage;
  const load = () =>
    startHost(
      { url: server.ws },
      { components, v2: { name: "tab", operator: { id: "tab-7", hostGroup: "loaded" } } },
    );
  const before = await load();
  await expect.poll(() => operator.hosts.size).toBe(1);
  operator.deploy("shop", { selector: { hostgroup: "loaded" }, workload: WORKLOAD });
  await operator.reconcile();
  await operator.reconcile();
  const placed = operator.replicas.get("shop");

  await before[Symbol.asyncDispose]();
  await using _after = await load();
  await operator.reconcile();
  const lost = { ...operator.replicas.get("shop") };
  pass(60_000);
  await operator.reconcile();
  await operator.reconcile();

  expect(operator.hosts.size).toBe(1);
  expect(lost).toMatchObject({
    uid: placed?.uid,
    status: { workloadState: "WORKLOAD_STATE_NOT_FOUND", message: "Workload not found" },
  });
  await expect
    .poll(async () => {
      await operator.reconcile();
      return operator.replicas.get("shop")?.status.workloadState;
    })
    .toBe("WORKLOAD_STATE_RUNNING");
  expect(operator.replicas.get("shop")?.uid).not.toBe(placed?.uid);
});

test("replicas share a host name, and each has its own id", async () => {
  await using stage = await openStage();
  const { operator, gateway } = stage;
  await using nodeOne = await join("pair", "one");
  await using nodeTwo = await join("pair", "two");
  await expect.poll(() => operator.hosts.size).toBe(2);
  const [one, two] = ["one", "two"].map((name) => operator.hosts.get(name)?.heartbeat.id ?? "");

  await operator.start(one ?? "", "replica-1", WORKLOAD);
  await operator.start(two ?? "", "replica-2", WORKLOAD);
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => get(gateway, hostTarget("shop.example"), `/p${n}`)),
  );
  const own = await Promise.all([
    get(gateway, setTarget("replica-1", "shop.example") ?? "", "/p0"),
    get(gateway, setTarget("replica-2", "shop.example") ?? "", "/p1"),
  ]);

  // Each request was answered once: no page has been counted twice before.
  expect(all).toEqual(Array.from({ length: 20 }, (_, n) => `/p${n} 1 `));
  expect(own).toEqual(["/p0 2 ", "/p1 2 "]);
  const handled = () =>
    [nodeOne, nodeTwo].map(({ calls }) => calls.filter(({ instance }) => instance === HTTP));
  await expect.poll(() => handled().flat().length).toBe(22);
  expect(handled().every((calls) => calls.every(({ target }) => !target.startsWith("host-")))).toBe(
    true,
  );
  expect(await operator.stop(one ?? "", "replica-1")).toMatchObject({ workloadId: "replica-1" });
  expect(await get(gateway, hostTarget("shop.example"), "/q")).toBe("/q 1 ");
});

test("what a host cannot do is declined, and leaves nothing but its error", async () => {
  await using stage = await openStage();
  const { operator, gateway } = stage;
  await using node = await join("decliners", "decliner");
  await expect.poll(() => operator.hosts.size).toBe(1);
  const host = operator.hosts.get("decliner")?.heartbeat.id ?? "";
  const refused = (status: unknown, message: unknown): void =>
    expect(status).toMatchObject({ workloadState: "WORKLOAD_STATE_ERROR", message });
  const [webOnly] = WORKLOAD.witWorld?.components ?? [];

  refused(
    await operator.start(host, "paths", { ...WORKLOAD, volumes: [{ name: "v", hostPath: {} }] }),
    expect.stringContaining("host path"),
  );
  refused(
    await operator.start(host, "missing", {
      witWorld: { components: [{ name: "gone", image: "example/gone:1" }] },
    }),
    expect.stringContaining("failed to pull image for component 'gone'"),
  );
  refused(await operator.start(host, "nothing", {}), expect.stringContaining("no components"));
  await operator.start(host, "runs", WORKLOAD);
  refused(
    await operator.start(host, "runs", { witWorld: { components: [webOnly ?? {}] } }),
    expect.stringContaining("already exists"),
  );

  expect(await operator.status(host, "runs")).toMatchObject({
    workloadState: "WORKLOAD_STATE_RUNNING",
  });
  expect(await get(gateway, setTarget("runs", "shop.example") ?? "", "/declined")).toContain(
    "/declined 1",
  );
  expect(await operator.status(host, "missing")).toMatchObject({
    workloadState: "WORKLOAD_STATE_ERROR",
    message: expect.stringContaining("Error: failed to pull image"),
  });
  expect(await operator.stop(host, "missing")).toMatchObject({
    workloadState: "WORKLOAD_STATE_STOPPING",
  });
  expect(await operator.status(host, "missing")).toMatchObject({
    workloadState: "WORKLOAD_STATE_NOT_FOUND",
  });
  expect(node.host.sets().map(({ spec }) => spec.id)).not.toContain("missing");
});
