/** Calls at an even pace, each of them accounted for by who made it. */
import type { NativePeer } from "./native-peer.ts";

export interface SteadyLoad extends AsyncDisposable {
  readonly sent: number;
  readonly answered: number;
  /** Calls that got no answer, by what their caller saw. */
  readonly lost: Readonly<Record<"unserved" | "ended" | "timeout", number>>;
  /** The longest time without an answer, in milliseconds. */
  readonly longestGapMs: number;
  /** Sends no more; resolves when each call has its outcome. */
  stop(): Promise<void>;
}

/** Calls `subject` with `params` each `everyMs`; a call is lost when no answer has come within `patienceMs`. */
export function startLoad(
  peer: NativePeer,
  subject: string,
  params: Uint8Array,
  { everyMs = 100, patienceMs = 5_000 }: { everyMs?: number; patienceMs?: number } = {},
): SteadyLoad {
  let sent = 0;
  let answered = 0;
  let longestGapMs = 0;
  let lastMs = performance.now();
  const lost = { unserved: 0, ended: 0, timeout: 0 };
  const open = new Set<Promise<void>>();
  const call = async (): Promise<void> => {
    const { outcome, bytes } = await peer.invoke(subject, params, { timeoutMs: patienceMs });
    if (bytes.length > 0) {
      answered++;
      longestGapMs = Math.max(longestGapMs, performance.now() - lastMs);
      lastMs = performance.now();
    } else if (outcome === "no-responders") lost.unserved++;
    else lost[outcome]++;
  };
  const timer = setInterval(() => {
    sent++;
    const made = call().finally(() => open.delete(made));
    open.add(made);
  }, everyMs);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(open);
  };
  return {
    get sent() {
      return sent;
    },
    get answered() {
      return answered;
    },
    get longestGapMs() {
      return longestGapMs;
    },
    lost,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
