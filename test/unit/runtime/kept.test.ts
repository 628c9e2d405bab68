import { expect, test } from "vitest";

import type { Runner } from "../../../src/runtime/runner.ts";

import { createKept } from "../../../src/runtime/kept.ts";
import { LatticeError } from "../../../src/core/error.ts";

/** A runner that only hears which instances it is to end. */
function fakeRunner(): Runner & { readonly dropped: readonly number[] } {
  const dropped: number[] = [];
  return {
    dropped,
    invoke: () => {
      throw new Error("nobody calls it");
    },
    cancel: () => undefined,
    drop(resident) {
      dropped.push(resident);
      return Promise.reject(new LatticeError("worker-lost", "it is gone"));
    },
    lost: new AbortController().signal,
    end: () => undefined,
  };
}

test("an instance serves one call at a time, and calls beyond what is kept get none", () => {
  const kept = createKept({ instances: 2, maxCalls: 0 });
  const runner = fakeRunner();

  const [one, two, three] = [kept.enter(runner), kept.enter(runner), kept.enter(runner)];
  two?.leave(true);
  const again = kept.enter(runner);

  expect([one?.number, two?.number, three, again?.number]).toEqual([-1, -2, undefined, -2]);
  expect(runner.dropped).toEqual([]);
});

test("an instance is given up after its last call, and after a call that failed", () => {
  const kept = createKept({ instances: 1, maxCalls: 2 });
  const runner = fakeRunner();
  const serve = (well: boolean): number | undefined => {
    const place = kept.enter(runner);
    place?.leave(well);
    return place?.number;
  };

  const numbers = [true, true, true, false, true].map(serve);

  expect(numbers).toEqual([-1, -1, -2, -2, -3]);
  expect(runner.dropped).toEqual([-1, -2]);
});

test("what a lost runner had makes room for others, and what ends late changes nothing", () => {
  const kept = createKept({ instances: 1, maxCalls: 1 });
  const [lost, other] = [fakeRunner(), fakeRunner()];
  const place = kept.enter(lost);
  const crowded = kept.enter(other);

  kept.lost(lost);
  place?.leave(false);
  const next = kept.enter(other);

  expect([crowded, next?.number]).toEqual([undefined, -2]);
  expect(lost.dropped).toEqual([]);
});
