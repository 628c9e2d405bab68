/** What a 1.x lattice keeps, over a lattice in memory, where time is moved by hand. */
import { expect, test } from "vitest";
import type { MemoryLattice } from "../../../../src/bus/memory.ts";
import type { Permits } from "../../../../src/bus/memory-bus.ts";

import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import { hostId, latticeId } from "../../../../src/core/ids.ts";
import { until } from "../../../../src/core/view.ts";
import { createFacts } from "../../../../src/dialects/v1/facts/facts.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { recordLog } from "../../../support/log-recorder.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const values = (more: Record<string, string>): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(more));

function setUp(permits: Permits = () => true) {
  const clock = fakeClock();
  const lattice = createMemoryLattice({ clock });
  const { log, entries } = recordLog();
  const member = (memory: MemoryLattice, may: Permits) => {
    const bus = memory.connect({ permits: may });
    const host = hostId(`N${"A".repeat(55)}`);
    return createFacts({ control: bus, rpc: bus, lattice: latticeId("l"), host, clock, log });
  };
  return { clock, entries, facts: member(lattice, permits), other: member(lattice, () => true) };
}

test("what was absent is looked for again after 30 s, and its absence is logged once", async () => {
  let allowed = false;
  const { clock, entries, facts } = setUp((_, subject) => allowed || !subject.startsWith("$JS."));
  const ended = new AbortController();
  await facts.follow(ended.signal);
  const before = facts.status.peek().phase;

  clock.advance(30_000);
  await new Promise((resolve) => setImmediate(resolve));
  allowed = true;
  clock.advance(30_000);
  await until(facts.status, ({ phase }) => phase === "live", soon());

  expect(before).toBe("absent");
  expect(entries.filter(({ event }) => event === "facts.absent")).toHaveLength(1);
  ended.abort();
});

test("following ends with its signal, also while there is nothing to follow", async () => {
  const { clock, entries, facts } = setUp((_, subject) => !subject.startsWith("$JS."));
  const ended = new AbortController();
  await facts.follow(ended.signal);

  ended.abort();
  clock.advance(600_000);
  await new Promise((resolve) => setImmediate(resolve));

  expect(entries.map(({ event }) => event)).toEqual(["facts.absent"]);
});

test("configuration that two follow is followed until both have ended", async () => {
  const { facts, other } = setUp();
  await other.putConfig("a", values({ k: "1" }), soon());
  const [first, second] = [new AbortController(), new AbortController()];
  const one = await facts.followConfig(["a"], soon(), first.signal);
  const two = await facts.followConfig(["a", "a"], soon(), second.signal);

  await other.putConfig("a", values({ k: "2" }), soon());
  await until(one, (now) => now.get("k") === "2", soon());
  first.abort();
  await other.putConfig("a", values({ k: "3" }), soon());
  await until(two, (now) => now.get("k") === "3", soon());

  expect(one.peek().get("k")).toBe("2");
  second.abort();
});

test("who follows anew sees what is there now, also where changes cannot be heard", async () => {
  const { facts, other } = setUp(
    (operation, subject) => operation === "publish" || !subject.startsWith("$KV."),
  );
  await other.putConfig("a", values({ k: "1" }), soon());
  const ended = new AbortController();
  const one = await facts.followConfig(["a"], soon(), ended.signal);
  await other.putConfig("a", values({ k: "2" }), soon());

  const two = await facts.followConfig(["a"], soon(), ended.signal);

  expect([one.peek().get("k"), two.peek().get("k")]).toEqual(["2", "2"]);
  ended.abort();
});
