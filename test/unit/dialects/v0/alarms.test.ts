/** Alarms of the gate and the watch, which see the same message: one each, in a log that a flood does not fill. */
import { expect, test } from "vitest";

import type { ForgeryAlarm } from "../../../../src/core/alarm.ts";
import type { LogEntry } from "../../../../src/core/log.ts";

import { createLog } from "../../../../src/core/log.ts";
import { createAlarms } from "../../../../src/dialects/v0/alarms.ts";
import { actor } from "../../../../src/dialects/v0/entity.ts";
import { fakeClock } from "../../../support/fake-clock.ts";

const alarm = (id: string) => ({
  check: "hash" as const,
  text: "invocation hash does not match",
  subject: "wasmbus.rpc.default.MA",
  invocation: {
    origin: actor("MO"),
    target: actor("MA"),
    operation: "A.B",
    msg: new Uint8Array(3),
    id,
    encoded_claims: "a.b.c",
    host_id: "NH",
    content_length: 3,
    traceContext: new Map<string, string>(),
  },
});

function open() {
  const clock = fakeClock();
  const [told, log]: [ForgeryAlarm[], LogEntry[]] = [[], []];
  const desk = createAlarms({
    clock,
    log: createLog(
      () => clock.now(),
      (entry) => log.push(entry),
    ),
    tell: (each) => told.push(each),
  });
  return { clock, told, log, desk };
}

test("what both have seen is told once, whoever was first", () => {
  const { told, desk } = open();
  desk.raise("gate", alarm("1"));
  desk.raise("watch", alarm("1"));
  desk.raise("watch", alarm("2"));
  desk.raise("gate", alarm("2"));
  expect(told).toHaveLength(2);
});

test("the same message three times is told three times", () => {
  const { told, desk } = open();
  for (let each = 0; each < 3; each++) desk.raise("watch", alarm("1"));
  for (let each = 0; each < 3; each++) desk.raise("gate", alarm("1"));
  expect(told).toHaveLength(3);
  desk.raise("gate", alarm("1"));
  expect(told).toHaveLength(4);
});

test("both still see it as one across the turn of what is remembered", () => {
  const { clock, told, desk } = open();
  clock.advance(9_999);
  desk.raise("gate", alarm("1"));
  clock.advance(500);
  desk.raise("watch", alarm("2"));
  desk.raise("watch", alarm("1"));
  expect(told).toHaveLength(2);
});

test("of a flood ten lines a second are written, and then how many there were", () => {
  const { clock, told, log, desk } = open();
  for (let each = 0; each < 20_000; each++) desk.raise("watch", alarm(String(each)));
  clock.advance(1000);
  desk.raise("watch", alarm("after"));
  expect(told).toHaveLength(20_001);
  expect(log.map(({ event }) => event)).toEqual([
    ...Array.from({ length: 10 }, () => "invocation.forged"),
    "invocation.forged.more",
    "invocation.forged",
  ]);
  expect(log[10]?.fields).toEqual({ count: 19_990 });
});
