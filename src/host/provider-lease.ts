/**
 * The lease of a provider's id: an entry of a key-value bucket that its holder renews, so that two nodes never serve
 * different storages under one id.
 *
 * Nobody's wall clock is compared with anybody else's. A holder trusts its lease for {@link SAFE_MS} after it *began* the last
 * renewal that was taken; another node takes the lease over only after it has *seen* the same revision for
 * {@link EXPIRES_MS}, by its own clock. Each write is a compare-and-set of the revision. So the old holder has stood back
 * before the new one begins, whatever the clocks say; the rates of clocks would have to differ by half.
 */
import type { Clock } from "../core/clock.ts";
import type { HostId } from "../core/ids.ts";
import type { KvBucket, KvEntry } from "../core/kv.ts";
import type { Log } from "../core/log.ts";
import type { View } from "../core/view.ts";

import { asLatticeError, LatticeError, messageOf } from "../core/error.ts";
import { createSource } from "../core/view.ts";

/** A holder renews this often. */
export const RENEW_MS = 10_000;
/** A renewal that failed is tried again this much later. */
const RETRY_MS = 2000;
/** A holder stands back when this much has passed since it began its last renewal that was taken. */
export const SAFE_MS = 20_000;
/** Others take over what they have seen unrenewed for so long. */
export const EXPIRES_MS = 40_000;
/** They look this often. */
const LOOK_MS = 2000;

