/** The watch: what it says of genuine calls, of forged ones, of what is no call, and what a flood of them costs. */
import { beforeAll, expect, test } from "vitest";

import type { WatchOutcome } from "../../../../src/core/alarm.ts";
import type { Tally } from "../../../support/forgery-runs.ts";
import type { Forgery } from "../../../support/wasmbus-cast.ts";
import type { Forger } from "../../../support/wasmbus-forger.ts";
import type { Watching } from "../../../support/watching.ts";

import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import { asLatticeError } from "../../../../src/core/error.ts";
import { hostId, latticeId } from "../../../../src/core/ids.ts";
import { writeInvocation } from "../../../../src/dialects/v0/invocation.ts";
import { createSafety } from "../../../../src/dialects/v0/safety.ts";
import { MOST_CHECKS } from "../../../../src/dialects/v0/watch.ts";
import { openEd25519 } from "../../../../src/wire/ed25519.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import {
  CHECKS,
  createTally,
  demandCheck,
  FORGERIES,
  forgeryOf,
  readable,
  report,
  TIME_LIMIT_MS,
} from "../../../support/forgery-runs.ts";
import { testHostId } from "../../../support/lattice-host.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { createForger, seeded } from "../../../support/wasmbus-forger.ts";
import { openWatching } from "../../../support/watching.ts";

/** What the watch looks at in a second, without having too many arguments to fetch. */
const BATCH = 100;
let forger: Forger;
let home: string;
beforeAll(async () => {
  forger = await createForger(await openEd25519());
  home = `wasmbus.rpc.default.${forger.target.public_key}`;
});

test("genuine calls raise nothing, and their copies one alarm each, also from another host", async () => {
  using watching = await openWatching([forger.issuer]);
  const genuine = await Promise.all(Array.from({ length: 20 }, () => forger.genuine()));
  const copy = { ...(genuine[0] ?? (await forger.genuine())), host_id: "" };

  for (const each of genuine) watching.publish(home, writeInvocation(each));
  await watching.judged(20);
  expect(watching.alarms).toEqual([]);
  for (const each of genuine) watching.publish(home, writeInvocation(each));
  watching.publish(home, writeInvocation(copy));
  await watching.judged(41);

  expect(watching.outcomes).toEqual({ genuine: 20, forged: 21, unverified: 0, unchecked: 0 });
  expect(watching.alarms.map(({ check }) => check)).toEqual([
    ...Array.from({ length: 20 }, () => "replay"),
    "host-id",
  ]);
  expect(watching.phases).toEqual(["watching"]);
});

test("an alarm says who claims to call whom, and which check it failed", async () => {
  using watching = await openWatching([forger.issuer]);
  const genuine = await forger.genuine();
  const operation = `Shop.\u202eOrder${"r".repeat(200)}`;

  watching.publish(home, writeInvocation({ ...genuine, operation }));
  await watching.judged(1);

  expect(watching.alarms).toEqual([
    {
      at: watching.clock.now(),
      check: "target",
      problem: "invocation claims and invocation target URL do not match",
      origin: `wasmbus://wasmcloud/httpserver/default/${genuine.origin.public_key}`,
      target: `wasmbus://${forger.target.public_key}`,
      operation: operation.slice(0, 80).replace("\u202e", "?"),
      subject: home,
      host: genuine.host_id,
    },
  ]);
});

test("what hosts tell providers is no call, and what nobody can read is not called forged", async () => {
  using watching = await openWatching([forger.issuer]);
  const provider = `wasmbus.rpc.default.V${"A".repeat(55)}.default`;
  const junk = Uint8Array.of(0x81, 0xa1);

  for (const tail of ["linkdefs.put", "linkdefs.del", "linkdefs.get", "health", "shutdown"]) {
    watching.publish(`${provider}.${tail}`, junk);
  }
  watching.publish(provider, junk);
  watching.publish(home, new Uint8Array(0));
  await watching.judged(2);

  expect(watching.outcomes).toEqual({ genuine: 0, forged: 0, unverified: 2, unchecked: 0 });
  expect(watching.alarms).toEqual([]);
});

test("an argument that differs from its length is forged by its hash; one that only says another length is not", async () => {
  using watching = await openWatching([forger.issuer]);
  const [one, two] = [await forger.genuine(), await forger.genuine()];

  watching.publish(home, writeInvocation({ ...one, msg: Uint8Array.of(9) }));
  watching.publish(home, writeInvocation({ ...two, content_length: 7 }));
  await watching.judged(2);

  expect(watching.outcomes).toMatchObject({ forged: 1, unverified: 1 });
  expect(watching.alarms).toMatchObject([{ check: "hash" }]);
});

test("arguments that are not in the object store leave a call unverified, and no store is made for them", async () => {
  using watching = await openWatching([forger.issuer]);
  const argument = new Uint8Array(1_000_000);
  const long = { ...(await forger.genuine(argument)), msg: new Uint8Array(0) };

  watching.publish(home, writeInvocation(long));
  await watching.judged(1);
  watching.publish(home, writeInvocation(long));
  await watching.judged(2);

  expect(watching.outcomes).toEqual({ genuine: 0, forged: 1, unverified: 1, unchecked: 0 });
  expect(watching.alarms).toMatchObject([{ check: "replay" }]);
});

