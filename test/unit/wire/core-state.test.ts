import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "@bytecodealliance/jco";
import { generate } from "@bytecodealliance/jco/component";
import { describe, expect, test } from "vitest";

import { revealState, STATE } from "../../../src/wire/core-state.ts";
import { fixture } from "../../support/fixtures.ts";

async function revealed(wat: string): Promise<WebAssembly.Module | undefined> {
  const module = revealState(await parse(wat));
  return module && new WebAssembly.Module(Uint8Array.from(module));
}

function added(module: WebAssembly.Module | undefined): readonly string[] | undefined {
  return (
    module &&
    WebAssembly.Module.exports(module)
      .filter(({ name }) => name.startsWith(STATE))
      .map(({ kind }) => kind)
  );
}

test("memories and what may change of the globals become exports, beside those there were", async () => {
  const module = await revealed(`(module
    (import "host" "limit" (global i32))
    (import "host" "f" (func))
    (memory 1)
    (global $fixed i32 (i32.const 7))
    (global $count (mut i64) (i64.const 40))
    (func (export "next") (result i64)
      (global.set $count (i64.add (global.get $count) (i64.const 1)))
      (global.get $count)))`);

  expect(added(module)).toEqual(["memory", "global"]);
  if (module === undefined) throw new Error("not revealed");
  const { exports } = new WebAssembly.Instance(module, { host: { limit: 3, f: () => undefined } });
  const next = exports["next"] as () => bigint;
  next();
  next();
  expect((exports[`${STATE}1`] as WebAssembly.Global).value).toBe(42n);
});

test("a module without exports and without state is marked as one that shows all of it", async () => {
  const module = await revealed("(module (func))");

  expect(added(module)).toEqual([]);
  expect(module && WebAssembly.Module.customSections(module, STATE)).toHaveLength(1);
});

describe("a module keeps its state to itself", () => {
  test.each([
    ["sets an entry of a table", `(func (table.set (i32.const 0) (ref.null func)))`],
    ["lets a table grow", `(func (drop (table.grow (ref.null func) (i32.const 1))))`],
    ["fills a table", `(func (table.fill (i32.const 0) (ref.null func) (i32.const 1)))`],
    ["copies within a table", `(func (table.copy (i32.const 0) (i32.const 1) (i32.const 1)))`],
    [
      "writes a segment into a table",
      `(elem $e func 0) (func (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)))`,
    ],
    ["drops a segment of a table", `(elem $e func 0) (func (elem.drop $e))`],
    ["drops a segment of a memory", `(data $d "x") (func (data.drop $d))`],
    ["keeps a reference in a global", `(global (mut externref) (ref.null extern))`],
    ["keeps a vector in a global", `(global (mut v128) (v128.const i64x2 0 0))`],
    [
      "keeps a typed reference in a global",
      `(type $s (func)) (global (mut (ref null $s)) (ref.null $s))`,
    ],
    ["keeps a typed reference to any function", `(global (mut (ref null func)) (ref.null func))`],
    [
      "imports a typed reference before other things",
      `(type $s (func)) (import "m" "r" (global (ref null $s))) (global (mut i32) (i32.const 0))`,
    ],
    ["throws exceptions", `(tag $t) (func (throw $t))`],
    ["uses atomics", `(func (drop (i32.atomic.load (i32.const 0))))`],
    ["allocates objects", `(type $s (struct)) (func (drop (struct.new $s)))`],
  ])("that %s", async (_, fields) => {
    const module = await parse(`(module ${fields} (table 4 funcref) (memory 1) (func))`);

    expect(revealState(module)).toBeUndefined();
  });

  test.each([
    ["is cut off", (bytes: Uint8Array) => bytes.subarray(0, -3)],
    ["is none", () => new TextEncoder().encode("<!doctype html>")],
  ])("that %s", async (_, damage) => {
    expect(revealState(damage(await parse("(module (func) (memory 1))")))).toBeUndefined();
  });

  test("whose memory is shared", async () => {
    expect(revealState(await parse("(module (memory 1 1 shared))"))).toBeUndefined();
  });

  test("that has such names already", async () => {
    const module = await parse(`(module (memory (export "${STATE}0") 1))`);

    expect(revealState(module)).toBeUndefined();
  });
});

test("instructions of all shapes are walked over", async () => {
  const module = await revealed(`(module
    (type $t (func (result i32)))
    (table 2 funcref) (elem (i32.const 0) $one $one)
    (memory 1) (data $d "abc")
    (func $one (result i32) (i32.const -1))
    (func (param i32 i64 f32 f64 v128 funcref externref) (result i32)
      (local i32 i32)
      (block (result i32)
        (loop (br_if 0 (i32.const 0)))
        (br_table 0 0 0 (i32.const 7) (i32.const 0)))
      (if (then (nop)) (else (unreachable)))
      (drop (call_indirect (type $t) (i32.const 1)))
      (drop (select (result i64) (i64.const -9223372036854775808) (i64.const 1) (i32.const 0)))
      (drop (f32.const 1.5)) (drop (f64.const -0.25))
      (drop (ref.null func)) (drop (ref.is_null (ref.func $one)))
      (drop (table.get (i32.const 0))) (drop (table.size))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
      (memory.copy (i32.const 8) (i32.const 0) (i32.const 3))
      (memory.fill (i32.const 16) (i32.const 1) (i32.const 4))
      (i64.store32 offset=300 align=2 (i32.const 0) (i64.extend_i32_s (memory.grow (i32.const 0))))
      (drop (i32.trunc_sat_f64_u (f64.const 1)))
      (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 4) (v128.load (i32.const 0))))
      (drop (i8x16.extract_lane_s 3 (v128.load8_lane 2 (i32.const 0) (v128.const i64x2 1 2))))
      (drop (v128.load32_zero (i32.const 0)))
      (drop (f64x2.promote_low_f32x4 (local.get 4)))
      (return_call $one))
    (export "one" (func $one)))`);

  expect(added(module)).toEqual(["memory"]);
});

async function coresOf(name: string): Promise<readonly Uint8Array[]> {
  const { files } = await generate(fixture(name), {
    name: "component",
    instantiation: { tag: "async" },
    noNodejsCompat: true,
    noTypescript: true,
  });
  return files.flatMap(([file, bytes]) => (file.endsWith(".wasm") ? [bytes] : []));
}

test("a table that grows cannot be set back, so its module shows nothing", async () => {
  const shown = (await coresOf("hoarder")).map((core) => revealState(core) !== undefined);
  expect(shown).toContain(false);
});

test.each(
  readdirSync(resolve(import.meta.dirname, "../../fixtures/components"))
    .filter((file) => file.endsWith(".wasm"))
    .map((file) => file.replace(".wasm", ""))
    .filter((name) => !/^(core-module|hoarder|actor-)/.test(name)),
)("the core modules of %s show their state and are as valid as before", async (name) => {
  const cores = await coresOf(name);

  expect(cores.length).toBeGreaterThan(0);
  for (const core of cores) {
    const shown = revealState(core);
    expect(shown).toBeDefined();
    // Some use more than this Node knows; those it cannot judge either way.
    const valid = (bytes: Uint8Array): boolean => WebAssembly.validate(Uint8Array.from(bytes));
    expect(shown && valid(shown)).toBe(valid(core));
  }
});
