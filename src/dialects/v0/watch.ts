/**
 * Looks at every invocation of the lattice, whoever it is for, and tells of those that are not what they claim to be.
 *
 * It only looks: it answers nothing, deletes nothing and creates nothing. What it may do in a second is bounded, so that a
 * flood of forgeries costs no more than that; what goes by meanwhile is counted. The gate of this node (`guard.ts`) checks
 * what comes to it all the same.
 */
import type { WatchOutcome, WatchPhase } from "../../core/alarm.ts";
import type { Bus, BusMessage } from "../../core/bus.ts";
import type { Clock } from "../../core/clock.ts";
import type { LatticeId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { Chunks } from "./chunks.ts";
import type { CheckParts, Fault, Genuine } from "./checks.ts";
import type { Alarm } from "./guard.ts";
import type { Invocation } from "./invocation.ts";
import type { Seen } from "./seen.ts";

import { flushed } from "../../core/bus.ts";
import { messageOf } from "../../core/error.ts";
import { checkArgument, checkInvocation, isFault, replayed } from "./checks.ts";
import { CHUNK_THRESHOLD, isElsewhere, readInvocation } from "./invocation.ts";
import { rpcSubject } from "./subjects.ts";

export interface WatchParts extends CheckParts {
  readonly rpc: Bus;
  readonly lattice: LatticeId;
  readonly clock: Clock;
  readonly log: Log;
  /** Reads arguments that lie in the object store. */
  readonly chunks: Pick<Chunks, "take">;
  /** Of the watch alone: the gate remembers what was executed, this what was seen. */
  readonly seen: Seen;
  readonly alarm: (alarm: Alarm) => void;
  /** Hears of everything that was looked at, or was not. */
  readonly seenOne: (outcome: WatchOutcome) => void;
  readonly phase: (phase: WatchPhase) => void;
}

/** Invocations that are checked in a second. A signature takes a browser about a tenth of a millisecond. */
export const MOST_CHECKS = 1000;
/** Bytes that are read and hashed in a second. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Checks under way; more are only there if the browser is slower than {@link MOST_CHECKS}. */
const MOST_UNDER_WAY = 256;
/** Arguments that wait to be read from the object store, one after the other. */
const MOST_FETCHES = 16;
const FETCH_LIMIT_MS = 10_000;
const SECOND_MS = 1000;

/** What was said of an invocation before its argument was fetched. */
type Verdict =
  | { readonly tag: "fault"; readonly fault: Fault }
  | { readonly tag: "unverified" }
  /** `elsewhere`: the argument lies in the object store, and was not compared. */
  | { readonly tag: "genuine"; readonly genuine: Genuine; readonly elsewhere: boolean };

/**
 * Watches until `signal` aborts. Resolves when the server knows the subscription; one that is refused is told by
 * {@link WatchParts.phase} and the log, and is no error.
 */
export async function watch(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const { rpc, lattice, log, phase } = parts;
  const subject = `wasmbus.rpc.${lattice}.>`;
  const budget = createBudget(parts.clock);
  const fetches = createFetches(parts, signal);
  let underWay = 0;
  /** Outcomes are told in the order of arrival, for the second sight of an invocation is the copy. */
  let settled = Promise.resolve();

  const conclude = (message: BusMessage, invocation: Invocation, verdict: Verdict): void => {
    const forged = (fault: Fault): void => {
      parts.alarm({ ...fault, subject: message.subject, invocation });
      parts.seenOne("forged");
    };
    if (verdict.tag === "unverified") return parts.seenOne("unverified");
    if (verdict.tag === "fault") return forged(verdict.fault);
    const { genuine, elsewhere } = verdict;
    if (parts.strict && !parts.seen.add(genuine.issuer, invocation.id)) return forged(replayed());
    if (!elsewhere) return parts.seenOne("genuine");
    const enqueued =
      budget.takes(invocation.content_length) && fetches.add(invocation, genuine, forged);
    if (!enqueued) parts.seenOne("unchecked");
  };

  const receive = (message: BusMessage): void => {
    if (signal.aborted || !isInvocation(message.subject, lattice)) return;
    if (underWay >= MOST_UNDER_WAY || !budget.takes(message.data.length)) {
      parts.seenOne("unchecked");
      return;
    }
    let invocation: Invocation;
    try {
      invocation = readInvocation(message.data);
    } catch {
      parts.seenOne("unverified");
      return;
    }
    underWay++;
    const judged = judge(parts, message, invocation);
    const before = settled;
    settled = (async () => {
      const verdict = await judged;
      await before;
      underWay--;
      if (!signal.aborted) conclude(message, invocation, verdict);
    })();
  };

  let denied = false;
  rpc.subscribe(subject, receive, {
    signal,
    onDenied(error) {
      denied = true;
      log.warn("watch.denied", { subject, problem: error.message });
      phase("denied");
    },
  });
  await flushed(rpc, signal);
  // The server refuses before it answers the flush.
  if (denied) return;
  log.info("watch.begun", { subject });
  phase("watching");
}

/**
 * Calls of actors and providers. What hosts tell providers comes below a provider's own subject
 * (wasmCloud v0.82.0 `crates/provider-sdk/src/provider.rs`), and is signed by nobody.
 */
function isInvocation(subject: string, lattice: LatticeId): boolean {
  const rest = subject.slice(`wasmbus.rpc.${lattice}.`.length);
  return !/^[^.]+\..+\.(linkdefs\.(put|del|get)|health|shutdown)$/.test(rest);
}

/** Never rejects. */
async function judge(
  parts: WatchParts,
  { subject }: BusMessage,
  invocation: Invocation,
): Promise<Verdict> {
  try {
    const home = rpcSubject(parts.lattice, invocation.target);
    const found = await checkInvocation(invocation, { subject, home }, parts);
    if (isFault(found)) return { tag: "fault", fault: found };
    const { msg, content_length } = invocation;
    if (!isElsewhere(invocation)) {
      const fault = await checkArgument(invocation, msg, found.hash, parts);
      if (fault !== undefined) return { tag: "fault", fault };
    }
    const whole = msg.length === content_length;
    // Signed as it is, and still of another length than it says: nobody executes that.
    if (!whole && content_length <= CHUNK_THRESHOLD) return { tag: "unverified" };
    // Without `strict` nobody compares what was stored.
    return { tag: "genuine", genuine: found, elsewhere: parts.strict && !whole };
  } catch (cause) {
    parts.log.debug("watch.failed", { subject: subject.slice(0, 160), problem: messageOf(cause) });
    return { tag: "unverified" };
  }
}

interface Fetches {
  /** False if too many wait. */
  add(invocation: Invocation, genuine: Genuine, forged: (fault: Fault) => void): boolean;
}

/** Arguments in the object store, compared one after the other. Who executes one deletes it, so it may be gone. */
function createFetches(parts: WatchParts, signal: AbortSignal): Fetches {
  let waiting = 0;
  let last = Promise.resolve();
  const compare = async (
    invocation: Invocation,
    { hash }: Genuine,
    forged: (fault: Fault) => void,
  ): Promise<void> => {
    const { id, msg, content_length } = invocation;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_LIMIT_MS)]);
      const argument = await parts.chunks.take(id, msg, content_length, limit);
      const fault = await checkArgument(invocation, argument, hash, parts);
      if (fault === undefined) parts.seenOne("genuine");
      else forged(fault);
    } catch {
      if (!signal.aborted) parts.seenOne("unverified");
    } finally {
      waiting--;
    }
  };
  return {
    add(invocation, genuine, forged) {
      if (waiting >= MOST_FETCHES) return false;
      waiting++;
      last = last.then(() => compare(invocation, genuine, forged));
      return true;
    },
  };
}

interface Budget {
  /** Whether one more message of `length` bytes is looked at in this second. */
  takes(length: number): boolean;
}

function createBudget(clock: Clock): Budget {
  let since = clock.monotonic();
  let checks = 0;
  let bytes = 0;
  return {
    takes(length) {
      const now = clock.monotonic();
      if (now - since >= SECOND_MS) {
        since = now;
        checks = 0;
        bytes = 0;
      }
      if (checks >= MOST_CHECKS || bytes + length > MOST_BYTES) return false;
      checks++;
      bytes += length;
      return true;
    },
  };
}
