import { expect, test } from "vitest";
import { checkPattern, checkSubject, subjectMatches } from "../../../src/bus/subject.ts";
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

test("refuses what a server would cut the connection for, reply and queue group included", () => {
  const half = "a".repeat(2000);

  expect(() => checkSubject("a".repeat(4000))).not.toThrow();
  expect(() => checkSubject("a".repeat(4001))).toThrow(withCode("bad-input"));
  expect(() => checkSubject("é".repeat(2001))).toThrow(/has 4002 bytes.*4000 at most/);
  expect(() => checkSubject(half, `${half}b`)).toThrow(withCode("bad-input"));
  expect(() => checkPattern(half, half)).not.toThrow();
  expect(() => checkPattern(half, `${half}b`)).toThrow(withCode("bad-input"));
});

test("refuses a queue group with a blank", () => {
  expect(() => checkPattern("fine", "two words")).toThrow(withCode("bad-input"));
  expect(() => checkPattern("fine", "default.hello")).not.toThrow();
});
