/** A watch over a lattice in one heap, with its own clock: what it says of each message that is put before it. */
import type { ForgeryAlarm, WatchOutcome, WatchPhase } from "../../src/core/alarm.ts";
import type { FakeClock } from "./fake-clock.ts";

import { createMemoryLattice } from "../../src/bus/memory.ts";
import { latticeId } from "../../src/core/ids.ts";
import { createLog } from "../../src/core/log.ts";
import { createAlarms } from "../../src/dialects/v0/alarms.ts";
import { createChunks } from "../../src/dialects/v0/chunks.ts";
import { createSeen } from "../../src/dialects/v0/seen.ts";
import { watch } from "../../src/dialects/v0/watch.ts";
import { openEd25519 } from "../../src/wire/ed25519.ts";
import { fakeClock } from "./fake-clock.ts";

export interface Watching extends Disposable {
  readonly clock: FakeClock;
  readonly alarms: readonly ForgeryAlarm[];
  readonly phases: readonly WatchPhase[];
  readonly outcomes: Readonly<Record<WatchOutcome, number>>;
  publish(subject: string, data: Uint8Array): void;
  /** What the object store has, by name. */
  readonly stored: Map<string, Uint8Array>;
  /** Resolves when `count` messages have been judged since the start. */
  judged(count: number): Promise<void>;
  /** The alarms since it was asked before, which it keeps no longer. */
  taken(): readonly ForgeryAlarm[];
}

export async function openWatching(
  issuers: readonly string[],
  { strict = true }: { readonly strict?: boolean } = {},
): Promise<Watching> {
  const ended = new AbortController();
  const lattice = latticeId("default");
  const clock = fakeClock(Date.now());
  const memory = createMemoryLattice({ maxPayload: 8 * 1024 * 1024 });
  const [rpc, forger] = [memory.connect(), memory.connect()];
  const log = createLog(
    () => 0,
    () => undefined,
  );
  const stored = new Map<string, Uint8Array>();
  const chunks = createChunks({ rpc, lattice, log, maxBytes: 16 * 1024 * 1024 });
  const alarms: ForgeryAlarm[] = [];
  const phases: WatchPhase[] = [];
  const outcomes = { genuine: 0, forged: 0, unverified: 0, unchecked: 0 };
  let wake = (): void => undefined;
  const desk = createAlarms({ clock, log, tell: (alarm) => alarms.push(alarm) });
  await watch(
    {
      rpc,
      lattice,
      clock,
      log,
      issuers: new Set(issuers),
      strict,
      ed25519: await openEd25519(),
      now: () => Date.now(),
      chunks: {
        take(name, msg, length, signal) {
          const kept = stored.get(name);
          if (kept !== undefined) return Promise.resolve(kept);
          return chunks.take(name, msg, length, signal);
        },
      },
      seen: createSeen(clock, () => undefined),
      alarm: (alarm) => desk.raise("watch", alarm),
      seenOne(outcome) {
        outcomes[outcome]++;
        wake();
      },
      phase: (phase) => phases.push(phase),
    },
    ended.signal,
  );
  const total = (): number => Object.values(outcomes).reduce((sum, each) => sum + each, 0);
  return {
    clock,
    alarms,
    phases,
    outcomes,
    stored,
    taken: () => alarms.splice(0),
    publish: (subject, data) => forger.publish(subject, data),
    judged: (count) =>
      new Promise((resolve) => {
        wake = () => total() >= count && resolve();
        wake();
      }),
    [Symbol.dispose]: () => ended.abort(),
  };
}
