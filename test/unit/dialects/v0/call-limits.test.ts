import { expect, test } from "vitest";

import { LatticeError } from "../../../../src/core/error.ts";
import { createCallLimits } from "../../../../src/dialects/v0/call-limits.ts";
import { fakeClock } from "../../../support/fake-clock.ts";

function setUp() {
  const clock = fakeClock();
  const ended = new AbortController();
  const open = createCallLimits({ clock, deadlineMs: 500 }, ended.signal);
  return { clock, ended, open };
}

test("a call ends at its deadline by the clock, and another one at its own", () => {
  const { clock, open } = setUp();
  const [first, closed] = [open(), open()];
  clock.advance(200);
  const second = open();
  closed.close();

  clock.advance(300);

  expect(first.signal.reason).toMatchObject({
    code: "deadline",
    message: "the call did not end within 500 ms",
  });
  expect(second.signal.aborted).toBe(false);
  clock.advance(200);
  expect(second.signal.aborted).toBe(true);
  expect(closed.signal.aborted).toBe(false);
});

test("calls end with what serves them, those that come after it included", () => {
  const { ended, open } = setUp();
  const [running, closed] = [open(), open()];
  closed.close();
  const reason = new LatticeError("closed", "M1 was stopped");

  ended.abort(reason);

  expect(running.signal.reason).toBe(reason);
  expect(open().signal.reason).toBe(reason);
  expect(closed.signal.aborted).toBe(false);
});
