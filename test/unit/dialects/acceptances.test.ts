import { expect, test } from "vitest";
import { createAcceptances, HOLD_MS } from "../../../src/dialects/v1/acceptances.ts";
import { fakeClock } from "../../support/fake-clock.ts";

test("an acceptance leaves with the results, once", () => {
  const clock = fakeClock();
  const accepted: string[] = [];
  const acceptances = createAcceptances(clock);
  const accept = acceptances.hold(() => accepted.push("a"));
  expect(accepted).toEqual([]);

  accept();
  accept();
  clock.advance(HOLD_MS * 2);

  expect(accepted).toEqual(["a"]);
});

test("calls without results yet are accepted in time, in the order in which they came", () => {
  const clock = fakeClock();
  const accepted: string[] = [];
  const acceptances = createAcceptances(clock);
  acceptances.hold(() => accepted.push("a"));
  clock.advance(HOLD_MS - 1);
  acceptances.hold(() => accepted.push("b"));

  clock.advance(1);
  expect(accepted).toEqual(["a", "b"]);

  acceptances.hold(() => accepted.push("c"));
  clock.advance(HOLD_MS);
  expect(accepted).toEqual(["a", "b", "c"]);
});
