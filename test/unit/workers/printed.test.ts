import { expect, test } from "vitest";

import type { GuestLine } from "../../../src/channels/component.ts";

import { createLineLimiter, createLineSplitter } from "../../../src/workers/printed.ts";

const encoder = new TextEncoder();

test("lines come out whole, however they were written", () => {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  const bytes = encoder.encode("grüße\r\n\nzwei\nre");

  for (const byte of bytes) splitter.write(Uint8Array.of(byte));
  expect(lines).toEqual(["grüße", "", "zwei"]);
  splitter.flush();

  expect(lines).toEqual(["grüße", "", "zwei", "re"]);
});

test("a line without end is cut", () => {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));

  splitter.write(encoder.encode("x".repeat(10_000)));
  splitter.flush();

  expect(lines.map(({ length }) => length)).toEqual([4096, 4096, 1808]);
});

test("too many lines are counted instead of sent", () => {
  const sent: GuestLine[] = [];
  let now = 0;
  const print = createLineLimiter(
    () => now,
    (line) => sent.push(line),
  );

  for (let n = 0; n < 150; n++) print("stdout", `line ${n}`);
  now = 1000;
  print("stderr", "later");

  expect(sent).toHaveLength(101);
  expect(sent.at(-1)).toEqual({ stream: "stderr", text: "later", dropped: 50 });
});
