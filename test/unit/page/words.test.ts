import { expect, test } from "vitest";

import { adviceFor, plainSentence, sentence } from "../../../src/page/state/advice.ts";
import { announcement } from "../../../src/page/state/announcement.ts";
import { callsUnderWay, leavingWords } from "../../../src/page/state/calls.ts";
import { documentState } from "../../../src/page/state/document-state.ts";
import { factsWords } from "../../../src/page/state/facts.ts";
import { count, duration, onScale, rate, short, size } from "../../../src/page/state/figures.ts";
import { idFor } from "../../../src/page/state/references.ts";
import * as samples from "../../support/sample-states.ts";

test("figures keep three digits and their unit", () => {
  expect([0.423, 12.34, 431.2, 2400, 185_000].map(duration)).toEqual([
    "0.42 ms",
    "12.3 ms",
    "431 ms",
    "2.40 s",
    "3 min 05 s",
  ]);
  expect([812, 63_284, 1_482_113].map(size)).toEqual(["812 B", "61.8 KiB", "1.4 MiB"]);
  expect([0, 999, 12_408, 1_204_113].map(count)).toEqual([
    "0",
    "999",
    "12\u2009408",
    "1\u2009204\u2009113",
  ]);
  expect([0, 0.4, 47.6, 5120].map(rate)).toEqual(["0", "0.4", "48", "5\u2009120"]);
  expect(short("3f9ac41e02d7b85566aa", 7, 4)).toBe("3f9ac41…66aa");
});

test("bars stand on one scale from a tenth of a millisecond to ten seconds", () => {
  expect(onScale(0.01)).toBe(0.02);
  expect(onScale(1)).toBeCloseTo(0.2);
  expect(onScale(10_000)).toBe(1);
  expect(onScale(60_000)).toBe(1);
});

test.each([
  { reference: "https://h.example/demo/hello.wasm#sha256=ab", id: "hello" },
  { reference: "ghcr.io/org/http-hello:0.1.0", id: "http-hello" },
  { reference: "ghcr.io/org/thing@sha256:abcd", id: "thing" },
  { reference: "My component (2).wasm", id: "My-component-2" },
  { reference: "", id: "component" },
])("$reference suggests the id $id", ({ reference, id }) => {
  expect(idFor(reference)).toBe(id);
});

test("what the lattice keeps is told in words", () => {
  const { facts, sharing } = samples.joined;
  const words = [
    factsWords({ facts, sharing }),
    factsWords({ facts, sharing: true }),
    factsWords({ facts: { phase: "reading" }, sharing }),
    factsWords({ facts: { phase: "stale" }, sharing }),
    factsWords({ facts: { phase: "absent", reason: "this server has no JetStream" }, sharing }),
  ];

  expect(words).toEqual([
    "followed",
    "followed; this tab answers for the lattice",
    "being read",
    "as they were before the connection was lost",
    "none: this server has no JetStream",
  ]);
});

test("a node that leaves says how many calls it waits for, those in line and of providers included", () => {
  const [hello] = samples.working.workloads;
  const [provider] = samples.flooded.providers;
  if (hello === undefined || provider === undefined) throw new Error("the sample has none");
  const words = [
    { running: 0, waiting: 0, asked: 0 },
    { running: 1, waiting: 0, asked: 0 },
    { running: 2, waiting: 1, asked: 4 },
  ].map(({ running, waiting, asked }) =>
    leavingWords({
      ...samples.leaving,
      workloads: [{ ...hello, running, waiting }],
      providers: [{ ...provider, running: asked }],
    }),
  );

  expect(words).toEqual([
    "No call runs any more",
    "1 call is still running",
    "7 calls are still running",
  ]);
});

test("every failure has a title and something to do", () => {
  for (const code of ["insecure-context", "no-servers", "denied", "internal"] as const) {
    const advice = adviceFor(code);

    expect(advice.title).not.toBe("");
    expect(advice.steps.length).toBeGreaterThan(0);
  }
  expect(adviceFor("insecure-context").steps.join(" ")).toContain("https");
});

test("errors become sentences, and addresses keep their spelling", () => {
  expect(sentence("none of them answered")).toBe("None of them answered.");
  expect(sentence("https://x answered 404.")).toBe("https://x answered 404.");
  expect(plainSentence("image-unavailable", "https://x answered 404")).toBe(
    "The component could not be fetched. https://x answered 404.",
  );
});

test("the document says phase, error code and host id", () => {
  expect(documentState(samples.joined)).toEqual({
    nodeState: "joined",
    nodeError: undefined,
    hostId: samples.joined.hostId,
  });
  expect(documentState(samples.denied)).toMatchObject({ nodeState: "failed", nodeError: "denied" });
});

test("a screen reader hears of phases and components, not of calls", () => {
  const busier = { ...samples.working, totals: { answered: 99_999, failed: 0, refused: 0 } };

  expect(announcement(samples.connecting, samples.joined)).toBe(
    "Joined lattice default as brisk-otter-4127.",
  );
  expect(announcement(samples.joined, samples.startFailed)).toBe("hello did not start.");
  expect(announcement(samples.working, { ...samples.working, workloads: [] })).toBe(
    "hello stopped. orders stopped. resize stopped.",
  );
  expect(announcement(samples.joined, samples.noServers)).toBe("No server answered.");
  expect(announcement(samples.working, samples.leaving)).toBe(
    `Leaving lattice default. ${callsUnderWay(samples.working)} calls are still running.`,
  );
  expect(announcement(samples.working, busier)).toBe("");
});
