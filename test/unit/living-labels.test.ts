import { expect, test } from "vitest";

import { createSettled } from "../../src/living-labels.ts";
import { batteryWord } from "../../src/page-signals.ts";
import { fakeClock } from "../support/fake-clock.ts";

function stage() {
  const clock = fakeClock();
  const told: string[] = [];
  const ended = new AbortController();
  const settled = createSettled(clock, ended.signal);
  const tell = (key: string, value: string): Promise<void> => {
    told.push(`${key}=${value}`);
    return Promise.resolve();
  };
  return { clock, told, ended, settled, tell };
}

test("what a node was joined with is not told again", () => {
  const { clock, told, settled, tell } = stage();
  settled.put("inlay.network", "4g");

  const labels = settled.labels();
  settled.follow(tell);
  clock.advance(120_000);

  expect(labels).toEqual({ "inlay.network": "4g" });
  expect(told).toEqual([]);
});

test("what changes while a node joins is told when it has joined", () => {
  const { clock, told, settled, tell } = stage();
  settled.put("inlay.visibility", "visible");
  settled.labels();
  settled.put("inlay.visibility", "hidden");

  settled.follow(tell);
  clock.advance(500);

  expect(told).toEqual(["inlay.visibility=hidden"]);
});

test("bad news goes out within half a second, good news when it has lasted five", () => {
  const { clock, told, settled, tell } = stage();
  settled.follow(tell);
  settled.put("inlay.visibility", "hidden");
  clock.advance(500);
  settled.put("inlay.visibility", "visible");

  clock.advance(4_999);
  const early = [...told];
  clock.advance(1);

  expect(early).toEqual(["inlay.visibility=hidden"]);
  expect(told).toEqual(["inlay.visibility=hidden", "inlay.visibility=visible"]);
});

test("what is over before it was told is never told", () => {
  const { clock, told, settled, tell } = stage();
  settled.put("inlay.visibility", "visible");
  settled.labels();
  settled.follow(tell);

  settled.put("inlay.visibility", "hidden");
  clock.advance(400);
  settled.put("inlay.visibility", "visible");
  clock.advance(120_000);

  expect(told).toEqual([]);
});

test("a label that does not come to rest is told a few times a minute", () => {
  const { clock, told, settled, tell } = stage();
  settled.follow(tell);

  for (let second = 0; second < 600; second += 10) {
    settled.put("inlay.visibility", second % 20 === 0 ? "hidden" : "visible");
    clock.advance(10_000);
  }

  expect(told.length).toBeLessThan(16); // of 60 changes in ten minutes
  expect(told.at(0)).toBe("inlay.visibility=hidden");
});

test("nothing is told once the node has left", () => {
  const { clock, told, ended, settled, tell } = stage();
  settled.follow(tell);
  settled.put("inlay.network", "offline");

  ended.abort();
  clock.advance(120_000);

  expect(told).toEqual([]);
});

test.each([
  { charging: true, level: 0.05, before: undefined, word: "charging" },
  { charging: false, level: 0.2, before: "ok", word: "low" },
  { charging: false, level: 0.22, before: "low", word: "low" },
  { charging: false, level: 0.22, before: "ok", word: "ok" },
  { charging: false, level: 0.26, before: "low", word: "ok" },
])("a battery at $level (charging: $charging) after $before is $word", (sample) => {
  const { before, word, ...battery } = sample;

  expect(batteryWord(battery, before)).toBe(word);
});
