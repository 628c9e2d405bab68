/** Who hears of forged invocations, and whether this host looks for those of others as well. */
import type { ForgeryAlarm, WatchOutcome, WatchPhase } from "../../core/alarm.ts";
import type { Bus } from "../../core/bus.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import type { Alarm } from "./guard.ts";

import { LatticeError } from "../../core/error.ts";
import { createAlarms } from "./alarms.ts";
import { createChunks } from "./chunks.ts";
import { createSeen } from "./seen.ts";
import { watch } from "./watch.ts";

export interface SafetyOptions {
  /** Hold calls to more than 0.82 itself asks (`checks.ts`); default true. */
  readonly strict?: boolean;
  /** Look at all invocations of the lattice, not only at those for this host; default false. */
  readonly watch?: boolean;
  /** Hears of each invocation that is not what it claims to be. */
  readonly onAlarm?: (alarm: ForgeryAlarm) => void;
  /** Hears of each invocation that the watch has seen. */
  readonly onWatched?: (outcome: WatchOutcome) => void;
  readonly onWatching?: (phase: WatchPhase) => void;
}

export interface Safety {
  /** @throws {LatticeError} `bad-input` for a watch that could not tell a genuine call. */
  check(): void;
  /** For what the gate has turned away. */
  readonly alarm: (alarm: Alarm) => void;
  /** If it is wanted: resolves when the server knows the subscription. */
  watch(cluster: Cluster, signal: AbortSignal): Promise<void>;
}

/** Largest argument that the watch reads from the object store. */
const MOST_BYTES = 16 * 1024 * 1024;

export function createSafety(parts: DialectParts, options: SafetyOptions & ClusterOptions): Safety {
  const { clock, log } = parts;
  const alarms = createAlarms({ clock, log, tell: (told) => options.onAlarm?.(told) });
  return {
    check() {
      const { watch: wanted, issuers, seed } = options;
      if (wanted !== true || issuers.length > 0 || seed !== undefined) return;
      throw new LatticeError(
        "bad-input",
        "a watch needs clusterIssuers or a cluster seed: every call of the lattice would be a forgery to it",
      );
    },
    alarm: (alarm) => alarms.raise("gate", alarm),
    async watch({ issuers, ed25519 }, signal) {
      if (options.watch !== true) return;
      const chunks = createChunks({
        ...parts,
        rpc: onlyReading(parts.rpc),
        maxBytes: MOST_BYTES,
      });
      const watching = {
        ...parts,
        issuers,
        ed25519,
        strict: options.strict ?? true,
        now: () => clock.now(),
        chunks,
        seen: createSeen(clock, () => log.warn("watch.many")),
        alarm: (alarm: Alarm) => alarms.raise("watch", alarm),
        seenOne: (outcome: WatchOutcome) => options.onWatched?.(outcome),
        phase: (phase: WatchPhase) => options.onWatching?.(phase),
      };
      await watch(watching, signal);
    },
  };
}

/** Whoever only looks creates no store. */
function onlyReading(rpc: Bus): Pick<Bus, "objects"> {
  return { objects: (name, options) => rpc.objects(name, { ...options, create: false }) };
}
