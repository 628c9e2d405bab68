import { expect, test } from "vitest";
import type { SetMemberView, WorkloadSetView } from "../../../src/core/node-state.ts";

import { callsUnderWay } from "../../../src/page/state/calls.ts";
import { countWords, memberWord, metBy, workloadWord } from "../../../src/page/state/workloads.ts";
import { operated } from "../../support/sample-states.ts";

const [shop] = operated.workloadSets;
const member = (changes: Partial<SetMemberView>): SetMemberView => {
  const [first] = shop?.members ?? [];
  if (first === undefined) throw new Error("the sample has no member");
  return { ...first, ...changes };
};

test.each<[WorkloadSetView["phase"], string, string]>([
  ["starting", "Starting", "starting"],
  ["running", "Running", "running"],
  ["completed", "Completed", "off"],
  ["stopping", "Stopping", "stopping"],
  ["failed", "Failed", "failed"],
])("a workload that is %s is %s", (phase, word, look) => {
  expect(workloadWord({ phase })).toEqual({ word, look });
});

test.each<[Partial<SetMemberView>, string, string]>([
  [{}, "component", "running"],
  [{ accepting: false }, "line full", "full"],
  [{ role: "service", accepting: false }, "service", "running"],
  [{ state: { phase: "failed", error: "no" } }, "failed", "failed"],
  [{ state: { phase: "stopping" } }, "stopping", "stopping"],
  [{ state: { phase: "starting", progress: { stage: "fetch" } } }, "starting", "starting"],
])("a component of one with %j is %s", (changes, word, look) => {
  expect(memberWord(member(changes))).toEqual({ word, look });
});

test("workloads are counted, and what meets an import is named", () => {
  expect(countWords(operated.workloadSets)).toBe("1 of 2 running");
  expect(metBy(member({}))).toEqual([
    { instance: "example:shop/cart@1.0.0", by: "component cart" },
    { instance: "wasi:http/outgoing-handler@0.2.2", by: "wasi-http" },
  ]);
});

test("calls of workloads are waited for, and services are not", () => {
  expect(callsUnderWay({ ...operated, providers: [] })).toBe(3);
});
