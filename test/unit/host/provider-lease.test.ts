import { beforeEach, expect, test } from "vitest";
import type { MemoryBus } from "../../../src/bus/memory-bus.ts";
import type { HostId } from "../../../src/core/ids.ts";
import type { KvBucket } from "../../../src/core/kv.ts";
import type { FakeClock } from "../../support/fake-clock.ts";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { hostId } from "../../../src/core/ids.ts";
import {
  EXPIRES_MS,
  type Lease,
  leaseLooksFree,
  type LeaseParts,
  RENEW_MS,
  SAFE_MS,
  takeLease,
} from "../../../src/host/provider-lease.ts";
import { withCode } from "../../contract/bus.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { testHostId } from "../../support/lattice-host.ts";
import { recordLog } from "../../support/log-recorder.ts";

interface Node {
  readonly host: HostId;
  readonly clock: FakeClock;
  readonly bus: MemoryBus;
  readonly parts: LeaseParts;
  /** Writes of its bucket end as this says; default as they do. */
  trouble: "none" | "refused" | "answer-lost" | "gone";
}

const key = "store";
const never = new AbortController().signal;
/** Lets everything happen that only waits for promises and the memory lattice. */
const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) {
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await new Promise((resolve) => setImmediate(resolve));
  }
};

let lattice: ReturnType<typeof createMemoryLattice>;
beforeEach(() => (lattice = createMemoryLattice()));

/** A node whose clock shows `now`, milliseconds since the epoch. */
async function join(now: number, host = hostId(testHostId())): Promise<Node> {
  const bus = lattice.connect();
  const clock = fakeClock(now);
  const bucket = await bus.bucket("INLAYLEASES_default", { signal: never, create: true });
  const node: Node = { host, clock, bus, trouble: "none", parts: undefined as never };
  const troubled: KvBucket = {
    ...bucket,
    async put(...args) {
      if (node.trouble === "refused")
        throw new LatticeError("disconnected", "the connection is down");
      if (node.trouble === "gone") throw new LatticeError("not-served", "nobody keeps this bucket");
      const revision = await bucket.put(...args);
      if (node.trouble === "answer-lost") throw new LatticeError("deadline", "no answer came");
      return revision;
    },
  };
  return Object.assign(node, {
    parts: {
      bucket: troubled,
      async reopen() {
        node.trouble = "none";
        return troubled;
      },
      key,
      host,
      clock,
      log: recordLog().log,
    },
  });
}

/** Moves the clocks of `nodes` on together, in steps of a second. */
async function pass(ms: number, ...nodes: readonly Node[]): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    for (const { clock } of nodes) clock.advance(Math.min(1000, left));
    // oxlint-disable-next-line no-await-in-loop -- turn by turn
    await settled();
  }
}

/** Begins to take the lease; `outcome` is there when it is known. */
function taking(node: Node, signal = never): { outcome?: Lease | LatticeError } {
  const attempt: { outcome?: Lease | LatticeError } = {};
  takeLease(node.parts, signal).then(
    (lease) => (attempt.outcome = lease),
    (error: LatticeError) => (attempt.outcome = error),
  );
  return attempt;
}

const isLease = (outcome: Lease | LatticeError | undefined): outcome is Lease =>
  outcome !== undefined && "held" in outcome;

test("a free lease is taken at once, and renewed for as long as it is held", async () => {
  const node = await join(0);

  const lease = await takeLease(node.parts, never);
  await pass(5 * SAFE_MS, node);

  expect(lease.held.peek()).toBe(true);
  expect(lease.valid()).toBe(true);
});

test("a second node is refused as soon as it sees the holder alive", async () => {
  const holder = await join(0);
  const other = await join(0);
  await takeLease(holder.parts, never);

  const attempt = taking(other);
  await pass(RENEW_MS + 2000, holder, other);

  expect(attempt.outcome).toMatchObject({
    code: "conflict",
    message: expect.stringContaining(holder.host),
  });
});

test("a lease that was given up is taken at once", async () => {
  const holder = await join(0);
  const other = await join(0);
  const lease = await takeLease(holder.parts, never);

  await lease.release(never);
  const next = await takeLease(other.parts, never);

  expect(lease.valid()).toBe(false);
  expect(next.valid()).toBe(true);
});

test("two who take at the same time are one holder and one refused", async () => {
  const one = await join(0);
  const other = await join(0);

  const attempts = [taking(one), taking(other)];
  await pass(RENEW_MS + 4000, one, other);

  expect(attempts.filter(({ outcome }) => isLease(outcome))).toHaveLength(1);
  expect(attempts.filter(({ outcome }) => outcome instanceof LatticeError)).toHaveLength(1);
});

test("what a crashed holder had is taken over, not before it was seen unrenewed for long", async () => {
  const holder = await join(0);
  const other = await join(0);
  await takeLease(holder.parts, never);

  const attempt = taking(other); // the holder's clock stands still from here: it is gone
  await pass(EXPIRES_MS - 1000, other);
  const early = attempt.outcome;
  await pass(3000, other);

  expect(early).toBeUndefined();
  expect(isLease(attempt.outcome)).toBe(true);
});

