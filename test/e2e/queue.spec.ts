import { expect, test } from "@playwright/test";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { launchMonitoredNats } from "../support/nats-monitor.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

const LANES = 16;

/** Two tabs of one browser that both run `image`. */
async function openTwo(
  browser: TestBrowser,
  { page, ws }: { readonly page: string; readonly ws: string },
  peer: NativePeer,
  [id, image]: readonly [id: string, image: string],
): Promise<readonly [JoinedTab, JoinedTab]> {
  const options = { servers: [ws] };
  const first = await joinFrom(browser, page, options);
  const second = await joinFrom(browser, page, options);
  expect(first.hostId).not.toBe(second.hostId);
  for (const tab of [first, second]) {
    await scale({ tab, peer, lattice: "default" }, id, image, 10);
  }
  return [first, second];
}

type Totals = Readonly<Record<"answered" | "failed" | "refused", number>>;

async function totals(tab: JoinedTab): Promise<Totals> {
  return (await tab.run("return node.view.peek().totals")) as Totals;
}

test("two tabs share 1,000 calls evenly", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const tabs = await openTwo(browser, server, peer, ["hello", images.url("hello.wasm")]);
  const subject = "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet";

  let left = 1000;
  let lost = 0;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const { outcome, bytes } = await peer.invoke(subject, Buffer.from("\u0003Ada"));
      if (outcome !== "ended" || bytes.length !== 12) lost++;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));

  expect(lost).toBe(0);
  const answered = async (): Promise<readonly number[]> =>
    (await Promise.all(tabs.map(totals))).map((of) => of.answered);
  await expect.poll(async () => (await answered()).reduce((a, b) => a + b)).toBe(1000);
  const [share = 0] = await answered();
  expect(share).toBeGreaterThan(350);
  expect(share).toBeLessThan(650);
});

/** One call as its caller saw it. */
interface Seen {
  readonly begun: number;
  readonly ended: number;
  readonly answered: boolean;
  /** Host that accepted it. */
  readonly by: string | undefined;
}

test("closing a tab loses only calls that are in flight there", async () => {
  await using server = await startInlay();
  await using nats = await launchMonitoredNats();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(nats.ws);
  const [stays, closes] = await openTwo(browser, { page: server.page, ws: nats.ws }, peer, [
    "sleeper",
    images.url("sleeper.wasm"),
  ]);
  const open = async (): Promise<number> => (await nats.connections()).length;
  const subject = "default.sleeper.wrpc.0.0.1.inlay:test/sleeper.sleep";
  const seen: Seen[] = [];
  let goneAt = Infinity;
  const call = async (): Promise<void> => {
    const begun = performance.now();
    const sent = await peer.invoke(subject, Uint8Array.of(30), { timeoutMs: 6000 });
    seen.push({
      begun,
      ended: performance.now(),
      answered: sent.outcome === "ended" && sent.bytes.length > 0,
      by: sent.acceptedFrom?.split(".")[1],
    });
  };
  const begunAfter = (time: number): readonly Seen[] => seen.filter(({ begun }) => begun > time);
  const lane = async (): Promise<void> => {
    while (begunAfter(goneAt).length < 300) await call();
  };

  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  await expect.poll(() => seen.length).toBeGreaterThan(300);
  const closedAt = performance.now();
  await closes.close();
  // Two of each tab, and the peer's: the server knows that both of the closed tab have gone.
  await expect.poll(open, { intervals: [20] }).toBe(3);
  goneAt = performance.now();
  await lanes;

  const lost = seen.filter(({ answered }) => !answered);
  const inFlight = seen.filter(
    ({ begun, ended, by }) => by === closes.hostId && begun < closedAt && ended > closedAt,
  );
  const neverAccepted = lost.filter(({ by }) => by === undefined).length;
  test.info().annotations.push({
    type: "calls at the closing",
    description: JSON.stringify({
      all: seen.length,
      inFlightThere: inFlight.length,
      lost: lost.length,
      neverAccepted,
      goneAfterMs: Math.round(goneAt - closedAt),
    }),
  });
  expect(inFlight.length).toBeGreaterThan(0);
  expect(lost.map(({ by }) => by)).not.toContain(stays.hostId);
  expect(lost.filter(({ begun }) => begun > goneAt)).toEqual([]);
  // What nobody accepted went to the closed tab as well: the other one answered each call that reached it.
  await expect
    .poll(() => totals(stays))
    .toEqual({
      answered: seen.filter(({ by }) => by === stays.hostId).length,
      failed: 0,
      refused: 0,
    });
});
