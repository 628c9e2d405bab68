import { expect, test } from "@playwright/test";
import puppeteer from "puppeteer-core";
import type { ImageServer } from "../support/image-server.ts";
import type { NativePeer, RawResults } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";

import { CHROMIUM_FLAGS } from "../support/chromium.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { launchMonitoredNats } from "../support/nats-monitor.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { scale } from "./story.ts";
import { WAITS } from "./waits.ts";

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

test("a hidden tab keeps its heartbeats within 30 s ± 3 s", WAITS, async () => {
  await using server = await startInlay();
  await using peer = await connectPeer(server.wsDirect);
  const events = await peer.listen("wasmbus.evt.default.*");
  const browser = await launchBare();
  try {
    const tab = await browser.newPage();
    await tab.goto(server.page);
    await tab.waitForSelector('html[data-node-state="joined"]');
    const front = await browser.newPage();
    await front.bringToFront();
    await expect.poll(() => tab.evaluate(() => document.visibilityState)).toBe("hidden");
    // As the tab itself dates them: when they come here is the machine's affair.
    const times = (): readonly number[] =>
      events.heard
        .map((message) => message.json<{ readonly type: string; readonly time: string }>())
        .filter(({ type }) => /host_(started|heartbeat)$/.test(type))
        .map(({ time }) => Date.parse(time));
    await expect.poll(() => times().length, { timeout: 100_000 }).toBe(3);

    const [started = 0, first = 0, second = 0] = times();
    for (const gap of [first - started, second - first]) {
      expect(gap).toBeGreaterThan(27_000);
      expect(gap).toBeLessThan(33_000);
    }
  } finally {
    await browser.close();
  }
});

test("a frozen tab leaves its queue groups first, and serves again soon after resuming", async () => {
  await using server = await startInlay();
  await using peer = await connectPeer(server.wsDirect);
  const browser = await launchBare();
  try {
    const tab = await browser.newPage();
    await tab.goto(server.page);
    await tab.waitForSelector('html[data-node-state="joined"]');
    await expect.poll(async () => (await greet(peer, 2000)).bytes.length).toBe(12);
    const devtools = await tab.createCDPSession();
    await tab.evaluate(() => {
      const note = (): unknown => Reflect.set(globalThis, "resumedAt", Date.now());
      document.addEventListener("resume", note, { once: true });
    });

    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await expect
      .poll(async () => (await greet(peer, 1000)).outcome, { timeout: 10_000 })
      .toBe("no-responders");
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await expect
      .poll(async () => (await greet(peer, 500)).bytes.length, { intervals: [20] })
      .toBe(12);
    const servedAt = Date.now();
    const resumedAt = await tab.evaluate(() => Number(Reflect.get(globalThis, "resumedAt")));

    const took = servedAt - resumedAt;
    test.info().annotations.push({ type: "served again after, ms", description: `${took}` });
    expect(took).toBeLessThan(5000); // 1 s on a machine that has nothing else to do
  } finally {
    await browser.close();
  }
});

test("a tab that navigates away answers the short calls it has taken, and ends the long ones as failed at once", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
  await scale({ tab, peer, lattice: "default" }, "sleeper", images.url("sleeper.wasm"), 10);
  await tab.run(
    `const note = () => localStorage.setItem("leftAt", String(Date.now()));
     addEventListener("pagehide", note, { capture: true });`,
  );
  const sleep = async (duration: Uint8Array) => {
    const begun = Date.now();
    const subject = "default.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep";
    const { outcome, bytes } = await peer.invoke(subject, duration);
    const ended = Date.now();
    return { outcome, answered: bytes.length > 0, begun, ended, tookMs: ended - begun };
  };
  const short: Awaited<ReturnType<typeof sleep>>[] = [];
  const lane = async (): Promise<void> => {
    for (;;) {
      const call = await sleep(Uint8Array.of(10));
      if (call.outcome === "no-responders") return; // the tab is out of its queue group
      short.push(call);
    }
  };

  const long = sleep(Uint8Array.of(0x88, 0x27)); // 5 s
  const lanes = Promise.all(Array.from({ length: 4 }, lane));
  await expect.poll(() => short.length).toBeGreaterThan(40);
  await tab.goTo("about:blank");
  await lanes;
  const { outcome, answered, ended } = await long;
  const witness = await browser.open(`${server.page}inlay.json`);
  const leftAt = Number(await witness.run(`return localStorage.getItem("leftAt")`));

  expect({ outcome, answered }).toEqual({ outcome: "ended", answered: false });
  expect(ended - leftAt).toBeLessThan(4000);
  // What had the time that leaving gives was answered, and nobody waits for his own deadline.
  const early = ({ begun, tookMs }: (typeof short)[number]): boolean =>
    begun < leftAt && tookMs < 45;
  const unanswered = short.filter((call) => !call.answered);
  expect(unanswered.filter((call) => call.outcome !== "ended" || early(call))).toEqual([]);
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
    await expect.poll(() => tab.evaluate(() => document.visibilityState)).toBe("hidden");
    const before = proxy.connections;

    proxy.stall();
    const shownAt = performance.now();
    await tab.bringToFront();
    await expect.poll(() => proxy.connections, { intervals: [50] }).toBeGreaterThan(before);
    const took = performance.now() - shownAt;
    test.info().annotations.push({ type: "redialled after, ms", description: took.toFixed(0) });
    proxy.resume();
    await events.next((json) => (json as { type: string }).type.endsWith("host_heartbeat"));

    expect(took).toBeLessThan(15_000); // without a look it takes two pings, 20 s
  } finally {
    await browser.close();
  }
});

