/** What a host does when its server refuses, its connection goes, or its callers misbehave. */
import { expect, test } from "vitest";
import type { WitType, World } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { entityId } from "../../../src/core/ids.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { startHost } from "../../support/lattice-host.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

const string: WitType = { kind: "string" };
const world: World = {
  imports: new Map(),
  exports: new Map([
    [
      "demo:app/greeter",
      new Map([["greet", { params: [{ name: "name", type: string }], result: string }]]),
    ],
  ]),
};
const image = "https://images.example/hello.wasm";
const id = entityId("hello");
const greet = "default.hello.wrpc.0.0.1.demo:app/greeter.greet";
const subject = "demo:app/greeter#greet";
const components = {
  [image]: { world, functions: { [subject]: (name: unknown) => `Hello, ${String(name)}!` } },
};
const scaleUp = (node: LatticeHost): Promise<void> =>
  node.host.scale({ id, image, maxInstances: 4, annotations: new Map() });
/** Long enough for all the calls of a test to be under way before the first of them ends. */
const limits = { ...DEFAULT_LIMITS, callDeadlineMs: 3000 };

test("a host whose control subscriptions are refused does not call itself joined", async () => {
  await using server = await launchNats({
    users: [
      { user: "tab", password: "x", permissions: { subscribe: { deny: ["wasmbus.ctl.>"] } } },
    ],
  });

  const start = startHost({ url: server.ws.replace("ws://", "ws://tab:x@") });

  await expect(start).rejects.toMatchObject({
    code: "denied",
    message: expect.stringContaining("wasmbus.ctl"),
  });
});

test("a component that may not be served is a failed start", async () => {
  await using server = await launchNats({
    users: [{ user: "tab", password: "x", permissions: { subscribe: { deny: ["default.>"] } } }],
  });
  await using node = await startHost(
    { url: server.ws.replace("ws://", "ws://tab:x@") },
    { components },
  );

  await expect(scaleUp(node)).rejects.toMatchObject({ code: "denied" });

  expect(node.host.inventory().workloads).toEqual([]);
});

test("calls that never send their parameters are bounded, and the component leaves its groups meanwhile", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  await using node = await startHost({ url: server.ws }, { components, parts: { limits } });
  await scaleUp(node);

  for (let n = 0; n < 1100; n++)
    peer.nats.publish(greet, Uint8Array.of(200), { reply: `_INBOX.peer.${n}` });
  await peer.nats.flush();
  await expect.poll(() => node.log.some(({ event }) => event === "serve.left")).toBe(true);
  await expect.poll(() => node.calls.length).toBe(1100);
  await expect
    .poll(
      async () =>
        (await peer.invoke(greet, Buffer.from("\u0003Ada"), { timeoutMs: 500 })).bytes.length,
    )
    .toBe(12);

  const outcomes = node.calls
    .slice(0, 1100)
    .map(({ outcome, error }) => `${outcome} ${error?.split(":")[0]}`);
  expect(new Set(outcomes)).toEqual(new Set(["failed deadline", "refused overloaded"]));
});

test("a call has one deadline, for its parameters and its run together", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const slow = {
    world,
    functions: { [subject]: () => new Promise(() => undefined) },
  };
  await using node = await startHost(
    { url: server.ws },
    { components: { [image]: slow }, parts: { limits } },
  );
  await scaleUp(node);
  const ended = new Promise<void>((resolve) => {
    peer.nats.subscribe("_INBOX.peer.slow.results", { callback: () => resolve() });
    peer.nats.subscribe("_INBOX.peer.slow", {
      callback: (_, message) => {
        setTimeout(() => peer.nats.publish(`${message.reply}.params`, Buffer.from("Ada")), 1500);
      },
    });
  });
  const started = performance.now();

  peer.nats.publish(greet, Uint8Array.of(3), { reply: "_INBOX.peer.slow" });
  await ended;

  const tookMs = performance.now() - started;
  // With one for each it would take 4.5 s.
  expect(tookMs).toBeGreaterThan(2900);
  expect(tookMs).toBeLessThan(4400);
});

