/**
 * Labels that follow the life of a page, so that who places work can move it off before a tab goes dark: whether somebody
 * sees it (`inlay.visibility`), its network, its battery, and whether somebody uses it.
 *
 * What a browser does not tell has no label. Bad news goes out soon, good news when it has lasted: a page that flickers
 * must not fill the lattice with events.
 */
import type { Cancel, Clock } from "./core/clock.ts";

import { watchSignals } from "./page-signals.ts";

export interface LivingLabels {
  /** As they are now, for the first words of a node. */
  labels(): Readonly<Record<string, string>>;
  /** Tells what has changed since {@link labels} was asked, and each change from now on. */
  follow(tell: Tell): void;
}

/** Rejects where the node is gone. */
export type Tell = (key: string, value: string) => Promise<void>;

/** Values that work should move away from. */
const BAD: ReadonlySet<string> = new Set(["hidden", "offline", "low", "locked"]);
/** A page that a person switches away from and back at once was never gone. */
const SOON_MS = 500;
const LASTING_MS = 5_000;
/** For a label that was told this often within five minutes. */
const RESTLESS_CHANGES = 4;
const RESTLESS_WINDOW_MS = 300_000;
const RESTLESS_MS = 60_000;

/**
 * Watches the page until `signal` aborts; for the option of that name of `join`.
 *
 * @example
 * await using node = await join({ servers, livingLabels });
 */
export function livingLabels(signal: AbortSignal): LivingLabels {
  const clock: Pick<Clock, "after" | "monotonic"> = {
    monotonic: () => performance.now(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
  const settled = createSettled(clock, signal);
  watchSignals((key, value) => settled.put(key, value), signal);
  return settled;
}

export interface Settled extends LivingLabels {
  /** `key` has become `value`; told when that has lasted. */
  put(key: string, value: string): void;
}

/** Holds changes back until they have lasted. Before {@link LivingLabels.follow} nothing is told. */
export function createSettled(
  clock: Pick<Clock, "after" | "monotonic">,
  signal: AbortSignal,
): Settled {
  const now = new Map<string, string>();
  const told = new Map<string, string>();
  const pending = new Map<string, Cancel>();
  const changes = new Map<string, number[]>();
  let tell: Tell | undefined;

  const forget = (key: string): void => {
    pending.get(key)?.();
    pending.delete(key);
  };
  const waitMs = (key: string, value: string): number => {
    if (BAD.has(value)) return SOON_MS;
    const since = clock.monotonic() - RESTLESS_WINDOW_MS;
    const recent = (changes.get(key) ?? []).filter((at) => at > since);
    return recent.length < RESTLESS_CHANGES ? LASTING_MS : RESTLESS_MS;
  };
  const settle = (key: string): void => {
    pending.delete(key);
    const value = now.get(key);
    if (value === undefined || tell === undefined) return;
    told.set(key, value);
    changes.set(key, [...(changes.get(key) ?? []), clock.monotonic()].slice(-RESTLESS_CHANGES));
    void tell(key, value).catch(() => undefined); // a node that has left tells nobody
  };
  const review = (key: string, value: string): void => {
    forget(key);
    if (tell === undefined || signal.aborted || told.get(key) === value) return;
    pending.set(
      key,
      clock.after(waitMs(key, value), () => settle(key)),
    );
  };
  signal.addEventListener("abort", () => Array.from(pending.keys()).forEach(forget), {
    once: true,
  });
  return {
    labels() {
      for (const [key, value] of now) told.set(key, value);
      return Object.fromEntries(now);
    },
    follow(given) {
      tell = given;
      for (const [key, value] of now) review(key, value);
    },
    put(key, value) {
      if (now.get(key) === value) return;
      now.set(key, value);
      review(key, value);
    },
  };
}
