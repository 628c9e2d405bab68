import fc from "fast-check";
import { expect, test } from "vitest";

import type { Outcome } from "../../../src/channels/shared-answer.ts";

import {
  awaitAnswer,
  createAnswerWriter,
  createSharedAnswer,
  decodeOutcome,
  encodeOutcome,
  isBlocked,
} from "../../../src/channels/shared-answer.ts";

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "grapheme" }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(undefined),
    fc.constant(null),
    fc.uint8Array(),
    fc.float32Array(),
    fc.bigUint64Array(),
    fc.array(tie("value")),
    fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9]*$/), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

test("every value comes back as it was", () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decodeOutcome(encodeOutcome({ tag: "done", value }))).toEqual({ tag: "done", value });
    }),
  );
});

test("an error comes back with code and message", () => {
  const outcome: Outcome = { tag: "failed", code: "denied", message: "nein – „doch“" };

  expect(decodeOutcome(encodeOutcome(outcome))).toEqual(outcome);
});

test("an answer larger than the shared buffer comes in parts", () => {
  const shared = createSharedAnswer(64);
  const writer = createAnswerWriter(shared);
  const value = new Uint8Array(1000).map((_, index) => index);
  const blocked: boolean[] = [];
  let parts = 1;

  // One thread plays both sides: it writes before it waits.
  const outcome = awaitAnswer(
    shared,
    () => {
      blocked.push(isBlocked(shared));
      writer.write({ tag: "done", value });
    },
    () => {
      parts++;
      writer.next();
    },
  );

  expect(outcome).toEqual({ tag: "done", value });
  expect(parts).toBeGreaterThan(15);
  expect([...blocked, isBlocked(shared)]).toEqual([true, false]);
});