test("a hidden tab answers nothing for the whole lattice, and does again when it is shown", async () => {
  await using server = await startInlay();
  await using nats = await launchNats();
  await using peer = await connectPeer(nats.ws);
  const browser = await launchBare();
  const answers = async (): Promise<number> =>
    (await peer.gather("wasmbus.ctl.v1.default.link.get", undefined, 200)).length;
  try {
    const tab = await browser.newPage();
    await tab.goto(`${server.page}?servers=${encodeURIComponent(nats.ws)}&autojoin`);
    await tab.waitForSelector('html[data-node-state="joined"]');
    await expect.poll(answers).toBe(1);

    const front = await browser.newPage();
    await front.bringToFront();
    await expect.poll(() => tab.evaluate(() => document.visibilityState)).toBe("hidden");
    await expect.poll(answers).toBe(0);
    await tab.bringToFront();

    await expect.poll(answers).toBe(1);
  } finally {
    await browser.close();
  }
});

const SLEEP = "default.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep";
const SHORT = Uint8Array.of(20); // milliseconds, as LEB128
const LONG = Uint8Array.of(0xbc, 0x05); // 700

interface Place {
  readonly page: string;
  readonly ws: string;
  readonly images: ImageServer;
  readonly browser: TestBrowser;
  readonly peer: NativePeer;
}

/** Tabs that run the sleeper, with lines as long as `queueLimits` say: a roomy one, 64 calls at once, and a small one, one. */
async function sleepIn(
  { page, ws, images, browser, peer }: Place,
  queueLimits: readonly [roomy: number, small: number],
): Promise<readonly [roomy: JoinedTab, small: JoinedTab]> {
  const join = (queueLimit: number): Promise<JoinedTab> =>
    joinFrom(browser, page, { servers: [ws], limits: { queueLimit } });
  const [roomy, small] = [await join(queueLimits[0]), await join(queueLimits[1])];
  const image = images.url("sleeper.wasm");
  await scale({ tab: roomy, peer, lattice: "default" }, "sleeper", image, 64);
  await scale({ tab: small, peer, lattice: "default" }, "sleeper", image, 1);
  return [roomy, small];
}

test("a full tab leaves its queue group, so that NATS routes elsewhere, until its line is half empty", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using nats = await launchMonitoredNats();
  await using peer = await connectPeer(nats.ws);
  const place = { page: server.page, ws: nats.ws, images, browser, peer };
  const [roomy, small] = await sleepIn(place, [100, 10]);
  /** How many tabs are in the queue group, as the server has it. */
  const members = async (): Promise<number> =>
    (await nats.connections()).filter((each) => each.subscriptions_list?.includes(SLEEP)).length;
  expect(await members()).toBe(2);
  const send = (count: number, duration: Uint8Array): Promise<readonly RawResults[]> =>
    Promise.all(Array.from({ length: count }, () => peer.invoke(SLEEP, duration)));

  const filling = send(60, LONG); // half of them fill the small tab's line, for some 3.5 s
  await expect.poll(members, { intervals: [20] }).toBe(1);
  const meanwhile = await send(100, SHORT);
  await expect.poll(members, { intervals: [20] }).toBe(2);
  await filling;
  const later = await send(100, SHORT);

  expect(hostsOf(meanwhile)).toEqual(new Set([roomy.hostId]));
  expect(meanwhile.every(({ bytes }) => bytes.length > 0)).toBe(true);
  expect(hostsOf(later)).toEqual(new Set([roomy.hostId, small.hostId]));
});

test("in a flood of 5,000 calls at once every call is answered or counted as failed", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const place = { page: server.page, ws: server.ws, images, browser, peer };
  const [roomy, small] = await sleepIn(place, [5000, 50]);
  const sum = ({ answered, failed, refused }: Totals): number => answered + failed + refused;

  // All of them are published before the first answer is read.
  const results = await Promise.all(
    Array.from({ length: 5000 }, () => peer.invoke(SLEEP, SHORT, { timeoutMs: 100_000 })),
  );

  const counts = { answered: 0, failed: 0, timeout: 0, "no-responders": 0 };
  for (const { outcome, bytes } of results) {
    if (outcome !== "ended") counts[outcome]++;
    else if (bytes.length === 0) counts.failed++;
    else counts.answered++;
  }
  await expect.poll(async () => sum(await totalsOf(roomy)) + sum(await totalsOf(small))).toBe(5000);
  const [inRoomy, inSmall] = [await totalsOf(roomy), await totalsOf(small)];
  test.info().annotations.push({
    type: "flood",
    description: JSON.stringify({ counts, inRoomy, inSmall }),
  });
  expect(counts).toMatchObject({ timeout: 0, "no-responders": 0 });
  expect(counts.answered).toBe(inRoomy.answered + inSmall.answered);
  expect(counts.failed).toBe(5000 - counts.answered);
  expect(inRoomy).toMatchObject({ failed: 0, refused: 0 });
  expect(inSmall.answered).toBeGreaterThan(50); // its line was full
});

type Totals = Readonly<Record<"answered" | "failed" | "refused", number>>;

async function totalsOf(tab: JoinedTab): Promise<Totals> {
  return (await tab.run("return node.view.peek().totals")) as Totals;
}

/** The hosts that accepted calls: their inboxes lie below `_INBOX.<host id>`. */
function hostsOf(calls: readonly RawResults[]): ReadonlySet<string | undefined> {
  return new Set(calls.map(({ acceptedFrom }) => acceptedFrom?.split(".")[1]));
}
