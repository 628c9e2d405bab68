/** Dialling until a server answers: when to try, and when not, since failed dials make a browser delay later ones. */
import type { Cancel, Clock } from "../core/clock.ts";
import { asLatticeError, type LatticeError } from "../core/error.ts";
import type { Knock, KnockAnswer } from "./knock.ts";
import type { Link } from "./nats-link.ts";
import type { ServerAddress } from "./server-address.ts";

export interface RedialOptions {
  readonly servers: readonly ServerAddress[];
  readonly dial: (server: ServerAddress, signal: AbortSignal) => Promise<Link>;
  readonly knock: Knock | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface Redial {
  /**
   * The first link that comes about, trying all servers in turn, for ever. `onFailure` hears of each failed dial; what it
   * throws ends the search, as does `signal`.
   */
  run(
    signal: AbortSignal,
    onFailure: (server: ServerAddress, error: LatticeError) => void,
  ): Promise<Link>;
  /** Dials at once instead of at the next turn. */
  hurry(): void;
}

/** Pauses after the first, second, ... round without success; the last one for all that follow. */
const PAUSES_MS = [150, 250, 400, 600, 800, 1_000, 1_500, 2_000];
/** Of servers that answer no knock, one dial is tried after 1 s, then after twice as long each time. */
const BLIND_FIRST_MS = 1_000;
const BLIND_MOST_MS = 30_000;
const KNOCK_LIMIT_MS = 2_000;
/** A link that ends earlier was cut for what was said on it, and will be again: such are waited for like failed rounds. */
const SHORT_LIFE_MS = 1_000;

/** What to wait after `rounds` rounds without success. Time that a browser held the dial back counts as waited. */
function pauseAfter(rounds: number, tookMs: number, random: number): number {
  const step = PAUSES_MS[Math.min(rounds, PAUSES_MS.length) - 1] ?? 0;
  return Math.max(0, step * (0.75 + random / 2) - tookMs);
}

export function createRedial({ servers, dial, knock, clock, random }: RedialOptions): Redial {
  /** Servers that took a dial although they had just not answered a knock. */
  const deaf = new Set<ServerAddress>();
  let current = 0;
  /** Links in a row, up to the last one, that ended before {@link SHORT_LIFE_MS}. */
  let short = 0;
  let linkedAt = -Infinity;
  let hurried = false;
  let wake: () => void = () => undefined;

  const listen = async (server: ServerAddress, signal: AbortSignal): Promise<KnockAnswer> => {
    if (knock === undefined || deaf.has(server)) return "blocked";
    const limit = new AbortController();
    const cancel = clock.after(KNOCK_LIMIT_MS, () => limit.abort());
    try {
      return await knock(server.url, AbortSignal.any([signal, limit.signal]));
    } finally {
      cancel();
    }
  };

  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      let cancel: Cancel = () => undefined;
      const end = (settle: () => void): void => {
        cancel();
        signal.removeEventListener("abort", abort);
        settle();
      };
      const abort = (): void => end(() => reject(asLatticeError(signal.reason, "aborted")));
      wake = () => end(resolve);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      cancel = clock.after(ms, wake);
      if (hurried) wake();
    });

  return {
    async run(signal, onFailure) {
      short = clock.monotonic() - linkedAt < SHORT_LIFE_MS ? short + 1 : 0;
      if (short > 1) await pause(pauseAfter(short - 1, 0, random()), signal);
      let blindStep = BLIND_FIRST_MS;
      let blindAt = clock.monotonic();
      for (let round = 1; ; round++) {
        const started = clock.monotonic();
        const blind = hurried || started >= blindAt;
        const unasked = hurried || round === 1; // then even the time of a knock is too much
        hurried = false;
        for (let i = 0; i < servers.length; i++) {
          const index = (current + i) % servers.length;
          const server = servers[index];
          if (server === undefined) continue;
          const heard = unasked ? "blocked" : await listen(server, signal);
          if (heard === "silent" && !blind) continue;
          try {
            const link = await dial(server, signal);
            if (heard === "silent") deaf.add(server);
            current = index;
            linkedAt = clock.monotonic();
            return link;
          } catch (thrown) {
            if (signal.aborted) throw thrown;
            onFailure(server, asLatticeError(thrown));
          }
        }
        if (blind) {
          blindAt = clock.monotonic() + blindStep;
          blindStep = Math.min(blindStep * 2, BLIND_MOST_MS);
        }
        await pause(pauseAfter(round, clock.monotonic() - started, random()), signal);
      }
    },
    hurry() {
      hurried = true;
      wake();
    },
  };
}
