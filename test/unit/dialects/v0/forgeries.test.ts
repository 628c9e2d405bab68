/** Forged invocations at the gate: none may pass, each is seen for what it is, and the genuine ones among them are let in. */
import { beforeAll, describe, expect, test } from "vitest";

import type { Alarm, Guard } from "../../../../src/dialects/v0/guard.ts";
import type { Invocation } from "../../../../src/dialects/v0/invocation.ts";
import type { Tally } from "../../../support/forgery-runs.ts";
import type { Forger } from "../../../support/wasmbus-forger.ts";

import { latticeId } from "../../../../src/core/ids.ts";
import { createGuard } from "../../../../src/dialects/v0/guard.ts";
import { writeInvocation } from "../../../../src/dialects/v0/invocation.ts";
import { createSeen } from "../../../../src/dialects/v0/seen.ts";
import { rpcSubject } from "../../../../src/dialects/v0/subjects.ts";
import { LatticeError } from "../../../../src/core/error.ts";
import { openEd25519 } from "../../../../src/wire/ed25519.ts";
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
import { realClock } from "../../../support/real-clock.ts";
import { createForger, seeded } from "../../../support/wasmbus-forger.ts";

/** Forgeries that are under way at once. */
const LANES = 16;
const lattice = latticeId("default");
const signal = new AbortController().signal;
const ed25519 = await openEd25519();
let forger: Forger;
beforeAll(async () => {
  forger = await createForger(ed25519);
});

interface Gate {
  readonly guard: Guard;
  readonly alarms: Alarm[];
  /** What the object store has, under any name. */
  stored: Uint8Array | undefined;
}

function gate(options: { readonly strict?: boolean; readonly stored?: Uint8Array } = {}): Gate {
  const alarms: Alarm[] = [];
  const own: Gate = {
    alarms,
    stored: options.stored,
    guard: createGuard({
      issuers: new Set([forger.issuer]),
      strict: options.strict ?? true,
      ed25519,
      now: () => Date.now(),
      seen: createSeen(realClock, () => undefined),
      alarm: (alarm) => alarms.push(alarm),
      chunks: {
        leave: (_, bytes) => Promise.resolve(bytes),
        take(_, msg, length) {
          if (msg.length === length) return Promise.resolve(msg);
          if (own.stored !== undefined) return Promise.resolve(own.stored);
          return Promise.reject(new LatticeError("not-found", "the object store has nothing"));
        },
        forget: () => Promise.resolve(),
      },
    }),
  };
  return own;
}

const homeOf = (invocation: Invocation): string => rpcSubject(lattice, invocation.target);

/** Admits `data` as a message to the actor that the forger's invocations are for, or on another subject. */
async function admit({ guard }: Gate, data: Uint8Array, subject?: string): Promise<string> {
  const own = rpcSubject(lattice, forger.target);
  const admission = await guard.admit({ subject: subject ?? own, data }, homeOf, signal);
  return admission.tag === "admitted" ? "admitted" : admission.text;
}

test("genuine invocations pass, each once", async () => {
  const gates = gate();
  for (let i = 0; i < 20; i++) {
    const data = writeInvocation(await forger.genuine());
    expect(await admit(gates, data)).toBe("admitted");
    expect(await admit(gates, data)).toBe("invocation was executed before");
  }
  expect(gates.alarms.map(({ check }) => check)).toEqual(
    Array.from({ length: 20 }, () => "replay"),
  );
});

describe("what 0.82 itself would take", () => {
  test("an emptied argument", async () => {
    const data = writeInvocation({
      ...(await forger.genuine()),
      msg: new Uint8Array(0),
      content_length: 0,
    });
    expect(await admit(gate({ strict: false }), data)).toBe("admitted");
    expect(await admit(gate(), data)).toContain("invocation hash does not match");
  });

  test("another argument in the object store", async () => {
    const stored = new Uint8Array(1_000_000).fill(1);
    const data = writeInvocation({
      ...(await forger.genuine()),
      msg: new Uint8Array(0),
      content_length: stored.length,
    });
    expect(await admit(gate({ strict: false, stored }), data)).toBe("admitted");
    expect(await admit(gate({ stored }), data)).toContain("invocation hash does not match");
  });

  test("what was signed, beside another argument in the object store", async () => {
    const stored = new Uint8Array(1_000_000).fill(1);
    const data = writeInvocation({ ...(await forger.genuine()), content_length: stored.length });
    const gates = gate({ stored });
    expect(await admit(gates, data)).toContain("invocation hash does not match");
    expect(gates.alarms.map(({ check }) => check)).toEqual(["hash"]);
  });

  test("a copy", async () => {
    const lenient = gate({ strict: false });
    const data = writeInvocation(await forger.genuine());
    expect(await admit(lenient, data)).toBe("admitted");
    expect(await admit(lenient, data)).toBe("admitted");
  });

  test("the token of another call that is the same but for its id", async () => {
    const one = await forger.genuine();
    const two = await forger.genuine();
    const data = writeInvocation({ ...one, encoded_claims: two.encoded_claims });
    expect(await admit(gate({ strict: false }), data)).toBe("admitted");
    expect(await admit(gate(), data)).toBe("invocation claims were issued for another invocation");
  });

  test("a call sent to somebody else's subject", async () => {
    const data = writeInvocation(await forger.genuine());
    expect(await admit(gate({ strict: false }), data, "wasmbus.rpc.default.other")).toBe(
      "admitted",
    );
    expect(await admit(gate(), data, "wasmbus.rpc.default.other")).toContain("subject");
  });
});

