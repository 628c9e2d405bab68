/**
 * The kiosk's story: it serves through the restart of its server, the silence and the death of its worker and a new version,
 * with one identity and one credential. `INLAY_KIOSK_MINUTES=30` spreads the same over half an hour.
 */
import { expect, type Page, test } from "@playwright/test";
import type { KioskSite } from "../support/kiosk-site.ts";

import { violations } from "../support/axe.ts";
import { openKioskSite } from "../support/kiosk-site.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { type SteadyLoad, startLoad } from "../support/steady-load.ts";

const GREET = "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet";
const ADA = Buffer.from("\u0003Ada");
const MINUTES = Number(process.env["INLAY_KIOSK_MINUTES"] ?? "0");
/** Between two mishaps, of which the story has four. */
const PAUSE_MS = (MINUTES * 60_000) / 5;
const USER = { user: "kiosk", password: "one-time-secret" };

let site: KioskSite;
test.beforeAll(async () => {
  site = await openKioskSite();
});
test.afterAll(() => site[Symbol.asyncDispose]());

function addressOf(ws: string, more: string): string {
  const servers = encodeURIComponent(ws);
  const component = encodeURIComponent(`hello=${site.url}demo/hello.wasm`);
  return `${site.url}kiosk.html?servers=${servers}&component=${component}&name=wall-1&${more}`;
}

const told = (page: Page, name: string): Promise<string | null> =>
  page.locator("html").getAttribute(`data-${name}`);

/** It has joined, runs what it should, and answers again. */
async function serves(page: Page, load: SteadyLoad): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-node-state", "joined");
  const before = load.answered;
  await expect.poll(() => load.answered).toBeGreaterThan(before + 5);
}

/** Runs `script` in the host worker, which may not come back from it. */
async function inHostWorker(page: Page, script: string): Promise<void> {
  const found = page.workers().find((worker) => worker.url().includes("host.worker"));
  if (found === undefined) throw new Error("the page has no host worker");
  void found.evaluate(script).catch(() => undefined); // it is lost with the worker
}

test("a kiosk serves on through a server's restart, a silent worker, a dead worker and a new version", async ({
  page,
}) => {
  test.setTimeout(240_000 + MINUTES * 60_000);
  await using nats = await launchNats({ users: [USER] });
  await using peer = await connectPeer(nats.ws, { user: USER.user, pass: USER.password });
  const first = site.build;
  const began = Date.now();
  const notes: string[] = [];
  const note = (what: string): unknown =>
    notes.push(`${((Date.now() - began) / 1000).toFixed(0)} s: ${what}`);
  const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

  const fragment = `#user=${USER.user}&pass=${USER.password}&keep`;
  await page.goto(addressOf(nats.ws, "watchdog=6&updates=2") + fragment);
  await expect(page.locator("html")).toHaveAttribute("data-kiosk", "ok");
  expect(page.url()).not.toContain(USER.password);
  const hostId = await told(page, "host-id");
  await using load = startLoad(peer, GREET, ADA);
  await serves(page, load);
  await rest();

  note("nats-server is killed and started again");
  await nats.restart();
  await serves(page, load);
  await rest();

  note("the host worker is made to loop");
  await inHostWorker(page, "setTimeout(() => { for (;;); })");
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-restarts", "1");
  await serves(page, load);
  await expect(page.locator("html")).toHaveAttribute("data-host-id", hostId ?? "");
  await rest();

  note("the host worker throws");
  await inHostWorker(page, `setTimeout(() => { throw new Error("crash"); })`);
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-restarts", "2");
  await serves(page, load);
  await expect(page.locator("html")).toHaveAttribute("data-host-id", hostId ?? "");
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-reasons", "worker");
  await rest();

  note("a new version");
  const second = await site.release("sound");
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-build", second);
  await expect(page.locator("html")).toHaveAttribute("data-kiosk", "ok");
  await serves(page, load);
  await rest();

  await serves(page, load);
  await load.stop();
  const { sent, answered, lost, longestGapMs } = load;
  await expect.poll(async () => Number(await told(page, "kiosk-answered"))).toBeGreaterThan(0);
  const counted = {
    answered: Number(await told(page, "kiosk-answered")),
    lost: Number(await told(page, "kiosk-lost")),
    restarts: Number(await told(page, "kiosk-restarts")),
  };
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  const report = { seconds, sent, answered, lost, longestGapMs: Math.round(longestGapMs), counted };
  test.info().annotations.push({ type: "kiosk", description: JSON.stringify({ report, notes }) });
  console.log(`kiosk: ${JSON.stringify(report)}\n  ${notes.join("\n  ")}`);
  await expect(page.locator("html")).toHaveAttribute("data-host-id", hostId ?? "");
  expect(first).not.toBe(second);
  expect(answered + lost.ended + lost.timeout + lost.unserved).toBe(sent);
  // Its own count may miss what it answered in the last moment before a worker was lost, and no more.
  expect(counted.answered).toBeLessThanOrEqual(answered + lost.ended + lost.timeout);
  expect(counted.answered).toBeGreaterThan(answered - 60);
  expect(counted.restarts).toBe(2);
});

test("a version that does not serve is taken back, and the kiosk says so; its shell opens without the site", async ({
  page,
  context,
}) => {
  await using nats = await launchNats();
  await using peer = await connectPeer(nats.ws);
  await page.goto(addressOf(nats.ws, "updates=2&trial=8"));
  await expect(page.locator("html")).toHaveAttribute("data-kiosk", "ok");
  const sound = await told(page, "kiosk-build");
  const hostId = await told(page, "host-id");
  const broken = await site.release("broken");

  await expect(page.locator("html")).not.toHaveAttribute("data-kiosk-build", /./); // the broken page says nothing
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-build", sound ?? "");
  await expect(page.locator("html")).toHaveAttribute("data-kiosk-reasons", "version");
  expect(await violations(page)).toEqual([]);
  const ping = await peer.ask("wasmbus.ctl.v1.default.host.ping");
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-kiosk", "down");
  await page.goto(`${site.url}?servers=${encodeURIComponent(nats.ws)}`);
  await expect(page.getByRole("heading", { name: "Join this lattice?" })).toBeVisible();

  expect(sound).not.toBe(broken);
  expect(ping).toMatchObject({
    response: {
      id: hostId,
      labels: {
        "inlay.visibility": "visible",
        "inlay.kiosk": expect.stringMatching(/ok|degraded/),
      },
    },
  });
});
