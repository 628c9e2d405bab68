/** `wasi:io/poll`: waiting for times, streams and futures, alone or together. */
import type { Later, RemoteEnd } from "../remote-streams.ts";
import type { Holder } from "./resource.ts";
import type { Steps } from "./steps.ts";

import { Resource, trap } from "./resource.ts";
import { runFor, wait } from "./steps.ts";

/** What a pollable stands for. */
export interface Readiness {
  /** May take steps that need no wait. */
  check(): boolean;
  /** In the host worker: whose change may make it ready. */
  ends(): readonly RemoteEnd[];
  /** When it is ready by itself, on the clock of `performance.now()`; `Infinity` if never. */
  readonly atMs: number;
}

/** Ready from `atMs` of `performance.now()` on. */
export function readyAt(atMs: number): Readiness {
  return { check: () => performance.now() >= atMs, ends: () => [], atMs };
}

/** Ready together with `ends`: when the first of them is. */
export function readyWith(check: () => boolean, ends: () => readonly RemoteEnd[]): Readiness {
  return { check, ends, atMs: Infinity };
}

export class Pollable extends Resource {
  readonly #readiness: Readiness;

  constructor(holder: Holder, readiness: Readiness, parent?: Resource) {
    super(holder, parent);
    this.#readiness = readiness;
  }

  static readinessOf(pollable: Pollable): Readiness {
    return pollable.#readiness;
  }

  ready(): boolean {
    return isReady(this.holder, this.#readiness);
  }

  block(): Later<void> {
    return runFor(this.holder.life, untilReady(this.holder, this.#readiness));
  }
}

/** The function `poll`: the indices of those that are ready, once some are. */
export function poll(holder: Holder, pollables: readonly Pollable[]): Later<Uint32Array> {
  if (pollables.length === 0) trap(holder, "it polled an empty list");
  return runFor(
    holder.life,
    readyOnes(
      holder,
      pollables.map((each) => Pollable.readinessOf(each)),
    ),
  );
}

/** Without waiting. What is not ready is asked for, so that it becomes ready also for guests that never wait. */
export function isReady(holder: Holder, readiness: Readiness): boolean {
  if (readiness.check()) return true;
  const ends = readiness.ends();
  if (ends.length === 0) return false;
  const asked = holder.streams.waitAny(ends, performance.now());
  // Nobody waits for it; a life that ends has its own way to say so.
  if (asked instanceof Promise) asked.catch(() => undefined);
  return readiness.check();
}

export function* untilReady(holder: Holder, readiness: Readiness): Steps<void> {
  // The glue takes no promise where a guest has no peers to wait for.
  if (readiness.ends().length === 0 && readiness.check()) return;
  yield* readyOnes(holder, [readiness]);
}

function* readyOnes(holder: Holder, all: readonly Readiness[]): Steps<Uint32Array> {
  yield* wait(holder.breathe());
  for (;;) {
    const ready = all.flatMap((each, index) => (each.check() ? [index] : []));
    if (ready.length > 0) return new Uint32Array(ready);
    const ends = all.flatMap((each) => each.ends());
    const untilMs = Math.min(...all.map(({ atMs }) => atMs));
    yield* wait(holder.streams.waitAny(ends, untilMs));
  }
}
