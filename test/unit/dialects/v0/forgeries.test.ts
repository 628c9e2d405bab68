/**
 * Forged invocations: none may pass, and each is seen for what it is. `INLAY_FORGERIES` sets their number
 * (1,000,000 for a long run).
 */
import { beforeAll, describe, expect, test } from "vitest";

import type { Alarm, Guard } from "../../../../src/dialects/v0/guard.ts";
import type { Forger } from "../../../support/wasmbus-forger.ts";

import { latticeId } from "../../../../src/core/ids.ts";
import { createGuard } from "../../../../src/dialects/v0/guard.ts";
import { readInvocation, writeInvocation } from "../../../../src/dialects/v0/invocation.ts";
import { createSeen } from "../../../../src/dialects/v0/seen.ts";
import { rpcSubject } from "../../../../src/dialects/v0/subjects.ts";
import { LatticeError } from "../../../../src/core/error.ts";
import { openEd25519 } from "../../../../src/wire/ed25519.ts";
import { realClock } from "../../../support/real-clock.ts";
import { createForger, seeded } from "../../../support/wasmbus-forger.ts";

const FORGERIES = Number(process.env["INLAY_FORGERIES"] ?? 10_000);
const lattice = latticeId("default");
const signal = new AbortController().signal;
const ed25519 = await openEd25519();
let forger: Forger;
beforeAll(async () => {
  forger = await createForger(ed25519);
});

interface Gate {
  readonly guard: Guard;
  readonly alarms: readonly Alarm[];
}

/** `stored`: what the object store has, under any name. */
function gate(options: { readonly strict?: boolean; readonly stored?: Uint8Array } = {}): Gate {
  const alarms: Alarm[] = [];
  const guard = createGuard({
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
        if (options.stored !== undefined) return Promise.resolve(options.stored);
        return Promise.reject(new LatticeError("not-found", "the object store has nothing"));
      },
      forget: () => Promise.resolve(),
    },
  });
  return { guard, alarms };
}

/** Admits `data` as a message to the actor that the forger's invocations are for, or on another subject. */
async function admit({ guard }: Gate, data: Uint8Array, subject?: string): Promise<string> {
  const home = (invocation: ReturnType<typeof readInvocation>): string =>
    rpcSubject(lattice, invocation.target);
  const own = rpcSubject(lattice, forger.target);
  const admission = await guard.admit({ subject: subject ?? own, data }, home, signal);
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

test(
  `none of ${FORGERIES} forgeries passes, and each that can be read is told of once`,
  { timeout: 60_000 + FORGERIES },
  async () => {
    const random = seeded(82);
    const gates = gate();
    let unreadable = 0;
    for (let i = 0; i < FORGERIES; i++) {
      const before = gates.alarms.length;
      const { name, data, expected } = await forger.forge(random);
      const outcome = await admit(gates, data);
      const told = gates.alarms.length - before;
      if (outcome === "admitted") throw new Error(`${name} passed: forgery ${i}`);
      if (isReadable(data)) {
        if (told !== 1) throw new Error(`${name} was told of ${told} times: ${outcome}`);
      } else {
        if (expected === "forged") throw new Error(`${name} cannot be read: ${outcome}`);
        if (told !== 0) throw new Error(`${name} was told of though nobody can read it`);
        unreadable++;
      }
    }
    expect(gates.alarms.length + unreadable).toBe(FORGERIES);
    expect(new Set(gates.alarms.map(({ check }) => check)).size).toBeGreaterThan(6);
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
