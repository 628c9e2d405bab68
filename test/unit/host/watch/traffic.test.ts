import { expect, test } from "vitest";

import type { CallRecord } from "../../../../src/core/event.ts";

import { createTraffic } from "../../../../src/host/watch/traffic.ts";
import { entityId } from "../../../../src/core/ids.ts";
import { call } from "../../../support/sample-states.ts";

const between = (
  source: string | undefined,
  target: string,
  outcome: CallRecord["outcome"] = "ok",
) =>
  call(0, {
    source: source === undefined ? undefined : entityId(source),
    target: entityId(target),
    outcome,
  });

test("rates are of the last five whole seconds, by who called whom, the busiest first", () => {
  const traffic = createTraffic();
  for (let index = 0; index < 10; index++) traffic.add(between("a", "b"), 100 + index);
  for (let index = 0; index < 20; index++) {
    traffic.add(between(undefined, "b", index < 5 ? "failed" : "ok"), 1_100);
  }

  const during = traffic.rates(900);
  const after = traffic.rates(2_000);
  const later = traffic.rates(5_900);
  const last = traffic.rates(6_000);

  expect(during).toEqual([]);
  expect(after).toEqual([
    { source: undefined, target: "b", perSecond: 4, failedPerSecond: 1 },
    { source: "a", target: "b", perSecond: 2, failedPerSecond: 0 },
  ]);
  expect(later).toEqual(after);
  expect(last).toEqual([{ source: undefined, target: "b", perSecond: 4, failedPerSecond: 1 }]);
  expect(traffic.rates(7_000)).toEqual([]);
});

test("a peer that calls as thousands of sources is not remembered as that many", () => {
  const traffic = createTraffic();

  for (let index = 0; index < 5_000; index++) traffic.add(between(`s${index}`, "b"), 0);

  expect(traffic.rates(1_000)).toHaveLength(500);
  expect(traffic.rates(60_000)).toEqual([]);
});
