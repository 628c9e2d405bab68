import { expect, test } from "@playwright/test";
import puppeteer from "puppeteer-core";
import type { NativePeer } from "../support/native-peer.ts";

import { CHROMIUM_FLAGS } from "../support/chromium.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { scale } from "./story.ts";

const greet = (peer: NativePeer, timeoutMs: number): ReturnType<NativePeer["invoke"]> =>
  peer.invoke("default.hello.wrpc.0.0.1.inlay:demo/greeter.greet", Buffer.from("\u0003Ada"), {
    timeoutMs,
  });

/** Chromium without the emulation of a visible, focused page that test runners add. */
const launchBare = () =>
  puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    args: [...CHROMIUM_FLAGS],
    headless: true,
  });

test("a hidden tab keeps its heartbeats within 30 s ± 3 s", async () => {
  test.setTimeout(150_000);
  await using server = await startInlay();
  await using peer = await connectPeer(server.wsDirect);
  const events = await peer.listen("wasmbus.evt.default.host_heartbeat");
  const browser = await launchBare();
  try {
    const tab = await browser.newPage();
    await tab.goto(server.page);
    await tab.waitForSelector('html[data-node-state="joined"]');
    const joinedAt = performance.now();
    const front = await browser.newPage();
    await front.bringToFront();
    const hidden = await tab.evaluate(() => document.visibilityState);

    await expect.poll(() => events.heard.length, { timeout: 40_000 }).toBe(1);
    const first = performance.now() - joinedAt;
    await expect.poll(() => events.heard.length, { timeout: 40_000 }).toBe(2);
    const second = performance.now() - joinedAt - first;

    expect(hidden).toBe("hidden");
    for (const gap of [first, second]) {
      expect(gap).toBeGreaterThan(27_000);
      expect(gap).toBeLessThan(33_000);
    }
  } finally {
    await browser.close();
  }
});

test("a frozen tab leaves its queue groups first, and serves again within 1 s of resuming", async () => {
  await using server = await startInlay();
  await using peer = await connectPeer(server.wsDirect);
  const browser = await launchBare();
  try {
    const tab = await browser.newPage();
    await tab.goto(server.page);
    await tab.waitForSelector('html[data-node-state="joined"]');
    await expect.poll(async () => (await greet(peer, 2000)).bytes.length).toBe(12);
    const devtools = await tab.createCDPSession();

    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await expect
      .poll(async () => (await greet(peer, 1000)).outcome, { timeout: 10_000 })
      .toBe("no-responders");
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    const resumedAt = performance.now();
    await expect
      .poll(async () => (await greet(peer, 500)).bytes.length, { intervals: [20] })
      .toBe(12);
    const servedAfter = performance.now() - resumedAt;

    expect(servedAfter).toBeLessThan(1000);
  } finally {
    await browser.close();
  }
});

test("a tab that is shown again looks at once whether its connection lives, and replaces a dead one", async () => {
  await using server = await startInlay();
  await using nats = await launchNats();
  await using proxy = await openTcpProxy(nats.wsPort);
  await using peer = await connectPeer(nats.ws);
  const events = await peer.listen("wasmbus.evt.default.*");
  const browser = await launchBare();
  try {
    const tab = await browser.newPage();
    const servers = encodeURIComponent(`ws://127.0.0.1:${proxy.port}`);
    await tab.goto(`${server.page}?servers=${servers}&autojoin`);
    await tab.waitForSelector('html[data-node-state="joined"]');
    const front = await browser.newPage();
    await front.bringToFront();
    const hidden = await tab.evaluate(() => document.visibilityState);
    const before = proxy.connections;

    proxy.stall();
    const shownAt = performance.now();
    await tab.bringToFront();
    await expect.poll(() => proxy.connections, { intervals: [50] }).toBeGreaterThan(before);
    const redialledAfter = performance.now() - shownAt;
    proxy.resume();
    await events.next((json) => (json as { type: string }).type.endsWith("host_heartbeat"));

    expect(hidden).toBe("hidden");
    expect(redialledAfter).toBeLessThan(5000); // without a look it takes two pings, 20 s
  } finally {
    await browser.close();
  }
});

test("in a flood the slow tab leaves its queue group, and every call is answered or counted as failed", async () => {
  test.setTimeout(120_000);
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const options = { servers: [server.ws], limits: { queueLimit: 50 } };
  const fast = await joinFrom(browser, server.page, { ...options, limits: { queueLimit: 5000 } });
  const slow = await joinFrom(browser, server.page, options);
  const image = images.url("sleeper.wasm");
  await scale({ tab: fast, peer, lattice: "default" }, "sleeper", image, 64);
  await scale({ tab: slow, peer, lattice: "default" }, "sleeper", image, 1);
  const sleep = () =>
    peer.invoke("default.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep", Uint8Array.of(20), {
      timeoutMs: 60_000,
    });
  type Totals = { answered: number; failed: number; refused: number };
  const totals = async (tab: typeof fast): Promise<Totals> =>
    (await tab.run("return node.view.peek().totals")) as Totals;

  let left = 5000;
  const counts = { answered: 0, failed: 0, timeout: 0, "no-responders": 0 };
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const { outcome, bytes } = await sleep();
      if (outcome !== "ended") counts[outcome]++;
      else if (bytes.length === 0) counts.failed++;
      else counts.answered++;
    }
  };
  await Promise.all(Array.from({ length: 400 }, lane));
  await expect
    .poll(async () => {
      const [a, b] = [await totals(fast), await totals(slow)];
      return a.answered + a.failed + a.refused + b.answered + b.failed + b.refused;
    })
    .toBe(5000);
  const [fastTotals, slowTotals] = [await totals(fast), await totals(slow)];

  test.info().annotations.push({
    type: "flood",
    description: JSON.stringify({ counts, fastTotals, slowTotals }),
  });
  expect(counts.timeout + counts["no-responders"]).toBe(0);
  expect(counts.answered).toBe(fastTotals.answered + slowTotals.answered);
  expect(counts.failed).toBe(
    fastTotals.failed + fastTotals.refused + slowTotals.failed + slowTotals.refused,
  );
  const slowLog = await slow.run(`return node.view.peek().log.map((entry) => entry.event)`);
  expect(slowLog).toContain("serve.left");
  expect(slowTotals.answered).toBeLessThan(fastTotals.answered / 4);
});
