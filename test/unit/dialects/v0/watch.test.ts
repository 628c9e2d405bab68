/** The watch: what it says of genuine calls, of forged ones, of what is no call, and what a flood of them costs. */
import { beforeAll, expect, test } from "vitest";

import type { Forger } from "../../../support/wasmbus-forger.ts";

import { createMemoryLattice } from "../../../../src/bus/memory.ts";
import { asLatticeError } from "../../../../src/core/error.ts";
import { hostId, latticeId } from "../../../../src/core/ids.ts";
import { readInvocation, writeInvocation } from "../../../../src/dialects/v0/invocation.ts";
import { createSafety } from "../../../../src/dialects/v0/safety.ts";
import { MOST_CHECKS } from "../../../../src/dialects/v0/watch.ts";
import { openEd25519 } from "../../../../src/wire/ed25519.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { testHostId } from "../../../support/lattice-host.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { createForger, seeded } from "../../../support/wasmbus-forger.ts";
import { openWatching } from "../../../support/watching.ts";

const FORGERIES = Number(process.env["INLAY_FORGERIES"] ?? 10_000);
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
  { timeout: 60_000 + FORGERIES },
  async () => {
    const random = seeded(820);
    using watching = await openWatching([forger.issuer]);
    let [readable, sent] = [0, 0];
    while (sent < FORGERIES * 1.1) {
      for (let each = 0; each < 100; each++) {
        // oxlint-disable-next-line no-await-in-loop -- forged one after the other, so that a seed gives the same ones
        const { data } = await forger.forge(random);
        if (isReadable(data)) readable++;
        watching.publish(home, data);
      }
      for (let each = 0; each < 10; each++) {
        // oxlint-disable-next-line no-await-in-loop -- as above
        watching.publish(home, writeInvocation(await forger.genuine()));
      }
      sent += 110;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await watching.judged(sent);
      expect(watching.alarms).toHaveLength(readable);
      watching.clock.advance(1000);
    }
    const genuine = sent / 11;
    expect(watching.outcomes).toEqual({
      genuine,
      forged: readable,
      unverified: sent - genuine - readable,
      unchecked: 0,
    });
    expect(new Set(watching.alarms.map(({ check }) => check)).size).toBeGreaterThan(6);
  },
);

function isReadable(data: Uint8Array): boolean {
  try {
    readInvocation(data);
    return true;
  } catch {
    return false;
  }
}