describe("what a token does not cover", () => {
  test.each<readonly [string, (invocation: Invocation) => Partial<Invocation>]>([
    ["the host", () => ({ host_id: testHostId() })],
    ["the trace", () => ({ traceContext: new Map([["traceparent", "00-x"]]) })],
    [
      "how the origin's contract is written",
      ({ origin }) => ({ origin: { ...origin, contract_id: "WasmCloud:HttpServer" } }),
    ],
  ])("%s: the call is still the one that was signed, and passes once", async (_, change) => {
    const gates = gate();
    const genuine = await forger.genuine();
    expect(await admit(gates, writeInvocation({ ...genuine, ...change(genuine) }))).toBe(
      "admitted",
    );
    expect(await admit(gates, writeInvocation(genuine))).toBe("invocation was executed before");
  });
});

test(
  `none of ${FORGERIES} forgeries passes, each fails the check that it has to, and genuine calls among them pass`,
  { timeout: TIME_LIMIT_MS },
  async () => {
    const [outcomes, checks] = [createTally(), createTally()];
    const lane = async (first: number): Promise<void> => {
      const gates = gate();
      for (let index = first; index < FORGERIES; index += LANES) {
        // oxlint-disable-next-line no-await-in-loop -- so that an alarm is that of this forgery
        if (index % 10 < 1) await pass(gates, await forger.respelled(seeded(index)), outcomes);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await stop(gates, index, outcomes, checks);
      }
    };
    await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
    const { genuine = 0, ...refused } = outcomes.counts;
    expect(genuine).toBeGreaterThan(FORGERIES / 10);
    expect(Object.values(refused).reduce((sum, each) => sum + each, 0)).toBe(FORGERIES);
    expect(refused["forged"]).toBeGreaterThan(FORGERIES / 2);
    expect(Object.keys(checks.counts).toSorted()).toEqual(CHECKS);
    report("gate", { forgeries: FORGERIES, outcomes: outcomes.counts, checks: checks.counts });
  },
);

/** A genuine call: admitted, without an alarm. */
async function pass(gates: Gate, data: Uint8Array, outcomes: Tally): Promise<void> {
  const outcome = await admit(gates, data);
  if (outcome !== "admitted" || gates.alarms.length > 0) throw new Error(`genuine: ${outcome}`);
  outcomes.add("genuine");
}

/** Forgery number `index`: refused, with the one alarm that it is owed. */
async function stop(gates: Gate, index: number, outcomes: Tally, checks: Tally): Promise<void> {
  const forgery = await forgeryOf(forger, index);
  const { name, data, before, subject, stored, expected } = forgery;
  if (before !== undefined) await pass(gates, before, outcomes);
  gates.stored = stored;
  const outcome = await admit(gates, data, subject);
  gates.stored = undefined;
  const [alarm, ...more] = gates.alarms.splice(0);
  if (outcome === "admitted") throw new Error(`${name} passed: forgery ${index}`);
  if (more.length > 0) throw new Error(`${name} (forgery ${index}) was told of twice`);
  const isReadable = readable(data) !== undefined;
  const mustTell = expected === "not genuine" ? isReadable : expected instanceof Set;
  if (mustTell !== (alarm !== undefined)) {
    throw new Error(`${name} (forgery ${index}) was ${mustTell ? "not " : ""}told of: ${outcome}`);
  }
  if (alarm !== undefined) demandCheck(forgery, index, alarm.check);
  if (alarm !== undefined) checks.add(alarm.check);
  if (alarm === undefined && isReadable !== (expected === "unverified")) {
    throw new Error(`${name} (forgery ${index}) is ${isReadable ? "" : "not "}read: ${outcome}`);
  }
  outcomes.add(alarm !== undefined ? "forged" : isReadable ? "unverified" : "unreadable");
}