export interface LeaseParts {
  readonly bucket: KvBucket;
  /** Makes the bucket anew, if what the server kept was lost. */
  readonly reopen: (signal: AbortSignal) => Promise<KvBucket>;
  /** The provider's id. */
  readonly key: string;
  /** An earlier life of this host does not come back: its identity is one tab's at a time. */
  readonly host: HostId;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Lease {
  /** False while others may take it over, because it could not be renewed in time, and after the end. */
  readonly held: View<boolean>;
  /** As `held`, judged now: timers come late in a page that slept. */
  valid(): boolean;
  /** Aborts when somebody else has it. */
  readonly lost: AbortSignal;
  /** Gives it up; others need not wait. Does not throw: what fails here expires. */
  release(signal: AbortSignal): Promise<void>;
}

/** What stands in the bucket. */
interface Holder {
  readonly host: string;
  /** Of one taking: tells a lost answer of our own write from somebody else's write. */
  readonly token: string;
  /** For people, and for bids: milliseconds since the epoch by the holder's clock. */
  readonly renewedAt: number;
}

/**
 * Takes the lease: at once if it is free or an earlier life of this host had it, and after up to {@link EXPIRES_MS} if its
 * holder is gone.
 *
 * @throws {LatticeError} `conflict` as soon as its holder is seen to be alive; what the bucket throws.
 */
export async function takeLease(parts: LeaseParts, signal: AbortSignal): Promise<Lease> {
  const { bucket, key, host, clock } = parts;
  const token = crypto.randomUUID();
  let seen: { readonly revision: number; readonly since: number } | undefined;
  for (;;) {
    // oxlint-disable no-await-in-loop -- each look comes after the one before
    const entry = await bucket.get(key, signal);
    const holder = holderOf(entry);
    const revision = entry?.revision ?? 0;
    if (entry !== undefined && holder?.host !== host) {
      if (seen !== undefined && seen.revision !== revision) throw taken(key, holder);
      seen ??= { revision, since: clock.monotonic() };
    }
    const unrenewed = seen === undefined ? Infinity : clock.monotonic() - seen.since;
    if (entry === undefined || holder?.host === host || unrenewed >= EXPIRES_MS) {
      const began = now(clock);
      const written = await write(parts, token, revision, signal);
      if (written !== undefined) return keep(parts, token, written, began);
      // Somebody was faster: the next look tells who.
    } else await passed(clock, LOOK_MS, signal);
    // oxlint-enable no-await-in-loop
  }
}

/** True if the lease looks free now: nobody has it, or whoever has it was silent for long, by the clocks of both. */
export async function leaseLooksFree(parts: LeaseParts, signal: AbortSignal): Promise<boolean> {
  const holder = holderOf(await parts.bucket.get(parts.key, signal));
  if (holder === undefined || holder.host === parts.host) return true;
  // A bid binds nobody; the start that may follow looks for itself. The margin is for clocks that differ.
  return parts.clock.now() - holder.renewedAt > EXPIRES_MS + 60_000;
}

function keep(parts: LeaseParts, token: string, first: number, began: Instant): Lease {
  const { key, clock, log } = parts;
  let { bucket } = parts;
  const held = createSource(true);
  const lost = new AbortController();
  /** For writes that a release waits for; the bucket ends each after 5 s. */
  const endless = new AbortController().signal;
  let over = false;
  let renewing = Promise.resolve();
  let revision = first;
  let renewed = began;
  let cancelSafe = (): void => undefined;
  let cancelNext = (): void => undefined;

  const safe = (): boolean => !over && elapsed(clock, renewed) < SAFE_MS;
  const guard = (): void => {
    cancelSafe();
    held.set(safe());
    const left = SAFE_MS - elapsed(clock, renewed);
    if (!over && left > 0) cancelSafe = clock.after(left, guard);
  };
  const end = (): void => {
    over = true;
    cancelSafe();
    cancelNext();
    held.set(false);
  };
  const plan = (ms: number): void => {
    if (!over) cancelNext = clock.after(ms, () => (renewing = renew()));
  };
  /** Never rejects. */
  const reopen = async (): Promise<void> => {
    try {
      bucket = await parts.reopen(AbortSignal.timeout(RETRY_MS));
    } catch (cause) {
      log.warn("lease.bucket-missing", { provider: key, problem: messageOf(cause) });
    }
  };
  /** Never rejects. */
  const renew = async (): Promise<void> => {
    const start = now(clock);
    try {
      const written = await write({ ...parts, bucket }, token, revision, endless);
      if (written === undefined) {
        const entry = await bucket.get(key, endless);
        const holder = holderOf(entry);
        if (entry === undefined) {
          // Nobody has it: it was removed by hand, or with all that the server kept.
          revision = 0;
          return plan(RETRY_MS);
        }
        if (holder?.token !== token) {
          if (over) return;
          log.error("lease.lost", { provider: key, holder: holder?.host });
          end();
          lost.abort(taken(key, holder));
          return;
        }
        // An earlier write of ours was taken after all, its answer lost. This counts from then on.
        revision = entry.revision;
        return plan(0);
      }
      revision = written;
      renewed = start;
      guard();
      plan(RENEW_MS);
    } catch (cause) {
      log.warn("lease.unrenewed", { provider: key, problem: messageOf(cause) });
      guard();
      const { code } = asLatticeError(cause);
      if (code === "not-served" || code === "not-found") await reopen();
      plan(RETRY_MS);
    }
  };

  guard();
  plan(RENEW_MS);
  return {
    held,
    valid: safe,
    lost: lost.signal,
    async release(signal) {
      if (over) return;
      end();
      try {
        await renewing;
        await bucket.delete(key, { revision, signal });
      } catch (cause) {
        log.warn("lease.unreleased", { provider: key, problem: messageOf(cause) });
      }
    },
  };
}

/** The new revision; `undefined` if `revision` is not the present one. */
async function write(
  { bucket, key, host, clock }: LeaseParts,
  token: string,
  revision: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const holder: Holder = { host, token, renewedAt: clock.now() };
  const value = new TextEncoder().encode(JSON.stringify(holder));
  try {
    return await bucket.put(key, value, { revision, signal });
  } catch (cause) {
    if (asLatticeError(cause).code === "conflict") return undefined;
    throw cause;
  }
}

/** `undefined` for no entry, and for one that is not a lease: nobody is known to hold it. */
function holderOf(entry: KvEntry | undefined): Holder | undefined {
  if (entry === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(entry.value));
  } catch {
    return { host: "somebody who does not say who", token: "", renewedAt: Infinity };
  }
  const text = (name: "host" | "token"): string => {
    const found: unknown =
      typeof value === "object" && value !== null ? Reflect.get(value, name) : "";
    return typeof found === "string" ? found : "";
  };
  const at: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "renewedAt") : 0;
  return {
    host: text("host").slice(0, 100),
    token: text("token"),
    renewedAt: typeof at === "number" ? at : Infinity,
  };
}

function taken(key: string, holder: Holder | undefined): LatticeError {
  const who = holder === undefined ? "another host" : `host ${holder.host}`;
  return new LatticeError(
    "conflict",
    `${who} runs the provider ${key} and holds its lease: a provider with storage of its own runs once`,
  );
}

interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

function now(clock: Clock): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

/** The longer of both clocks: the monotonic one may stand still while the machine sleeps, the other one may be set. */
function elapsed(clock: Clock, since: Instant): number {
  return Math.max(clock.monotonic() - since.monotonic, clock.now() - since.wall);
}

function passed(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const giveUp = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    signal.addEventListener("abort", giveUp, { once: true });
  });
}
