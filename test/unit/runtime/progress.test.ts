import { expect, test } from "vitest";

import type { LoadProgress } from "../../../src/core/workload.ts";

import { forward } from "../../../src/runtime/progress.ts";

function heardOf(given: readonly LoadProgress[]): readonly LoadProgress[] {
  const heard: LoadProgress[] = [];
  const tell = forward((progress) => heard.push(progress));
  for (const progress of given) tell(progress);
  return heard;
}

test("each step is told once, and bytes as they grow", () => {
  const given: readonly LoadProgress[] = [
    { stage: "resolve" },
    { stage: "fetch", bytes: 0 },
    { stage: "fetch", bytes: 0, totalBytes: 30 },
    { stage: "fetch", bytes: 10, totalBytes: 30 },
    { stage: "fetch", bytes: 30, totalBytes: 30 },
    { stage: "verify" },
    { stage: "compile" },
    { stage: "subscribe" },
  ];

  expect(heardOf(given)).toEqual(given);
  expect(heardOf(given.flatMap((each) => [each, each]))).toEqual(given);
});

test("what is tried again, or looked for elsewhere, goes on where it was", () => {
  const heard = heardOf([
    { stage: "resolve" },
    { stage: "fetch", bytes: 0, totalBytes: 30 },
    { stage: "fetch", bytes: 20, totalBytes: 30 },
    { stage: "fetch", bytes: 0, totalBytes: 30 },
    { stage: "fetch", bytes: 10, totalBytes: 30 },
    { stage: "resolve" },
    { stage: "fetch", bytes: 25, totalBytes: 30 },
  ]);

  expect(heard.map(({ stage, bytes }) => [stage, bytes])).toEqual([
    ["resolve", undefined],
    ["fetch", 0],
    ["fetch", 20],
    ["fetch", 25],
  ]);
});

test("there are never more bytes than in all", () => {
  expect(heardOf([{ stage: "fetch", bytes: 40, totalBytes: 30 }])).toEqual([
    { stage: "fetch", bytes: 30, totalBytes: 30 },
  ]);
});
