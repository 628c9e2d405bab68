/** The topics `calls` and `rates` of a host with real workers. */
import { expect, test } from "vitest";
import type { WatchedCall, WatchedRates } from "../../../src/core/watched-calls.ts";
import type { PageHost } from "../../support/page-host.ts";

import { entityId } from "../../../src/core/ids.ts";
import { openPageHost } from "../../support/page-host.ts";
import { callOf } from "./support.ts";

const PROBER = "inlay:test/prober";
const prober = entityId("prober");
const faulty = entityId("faulty");

async function openPair(): Promise<PageHost> {
  const page = await openPageHost();
  await page.scale("prober", 2);
  await page.scale("faulty", 2);
  const link = {
    source: prober,
    target: faulty,
    name: "default",
    namespace: "inlay",
    package: "test",
    interfaces: ["faulty"],
    sourceConfig: [],
    targetConfig: [],
  };
  page.links.set(new Map([[prober, [link]]]));
  return page;
}

async function countTimes({ host }: PageHost, times: number): Promise<void> {
  const call = { ...callOf(PROBER, "count-times", [times]), target: prober };
  await host.calleeFor(prober, undefined).invoke(call);
}

test("guests' own times are told, what they wait for apart, and those of calls within them too", async () => {
  await using page = await openPair();
  const ended = new AbortController();
  const calls: WatchedCall[] = [];
  const tell = async (update: { readonly calls: readonly WatchedCall[] }): Promise<void> =>
    void calls.push(...update.calls);
  await page.host.watch("calls", tell, ended.signal);

  await countTimes(page, 3);
  await expect.poll(() => calls.length).toBe(4);
  ended.abort();

  const outer = calls.at(-1);
  if (outer === undefined) throw new Error("no call was told");
  expect(outer).toMatchObject({ func: "count-times", way: "local", result: "3" });
  expect(outer.args).toMatchObject([{ text: "3" }]);
  const { guestMs = 0, waitedMs = 0, queueMs = 0, workerMs = 0 } = outer.times;
  expect(guestMs).toBeGreaterThan(0);
  expect(waitedMs).toBeGreaterThan(0);
  expect(waitedMs).toBeLessThanOrEqual(guestMs);
  expect(queueMs + workerMs + guestMs).toBeLessThanOrEqual(outer.tookMs + 0.1);
  for (const inner of calls.slice(0, -1)) {
    expect(inner).toMatchObject({ parent: outer.seq, func: "count", target: "faulty" });
    expect(inner.times.guestMs).toBeGreaterThanOrEqual(0);
    expect(inner.at).toBeGreaterThanOrEqual(outer.at);
  }
});

test("components tell of their workers and memory, once somebody asks", async () => {
  await using page = await openPair();
  const ended = new AbortController();
  let last: WatchedRates | undefined;

  await page.host.watch("rates", async (update) => void (last = update), ended.signal);
  const of = (id: string) => last?.components.find((each) => each.id === id);
  await expect.poll(() => of("prober")?.memoryBytes, { timeout: 10_000 }).toBeGreaterThan(65_535);
  expect(of("prober")).toMatchObject({ workers: 1 });
  expect(of("faulty")?.instances).toBeGreaterThan(0);
  const busy = async (): Promise<number> => {
    await countTimes(page, 200);
    return of("prober")?.busy ?? 0;
  };
  await expect.poll(busy, { timeout: 20_000 }).toBeGreaterThan(0);
  ended.abort();
});