test("without strict it takes what 0.82 takes", async () => {
  using watching = await openWatching([forger.issuer], { strict: false });
  const genuine = await forger.genuine();
  const emptied = { ...(await forger.genuine()), msg: new Uint8Array(0), content_length: 0 };

  watching.publish(home, writeInvocation(genuine));
  watching.publish(home, writeInvocation(genuine));
  watching.publish(home, writeInvocation(emptied));
  watching.publish(home, writeInvocation({ ...genuine, operation: "Another.One" }));
  await watching.judged(4);

  expect(watching.outcomes).toMatchObject({ genuine: 3, forged: 1 });
});

test("a flood is checked up to a limit and counted beyond it; a second later the watch sees again", async () => {
  using watching = await openWatching([forger.issuer]);
  const forged = writeInvocation({ ...(await forger.genuine()), operation: "Any.Thing" });

  // Slowly enough that not too many are under way at once.
  for (let sent = 0; sent < 3 * MOST_CHECKS; sent += 200) {
    for (let each = 0; each < 200; each++) watching.publish(home, forged);
    // oxlint-disable-next-line no-await-in-loop -- one handful after the other
    await watching.judged(sent + 200);
  }
  expect(watching.outcomes).toMatchObject({ forged: MOST_CHECKS, unchecked: 2 * MOST_CHECKS });
  expect(watching.alarms).toHaveLength(MOST_CHECKS);

  watching.clock.advance(1000);
  watching.publish(home, forged);
  await watching.judged(3 * MOST_CHECKS + 1);
  expect(watching.alarms).toHaveLength(MOST_CHECKS + 1);
});

test("more than are under way at once are counted, and none is lost", async () => {
  using watching = await openWatching([forger.issuer]);
  const forged = writeInvocation({ ...(await forger.genuine()), operation: "Any.Thing" });

  for (let each = 0; each < 900; each++) watching.publish(home, forged);
  await watching.judged(900);

  const { forged: told, unchecked } = watching.outcomes;
  expect(told).toBeGreaterThanOrEqual(256);
  expect(told + unchecked).toBe(900);
  expect(watching.alarms).toHaveLength(told);
});

test.each([
  { issuers: [], watch: true, told: "bad-input" },
  { issuers: [], watch: false, told: "taken" },
  { issuers: ["C"], watch: true, told: "taken" },
  { issuers: [], seed: "S", watch: true, told: "taken" },
])("a watch needs somebody to trust: %o is $told", ({ told, ...options }) => {
  const rpc = createMemoryLattice().connect();
  const { log } = recordLog();
  const lattice = latticeId("default");
  const parts = { control: rpc, rpc, lattice, host: hostId(testHostId()), clock: fakeClock(), log };
  const outcome = (): string => {
    try {
      createSafety(parts, options).check();
      return "taken";
    } catch (cause) {
      return asLatticeError(cause).code;
    }
  };
  expect(outcome()).toBe(told);
});

test(
  `each of ${FORGERIES} forgeries raises one alarm, and none of the genuine calls among them`,
  { timeout: TIME_LIMIT_MS },
  async () => {
    using watching = await openWatching([forger.issuer]);
    const checks = createTally();
    const wanted = { genuine: 0, forged: 0, unverified: 0, unchecked: 0 };
    for (let from = 0; from < FORGERIES; from += BATCH) {
      // oxlint-disable-next-line no-await-in-loop -- a batch is what the watch looks at in a second
      await watchBatch(watching, from, wanted, checks);
      watching.clock.advance(1000);
    }
    expect(wanted.forged).toBeGreaterThan(FORGERIES / 2);
    expect(Object.keys(checks.counts).toSorted()).toEqual(CHECKS);
    report("watch", { forgeries: FORGERIES, outcomes: wanted, checks: checks.counts });
  },
);

/** Forgeries from number `from` on, and genuine calls among them, each of which is told of as it has to be. */
async function watchBatch(
  watching: Watching,
  from: number,
  wanted: Record<WatchOutcome, number>,
  checks: Tally,
): Promise<void> {
  const numbers = Array.from({ length: Math.min(BATCH, FORGERIES - from) }, (_, at) => from + at);
  const all = await Promise.all(
    numbers.map(async (index) => ({ index, ...(await forgeryOf(forger, index)) })),
  );
  watching.publish(home, await forger.respelled(seeded(from)));
  wanted.genuine++;
  // Those whose argument has to be fetched are told of when it is there: by themselves they are in order as well.
  for (const batch of [
    all.filter(({ stored }) => stored === undefined),
    all.filter(({ stored }) => stored !== undefined),
  ]) {
    for (const { before, subject = home, data, stored } of batch) {
      const id = readable(data)?.id;
      if (stored !== undefined && id !== undefined) watching.stored.set(id, stored);
      if (before !== undefined) watching.publish(home, before);
      if (before !== undefined) wanted.genuine++;
      watching.publish(subject, data);
    }
    const forged = batch.filter(isForged);
    wanted.forged += forged.length;
    wanted.unverified += batch.length - forged.length;
    // oxlint-disable-next-line no-await-in-loop -- one part after the other
    await watching.judged(wanted.genuine + wanted.forged + wanted.unverified);
    expect(watching.outcomes).toEqual(wanted);
    const alarms = watching.taken();
    expect(alarms).toHaveLength(forged.length);
    for (const [at, forgery] of forged.entries()) {
      const check = CHECKS.find((each) => each === alarms[at]?.check);
      if (check === undefined) throw new Error(`an alarm of "${alarms[at]?.check}"`);
      demandCheck(forgery, forgery.index, check);
      checks.add(check);
    }
  }
  watching.stored.clear();
}

/** What can be read of a damaged one differs from what was signed. */
function isForged({ expected, data }: Forgery): boolean {
  return expected === "not genuine" ? readable(data) !== undefined : expected instanceof Set;
}