test.each([
  { what: "a day behind", skew: -86_400_000 },
  { what: "a day ahead", skew: 86_400_000 },
])(
  "a node whose clock is $what takes over no living lease, and a dead one in time",
  async ({ skew }) => {
    const holder = await join(1_700_000_000_000);
    const other = await join(1_700_000_000_000 + skew);
    const lease = await takeLease(holder.parts, never);

    const refused = taking(other);
    await pass(RENEW_MS + 2000, holder, other);
    const taken = taking(other);
    await pass(EXPIRES_MS + 3000, other); // the holder is gone

    expect(refused.outcome).toMatchObject({ code: "conflict" });
    expect(isLease(taken.outcome)).toBe(true);
    holder.clock.sleep(EXPIRES_MS + 3000); // it was asleep
    expect(lease.valid()).toBe(false);
    await pass(1000, holder);
    expect(lease.lost.aborted).toBe(true);
  },
);

test("a holder that cannot renew stands back before another may take over, and comes back", async () => {
  const holder = await join(0);
  const lease = await takeLease(holder.parts, never);

  holder.trouble = "refused";
  await pass(SAFE_MS - 1000, holder);
  const stillHeld = lease.held.peek();
  await pass(1000, holder);
  const then = lease.held.peek();
  holder.trouble = "none";
  await pass(2000, holder);

  expect(stillHeld).toBe(true);
  expect(then).toBe(false);
  expect(lease.held.peek()).toBe(true);
  expect(lease.lost.aborted).toBe(false);
});

test("a holder that comes back after somebody took over has lost it", async () => {
  const holder = await join(0);
  const other = await join(0);
  const lease = await takeLease(holder.parts, never);
  holder.trouble = "refused";

  const attempt = taking(other);
  await pass(EXPIRES_MS + 3000, holder, other);
  const standsBack = lease.valid();
  holder.trouble = "none";
  await pass(3000, holder, other);

  expect(standsBack).toBe(false);
  expect(isLease(attempt.outcome)).toBe(true);
  expect(lease.lost.aborted).toBe(true);
  await pass(5 * SAFE_MS, holder, other);
  expect(isLease(attempt.outcome) && attempt.outcome.valid()).toBe(true);
});

test("a holder whose machine slept stands back at once, before any timer runs", async () => {
  const holder = await join(0);
  const lease = await takeLease(holder.parts, never);

  // The monotonic clock stands still while some machines sleep; the other one does not.
  Object.assign(holder.clock, { now: () => SAFE_MS });

  expect(lease.held.peek()).toBe(true);
  expect(lease.valid()).toBe(false);
});

test("a write whose answer was lost is not taken for somebody else's", async () => {
  const holder = await join(0);
  const lease = await takeLease(holder.parts, never);

  holder.trouble = "answer-lost";
  await pass(RENEW_MS, holder);
  holder.trouble = "none";
  await pass(2 * SAFE_MS, holder);

  expect(lease.lost.aborted).toBe(false);
  expect(lease.valid()).toBe(true);
});

test("an entry that is removed by hand, and a bucket that was lost, are made anew", async () => {
  const holder = await join(0);
  const other = await join(0);
  const lease = await takeLease(holder.parts, never);

  await other.parts.bucket.delete(key, { signal: never });
  await pass(RENEW_MS + 2000, holder);
  const afterRemoval = await other.parts.bucket.get(key, never);
  holder.trouble = "gone";
  await pass(2 * SAFE_MS, holder);

  expect(afterRemoval).toBeDefined();
  expect(lease.held.peek()).toBe(true);
  expect(lease.lost.aborted).toBe(false);
});

test("a host's next life takes over at once what its last one held", async () => {
  const before = await join(0);
  await takeLease(before.parts, never);
  const after = await join(0, before.host);

  const lease = await takeLease(after.parts, never);

  expect(lease.valid()).toBe(true);
});

test("what is no lease is waited out", async () => {
  const node = await join(0);
  await node.parts.bucket.put(key, new TextEncoder().encode("not JSON"), { signal: never });

  const attempt = taking(node);
  await pass(EXPIRES_MS + 3000, node);

  expect(isLease(attempt.outcome)).toBe(true);
});

test("waiting ends with its signal", async () => {
  const holder = await join(0);
  const other = await join(0);
  await takeLease(holder.parts, never);
  const gaveUp = new AbortController();

  const attempt = taking(other, gaveUp.signal);
  await pass(1000, other);
  gaveUp.abort(new LatticeError("aborted", "a later command stopped it"));
  await settled();

  expect(attempt.outcome).toEqual(withCode("aborted"));
});

test("a lease looks free if nobody has it, or if its holder was silent for long by both clocks", async () => {
  const holder = await join(0);
  const near = await join(EXPIRES_MS + 30_000);
  const far = await join(EXPIRES_MS + 61_000);
  const before = await leaseLooksFree(near.parts, never);
  const lease = await takeLease(holder.parts, never);

  expect(before).toBe(true);
  expect(await leaseLooksFree(near.parts, never)).toBe(false);
  expect(await leaseLooksFree(far.parts, never)).toBe(true);
  expect(await leaseLooksFree(holder.parts, never)).toBe(true);
  await lease.release(never);
  expect(await leaseLooksFree(near.parts, never)).toBe(true);
});
