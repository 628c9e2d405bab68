import { expect, test } from "vitest";

import { LONGEST_TIMER_MS } from "../../../../src/core/clock.ts";
import { LatticeError } from "../../../../src/core/error.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { EXITED_WELL } from "../../../../src/core/runtime.ts";
import { runService } from "../../../../src/host/sets/service.ts";
import { type FakeClock, fakeClock } from "../../../support/fake-clock.ts";
import { recordLog } from "../../../support/log-recorder.ts";
import { settled } from "../../../support/sets.ts";

const id = entityId("default/shop/service");
const ok = () => ({ tag: "ok", val: undefined });
const err = () => ({ tag: "err", val: undefined });
const trap = (): never => {
  throw new LatticeError("guest-trapped", "unreachable executed");
};

/** A service whose calls end one after the other as `runs` say. */
function setUp(runs: readonly ((clock: FakeClock) => unknown)[], maxRestarts: number) {
  const clock = fakeClock();
  const life = new AbortController();
  const startedAt: number[] = [];
  const end = runService(
    {
      id,
      run: "wasi:cli/run@0.2.0",
      callee: {
        async invoke({ signal }) {
          const run = runs[startedAt.length];
          startedAt.push(clock.now());
          if (run !== undefined) return [run(clock)];
          return new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
          });
        },
      },
      maxRestarts,
      clock,
      log: recordLog().log,
    },
    life.signal,
  );
  return { clock, life, startedAt, end };
}

test("one that ends well is not called again", async () => {
  const { end, startedAt } = setUp([ok], 3);

  expect(await end).toEqual({ how: "well" });
  expect(startedAt).toEqual([0]);
});

test("one that exits with success has ended well", async () => {
  const exited = (): never => {
    throw new LatticeError("guest-trapped", `the component trapped: ${EXITED_WELL}`);
  };
  const { end } = setUp([exited], 0);

  expect(await end).toEqual({ how: "well" });
});

test.each([
  { what: "a trap", run: trap, reason: "service failed after 0 restarts: unreachable executed" },
  { what: "an err", run: err, reason: "service failed after 0 restarts: run gave an error" },
])("without restarts $what is the end", async ({ run, reason }) => {
  const { end } = setUp([run], 0);

  expect(await end).toEqual({ how: "failed", reason });
});

test("it is called again with growing waits, until its restarts are used up", async () => {
  const { end, clock, startedAt } = setUp([trap, trap, err, trap], 3);

  for (const waitMs of [500, 1000, 2000]) {
    await settled();
    clock.advance(waitMs - 1);
    await settled();
    clock.advance(1);
  }

  expect(await end).toEqual({
    how: "failed",
    reason: "service failed after 3 restarts: unreachable executed",
  });
  expect(startedAt).toEqual([0, 500, 1500, 3500]);
});

test("no wait is longer than a minute", async () => {
  const { clock, startedAt, life, end } = setUp(
    Array.from({ length: 9 }, () => trap),
    100,
  );

  for (let count = 0; count < 9; count++) {
    await settled();
    clock.advance(60_000);
  }
  await settled();
  life.abort();

  expect(await end).toEqual({ how: "stopped" });
  expect(startedAt.slice(-2)).toEqual([480_000, 540_000]);
});

test("a stop ends its call, and the wait for the next one", async () => {
  const running = setUp([], 3);
  const waiting = setUp([trap], 3);
  await settled();

  running.life.abort(new LatticeError("aborted", "stop"));
  waiting.life.abort(new LatticeError("aborted", "stop"));

  expect(await running.end).toEqual({ how: "stopped" });
  expect(await waiting.end).toEqual({ how: "stopped" });
  expect(waiting.startedAt).toEqual([0]);
});

test("the end of the longest timer there is counts as no failure", async () => {
  const late = (clock: FakeClock): never => {
    clock.sleep(LONGEST_TIMER_MS);
    throw new LatticeError("deadline", "run did not end within 24 days");
  };
  const { end, startedAt } = setUp([late, late, ok], 0);

  expect(await end).toEqual({ how: "well" });
  expect(startedAt).toHaveLength(3);
});

test("a deadline of what it has called is a failure like any other", async () => {
  const late = (): never => {
    throw new LatticeError("deadline", "its call did not end within 30 s");
  };
  const { end, startedAt } = setUp([late], 0);

  expect(await end).toEqual({
    how: "failed",
    reason: "service failed after 0 restarts: its call did not end within 30 s",
  });
  expect(startedAt).toHaveLength(1);
});
