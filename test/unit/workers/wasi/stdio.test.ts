/** Standard input and output of an operation, where they meet their bounds. */
import { expect, test } from "vitest";

import { createStdio, type Stdio } from "../../../../src/workers/wasi/stdio.ts";
import { fakeStreams, runningLife } from "../../../support/fake-streams.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

function open(maxBytes: number): Stdio {
  const { streams } = fakeStreams("jspi");
  return createStdio({ life: runningLife(), streams, breathe: () => undefined }, maxBytes);
}

test("an argument is read in pieces to its end, a result is all that was written", () => {
  const stdio = open(100);
  stdio.begin(["main.wasm", "Test.Do"], utf8("abcde"));

  expect([stdio.read(2), stdio.read(2), stdio.read(2), stdio.read(2)].map(text)).toEqual([
    "ab",
    "cd",
    "e",
    undefined,
  ]);
  expect([stdio.write(utf8("one ")), stdio.write(utf8("two"))]).toEqual([true, true]);
  expect(stdio.arguments).toEqual(["main.wasm", "Test.Do"]);
  expect(text(stdio.end())).toBe("one two");
});

test("between operations there is nothing to read, and nobody takes what is written", () => {
  const stdio = open(100);
  expect([stdio.read(1), stdio.write(utf8("x")), stdio.arguments]).toEqual([undefined, false, []]);
  stdio.begin(["main.wasm"], utf8("rest"));
  stdio.end();
  expect([stdio.read(1), stdio.write(utf8("x")), stdio.arguments]).toEqual([undefined, false, []]);
  stdio.begin([], utf8(""));
  expect(text(stdio.end())).toBe("");
});

test("a result that is too long ends the call", () => {
  const stdio = open(8);
  stdio.begin([], utf8(""));
  stdio.write(utf8("12345678"));
  expect(() => stdio.write(utf8("9"))).toThrow("it wrote more than 8 bytes to its output");
});
