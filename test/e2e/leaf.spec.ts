import { expect, test } from "@playwright/test";
import type { NativePeer } from "../support/native-peer.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { scale } from "./story.ts";

const call = async (peer: NativePeer, timeoutMs = 1000): Promise<boolean> => {
  const { bytes } = await peer.invoke(
    "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
    Buffer.from("\u0003Ada"),
    { timeoutMs },
  );
  return Buffer.from(bytes).toString() === "\u000bHello, Ada!";
};

/** Milliseconds until a call is answered again. */
async function untilAnswered(peer: NativePeer, limitMs: number): Promise<number> {
  const started = performance.now();
  for (;;) {
    if (await call(peer, 250)) return performance.now() - started;
    const elapsed = performance.now() - started;
    if (elapsed > limitMs) throw new Error(`no answer within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const elapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("a tab on a leaf is called from the hub, and is back after the leaf was away for 1 s and for 60 s", async () => {
  test.setTimeout(180_000);
  await using inlay = await startInlay();
  await using images = await serveImages();
  await using hub = await launchNats({ leafListen: true });
  await using leaf = await launchNats({ leafRemotes: [`${hub.ws}/leafnode`], jetstream: false });
  await using browser = await browsers.chromium();
  await using onLeaf = await connectPeer(leaf.ws);
  await using caller = await connectPeer(hub.ws);
  const tab = await joinFrom(browser, inlay.page, { servers: [leaf.ws] });
  await scale({ tab, peer: onLeaf, lattice: "default" }, "hello", images.url("hello.wasm"), 4);
  await untilAnswered(caller, 5000);

  const healing: Record<number, number> = {};
  for (const outageMs of [1000, 60_000]) {
    await leaf.kill();
    await elapse(outageMs); // the outage itself is the subject
    await leaf.restart();
    healing[outageMs] = await untilAnswered(caller, 15_000);
  }

  test.info().annotations.push({ type: "healed after, ms", description: JSON.stringify(healing) });
  expect(healing[1000]).toBeLessThan(2000);
  expect(healing[60_000]).toBeLessThan(5000);
  const started = await tab.run(`return node.view.peek().phase`);
  expect(started).toBe("joined");
});

test("after a reconnect there is one heartbeat at once, and host_started stays the only one", async () => {
  await using inlay = await startInlay();
  await using server = await launchNats();
  const proxy = await openTcpProxy(server.wsPort);
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.ws);
  const events = await peer.listen("wasmbus.evt.default.*");
  const tab = await joinFrom(browser, inlay.page, { servers: [`ws://127.0.0.1:${proxy.port}`] });
  const count = (name: string): number =>
    events.heard.filter(({ subject }) => subject === `wasmbus.evt.default.${name}`).length;

  proxy.reset();
  await expect.poll(() => count("host_heartbeat")).toBe(1);

  expect(count("host_started")).toBe(1);
  expect(await tab.run(`return node.view.peek().phase`)).toBe("joined");
  await proxy[Symbol.asyncDispose]();
});

test("300 ms of delay slow calls down and break nothing", async () => {
  await using inlay = await startInlay();
  await using images = await serveImages();
  await using server = await launchNats();
  await using proxy = await openTcpProxy(server.wsPort);
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.ws);
  proxy.delay(300);
  const tab = await joinFrom(browser, inlay.page, { servers: [`ws://127.0.0.1:${proxy.port}`] });
  await scale({ tab, peer, lattice: "default" }, "hello", images.url("hello.wasm"), 4);

  const answered = await Promise.all(Array.from({ length: 20 }, () => call(peer, 10_000)));

  expect(answered.every(Boolean)).toBe(true);
});

test("a stalled socket is noticed when the page wakes, and replaced", async () => {
  await using inlay = await startInlay();
  await using images = await serveImages();
  await using server = await launchNats();
  await using proxy = await openTcpProxy(server.wsPort);
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.ws);
  const tab = await joinFrom(browser, inlay.page, { servers: [`ws://127.0.0.1:${proxy.port}`] });
  await scale({ tab, peer, lattice: "default" }, "hello", images.url("hello.wasm"), 4);
  const before = proxy.connections;

  proxy.stall();
  await tab.run(`dispatchEvent(new Event("online"))`);
  await expect.poll(() => proxy.connections, { timeout: 10_000 }).toBeGreaterThan(before);
  proxy.resume();

  expect(await untilAnswered(peer, 10_000)).toBeLessThan(6000);
});
