/**
 * Targets that run beside their caller, in its worker: two components of one node with real workers. That calls are answered
 * there shows in how many the target's own pool gets.
 */
import { expect, test, vi } from "vitest";
import type { Link } from "../../../src/core/link.ts";
import type { LogEntry } from "../../../src/core/log.ts";
import type { PageHost } from "../../support/page-host.ts";

import { entityId } from "../../../src/core/ids.ts";
import { openPageHost } from "../../support/page-host.ts";
import { callOf } from "./support.ts";

/** What is quick on a machine that does ten other things shows only after many tries. */
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 4 * PATIENCE_MS });

const PROBER = "inlay:test/prober";
const FAULTY = "inlay:test/faulty";

const link = (source: string, target: string, namespaced: string): Link => {
  const [, namespace = "", pkg = "", iface = ""] = /^(.+):(.+)\/(.+)$/.exec(namespaced) ?? [];
  return {
    source: entityId(source),
    target: entityId(target),
    name: "default",
    namespace,
    package: pkg,
    interfaces: [iface],
    sourceConfig: [],
    targetConfig: [],
  };
};

interface Pair extends PageHost {
  /** Calls the prober. */
  probe(func: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  /** Calls of the target that were answered, by whomever. */
  answered(func: string): number;
  /** How companions ended, as the log has it. */
  ends(): readonly string[];
}

async function openPair(): Promise<Pair> {
  const page = await openPageHost();
  await page.scale("prober", 8);
  await page.scale("faulty", 4);
  page.links.set(new Map([[entityId("prober"), [link("prober", "faulty", FAULTY)]]]));
  return {
    ...page,
    async probe(func, args, signal) {
      const prober = entityId("prober");
      const call = { ...callOf(PROBER, func, args, signal), target: prober };
      const results = await page.host.calleeFor(prober, undefined).invoke(call);
      return results[0];
    },
    answered: (func) =>
      page.calls.filter((call) => call.target === "faulty" && call.func === func).length,
    ends: () =>
      page.logged
        .map(({ event }) => event)
        .filter((event) => event === "companion.dismissed" || event === "companion.lost"),
    [Symbol.asyncDispose]: () => page[Symbol.asyncDispose](),
  };
}

/** Calls until a companion answers the function, and its worker alone. */
async function warmUp(pair: Pair, func: string, times: () => Promise<unknown>): Promise<void> {
  const entrusted = ({ event, fields }: LogEntry): boolean =>
    event === "companion.entrusted" && fields["func"] === func;
  const since = pair.logged.length;
  await expect
    .poll(
      async () => {
        await times();
        return pair.logged.slice(since).some(entrusted);
      },
      { timeout: PATIENCE_MS },
    )
    .toBe(true);
  await expect.poll(() => alone(pair, times), { timeout: PATIENCE_MS }).toBe(0);
}

/** How many calls the target's own worker gets while `run` lasts. */
async function alone(pair: Pair, run: () => Promise<unknown>): Promise<number> {
  let own = 0;
  let before = 0;
  const over = new AbortController();
  const faulty = pair.host.entries().find(({ spec }) => spec.id === "faulty");
  faulty?.workload?.pool.load.subscribe(({ running }) => {
    own += Math.max(0, running - before);
    before = running;
  }, over.signal);
  await run();
  over.abort();
  return own;
}

test("a quick target answers in its caller's worker, each call fresh, and every call is told of", async () => {
  await using pair = await openPair();
  const count = (): Promise<unknown> => pair.probe("count-times", [50]);

  await warmUp(pair, "count", count);
  const fiveTimes = async (): Promise<void> => {
    const before = pair.answered("count");
    for (let round = 0; round < 5; round++) expect(await count()).toBe(50);
    // All of them have been told by the end of the call that made them.
    expect(pair.answered("count")).toBe(before + 250);
  };

  // On a busy machine a call may be slow, and the next few go the other way.
  await expect.poll(() => alone(pair, fiveTimes)).toBeLessThan(25);
  expect(pair.calls.at(-2)).toMatchObject({
    id: expect.stringMatching(/^call-\d+\.50$/),
    source: "prober",
    target: "faulty",
    instance: FAULTY,
    func: "count",
    outcome: "ok",
  });
  const { at = 0, tookMs = -1 } = pair.calls.at(-2) ?? {};
  expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  expect(tookMs).toBeGreaterThanOrEqual(0);
});

test("an error of the interface is a value there as well; a trap is told in the same words and logged at the target", async () => {
  await using pair = await openPair();
  const fail = (): Promise<unknown> => pair.probe("fail-times", [50]);
  const trap = (really: boolean): Promise<unknown> => pair.probe("trap-if", [really]);
  // How it ends where the target runs by itself.
  const apart = await trap(true).catch((thrown: unknown) => thrown);
  const recordedApart = pair.calls.find(
    ({ func, target }) => func === "trap-if" && target === "faulty",
  );

  await warmUp(pair, "fail", fail);
  await warmUp(pair, "trap-if", () => trap(false));
  const failed = await fail();
  const trapped = await trap(true).catch((thrown: unknown) => thrown);

  expect(failed).toEqual({ tag: "err", val: "broken on purpose" });
  expect(trapped).toEqual(apart);
  const records = pair.calls.filter(
    ({ func, target, outcome }) =>
      func === "trap-if" && target === "faulty" && outcome === "failed",
  );
  expect(records).toHaveLength(2);
  expect(records[1]?.error).toBe(recordedApart?.error);
  const lines = pair.logged.filter(({ event }) => event === "import.failed");
  expect(lines).toHaveLength(2);
  expect(lines[1]?.fields).toEqual(lines[0]?.fields);
  await expect.poll(() => alone(pair, () => trap(false))).toBe(0);
});

test("a guest that loops over such calls starves nobody: others are answered meanwhile, and it can be given up", async () => {
  await using pair = await openPair();
  await warmUp(pair, "count", () => pair.probe("count-times", [50]));
  const gone = new AbortController();

  const endless = pair.probe("count-times", [4_000_000_000], gone.signal);
  const others = [];
  for (let n = 0; n < 20; n++) others.push(await pair.probe("count-times", [3]));
  gone.abort();

  expect(others).toEqual(others.map(() => 3));
  await expect(endless).rejects.toMatchObject({ code: "aborted" });
  // The place is free when the worker has heard of it, which it does within a turn.
  const prober = pair.host.entries().find(({ spec }) => spec.id === "prober");
  await prober?.workload?.pool.drained(AbortSignal.timeout(30_000));
  expect(pair.logged.filter(({ event }) => event === "pool.runner-lost")).toEqual([]);
});

test("what a loop has called is told while it goes on, and its worker passes for alive", async () => {
  await using pair = await openPair();
  await warmUp(pair, "count", () => pair.probe("count-times", [50]));
  const before = pair.answered("count");
  const gone = new AbortController();
  const began = performance.now();

  const endless = pair.probe("count-times", [4_000_000_000], gone.signal);
  await expect.poll(() => pair.answered("count")).toBeGreaterThan(before + 1_000);
  // Longer than a silent worker may live.
  await expect.poll(() => performance.now() - began).toBeGreaterThan(3_000);
  const told = pair.answered("count");
  await expect.poll(() => pair.answered("count")).toBeGreaterThan(told);
  gone.abort();

  await expect(endless).rejects.toMatchObject({ code: "aborted" });
});

test("a target that hangs takes its caller's worker with it once; both serve again, apart from each other", async () => {
  await using pair = await openPair();
  const spin = (rounds: bigint, times = 50): Promise<unknown> =>
    pair.probe("spin-times", [rounds, times]);
  await warmUp(pair, "spin-for", () => spin(1n));
  const began = performance.now();

  const hung = spin(2n ** 62n, 1);
  await expect(hung).rejects.toMatchObject({ code: "worker-lost" });
  const tookMs = performance.now() - began;
  const after = await alone(pair, async () => {
    for (let round = 0; round < 4; round++) expect(await spin(1n)).toBe(50n);
  });

  expect(tookMs).toBeLessThan(20_000); // its deadline is 30 s
  expect(after).toBe(200);
  expect(pair.ends()).toEqual(["companion.lost"]);
});

test("a companion leaves with its link, and with its target", async () => {
  await using pair = await openPair();
  const count = (): Promise<unknown> => pair.probe("count-times", [50]);
  const linked = pair.links.peek();
  await warmUp(pair, "count", count);

  pair.links.set(new Map());
  await expect(count()).rejects.toMatchObject({ code: "link-missing" });
  expect(pair.ends()).toEqual(["companion.dismissed"]);
  pair.links.set(linked);
  await warmUp(pair, "count", count);
  await pair.scale("faulty", 0);

  // Nobody else has it.
  await expect(count()).rejects.toMatchObject({ code: "not-served" });
});

test("a target that may have one instance runs in one worker only", async () => {
  await using pair = await openPair();
  const count = (): Promise<unknown> => pair.probe("count-times", [50]);
  await warmUp(pair, "count", count);

  await pair.scale("faulty", 1);
  for (let round = 0; round < 4; round++) expect(await alone(pair, count)).toBe(50);

  expect(pair.ends()).toEqual(["companion.dismissed"]);
});

test("a target that moves to other limits is another one, which has to show itself again", async () => {
  await using pair = await openPair();
  const count = (): Promise<unknown> => pair.probe("count-times", [50]);
  await warmUp(pair, "count", count);

  await pair.scale("faulty", 4, { limits: { callDeadlineMs: 5_000 } });

  expect(pair.ends()).toEqual(["companion.dismissed"]);
  await warmUp(pair, "count", count);
});
