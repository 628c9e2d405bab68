import { parse } from "@bytecodealliance/jco";
import { expect, test } from "vitest";

import { revealState } from "../../../src/wire/core-state.ts";
import { type CoreInstances, createRewinder, type Rewinder } from "../../../src/workers/rewind.ts";

/** Counts in a global and in its memory, from where its start function left them. */
const COUNTER = `(module
  (memory 1 4)
  (global $count (mut i32) (i32.const 0))
  (global $scale (mut f64) (f64.const 0.5))
  (data (i32.const 100) "\\29")
  (start $begin)
  (func $begin (global.set $count (i32.const 6)))
  (func (export "next") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.set $scale (f64.mul (global.get $scale) (f64.const 2)))
    (i32.store8 (i32.const 100) (i32.add (i32.load8_u (i32.const 100)) (i32.const 1)))
    (i32.store (i32.const 60000) (i32.const -1))
    (i32.add
      (i32.mul (i32.load8_u (i32.const 100)) (i32.const 100))
      (i32.add (global.get $count) (i32.trunc_f64_s (global.get $scale)))))
  (func (export "peek") (result i32) (i32.load (i32.const 60000)))
  (func (export "grow") (drop (memory.grow (i32.const 1)))))`;

interface Counter {
  next(): number;
  peek(): number;
  grow(): void;
}

async function instances(wat: string, bytes?: Uint8Array): Promise<CoreInstances> {
  const module = new WebAssembly.Module(
    Uint8Array.from(bytes ?? revealState(await parse(wat)) ?? []),
  );
  return [{ module, instance: new WebAssembly.Instance(module) }];
}

async function watched(
  rewinder: Rewinder,
): Promise<{ readonly counter: Counter; readonly rewind: () => boolean }> {
  const cores = await instances(COUNTER);
  const rewind = rewinder.watch(cores);
  if (rewind === undefined) throw new Error("the counter cannot be set back");
  return { counter: cores[0]?.instance.exports as unknown as Counter, rewind };
}

test("an instance that was set back answers as it did at first, as often as one likes", async () => {
  const { counter, rewind } = await watched(createRewinder());
  const first = [counter.next(), counter.next()];

  for (let round = 0; round < 3; round++) {
    expect(rewind()).toBe(true);
    expect(counter.peek()).toBe(0);
    expect([counter.next(), counter.next()]).toEqual(first);
  }
});

test("a later instance is set back to the state in which the first one began", async () => {
  const rewinder = createRewinder();
  const one = await watched(rewinder);
  const first = one.counter.next();
  const other = await watched(rewinder);
  other.counter.next();

  expect(other.rewind()).toBe(true);
  expect(other.counter.next()).toBe(first);
});

test("an instance whose memory has grown cannot be set back", async () => {
  const { counter, rewind } = await watched(createRewinder());

  counter.grow();

  expect(rewind()).toBe(false);
});

test("instances of modules that do not show their state are not watched", async () => {
  const plain = await instances("", await parse(COUNTER));

  expect(createRewinder().watch(plain)).toBeUndefined();
  expect(createRewinder().watch([...(await instances(COUNTER)), ...plain])).toBeUndefined();
});

test.each([
  ["a number that is none", "(module (global (mut f32) (f32.const nan:0x200001)))"],
  ["a memory of more than 16 MiB", "(module (memory 257))"],
])("%s cannot be kept", async (_, wat) => {
  expect(createRewinder().watch(await instances(wat))).toBeUndefined();
});
