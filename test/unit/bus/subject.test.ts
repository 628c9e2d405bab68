import { expect, test } from "vitest";
import { checkPattern, subjectMatches } from "../../../src/bus/subject.ts";
import { withCode } from "../../contract/bus.ts";

test.each([
  ["a.b", "a.b", true],
  ["a.b", "a.c", false],
  ["a.b", "a.b.c", false],
  ["a.b.c", "a.b", false],
  ["*", "a", true],
  ["*", "a.b", false],
  ["a.*.c", "a.b.c", true],
  ["a.*", "a", false],
  [">", "a.b.c", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  ["a.*.>", "a.b", false],
  ["a.b*", "a.bc", false],
])("%s takes %s: %s", (pattern, subject, takes) => {
  expect(subjectMatches(pattern, subject)).toBe(takes);
});

test.each(["", "a..b", ".a", "a.", "a.>.b", "a b", "a\tb"])("refuses the pattern %j", (pattern) => {
  expect(() => checkPattern(pattern)).toThrow(withCode("bad-input"));
});

test("refuses a queue group with a blank", () => {
  expect(() => checkPattern("fine", "two words")).toThrow(withCode("bad-input"));
  expect(() => checkPattern("fine", "default.hello")).not.toThrow();
});