test("calls that fail before they reach the component are recorded", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  await using node = await startHost({ url: server.ws }, { components });
  await scaleUp(node);

  await peer.invoke(greet, Buffer.from("02fffe", "hex"));

  expect(node.calls).toMatchObject([
    { outcome: "failed", error: expect.stringContaining("bad-message") },
  ]);
});

test("a result of the wrong type is a failed call, not an answered one", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const wrong = { world, functions: { [subject]: () => 7 } };
  await using node = await startHost({ url: server.ws }, { components: { [image]: wrong } });
  await scaleUp(node);

  const { outcome, bytes } = await peer.invoke(greet, Buffer.from("\u0003Ada"));

  expect([outcome, bytes.length]).toEqual(["ended", 0]);
  expect(node.calls).toMatchObject([
    { outcome: "failed", error: expect.stringContaining("results[0]") },
  ]);
});

test("a start outlives a blip of the connection", async () => {
  await using server = await launchNats();
  await using proxy = await openTcpProxy(server.wsPort);
  await using peer = await connectPeer(server.ws);
  await using node = await startHost({ url: `ws://127.0.0.1:${proxy.port}` }, { components });

  proxy.reset();
  await scaleUp(node);

  expect((await peer.invoke(greet, Buffer.from("\u0003Ada"))).bytes.length).toBe(12);
});

test("a call out ends at once when the connection is lost", async () => {
  await using server = await launchNats();
  await using proxy = await openTcpProxy(server.wsPort);
  await using peer = await connectPeer(server.ws);
  await using node = await startHost({ url: `ws://127.0.0.1:${proxy.port}` });
  peer.nats.subscribe("default.mute.>");
  await peer.nats.flush();
  const target = entityId("mute");
  const running = node.host.calleeFor(target, world).invoke({
    id: "1",
    source: undefined,
    target,
    link: "default",
    instance: "demo:app/greeter",
    func: "greet",
    args: ["Ada"],
    trace: new Map(),
    signal: AbortSignal.timeout(30_000),
  });

  proxy.reset();

  await expect(running).rejects.toMatchObject({ code: "disconnected" });
});

test("events of an outage follow in order when it is over, and a heartbeat after them", async () => {
  await using server = await launchNats();
  await using proxy = await openTcpProxy(server.wsPort);
  await using peer = await connectPeer(server.ws);
  await using node = await startHost({ url: `ws://127.0.0.1:${proxy.port}` }, { components });
  const heard = await peer.listen("wasmbus.evt.default.*");
  const names = (): string[] =>
    heard.heard.map((message) => message.subject.split(".").at(-1) ?? "");

  await proxy.refuse();
  await expect.poll(() => node.bus.status.peek().phase).toBe("reconnecting");
  await node.host.run("label.put", { key: "a", value: "1" });
  await node.host.run("label.put", { key: "a", value: "2" });
  await proxy.accept();
  node.host.probe();
  await expect.poll(names).toContain("host_heartbeat");

  expect(names()).toEqual(["labels_changed", "labels_changed", "host_heartbeat"]);
  const values = heard.heard
    .slice(0, 2)
    .map((each) => each.json<{ data: { labels: { a: string } } }>().data.labels.a);
  expect(values).toEqual(["1", "2"]);
});

test("goodbye is the last word of a host, also when it gives up a start", async () => {
  await using server = await launchNats();
  await using peer = await connectPeer(server.ws);
  const heard = await peer.listen("wasmbus.evt.default.*");
  const node = await startHost({ url: server.ws }, { components });

  const start = scaleUp(node).catch(() => undefined);
  await node.host.stop(500);
  await start;
  await peer.nats.flush();

  expect(heard.heard.at(-1)?.subject).toBe("wasmbus.evt.default.host_stopped");
});
