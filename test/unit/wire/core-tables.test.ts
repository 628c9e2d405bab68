import { parse } from "@bytecodealliance/jco";
import { expect, test } from "vitest";

import { limitTables } from "../../../src/wire/core-tables.ts";
import { withCode } from "../../contract/bus.ts";

/** What a guest reaches that grows its table by `step` for as long as it can. */
async function reach(module: Uint8Array, step: number): Promise<number> {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module));
  const { grow, size } = instance.exports;
  if (typeof grow !== "function" || typeof size !== "function") throw new Error("no such exports");
  for (let i = 0; i < 10_000; i++) if (grow(step) === -1) break;
  return Number(size());
}
const growing = (table: string): Promise<Uint8Array> =>
  parse(`(module ${table}
    (func (export "grow") (param i32) (result i32)
      (table.grow $t (ref.null func) (local.get 0)))
    (func (export "size") (result i32) (table.size $t)))`);

test("a table grows to a million elements and no further", async () => {
  const module = await growing("(table $t 10 funcref)");

  const [limited = module] = limitTables([module]);

  expect(await reach(limited, 999)).toBeGreaterThan(999_000);
  expect(await reach(limited, 1_000)).toBeLessThanOrEqual(1_000_000);
});

test("a lower maximum stays, and the module as it is; a higher one is lost", async () => {
  const [low, high] = [
    await growing("(table $t 1 30 funcref)"),
    await growing("(table $t 1 9000000 funcref)"),
  ];

  const [same, lower = high] = [limitTables([low])[0], limitTables([high])[0]];

  expect(same).toBe(low);
  expect(await reach(lower, 100_000)).toBeLessThanOrEqual(1_000_000);
});

test("several tables, and instances of one module, share what there is", async () => {
  const one = await growing("(table $t 1 funcref) (table 4 externref)");

  const [limited = one] = limitTables([one], [5]);

  expect(await reach(limited, 1_000)).toBeLessThanOrEqual(100_000);
  expect(await reach(limited, 1_000)).toBeGreaterThan(98_000);
});

test("more from the start than may be is refused, and so is a damaged section", async () => {
  const large = await growing("(table $t 600000 funcref)");
  const wide = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 4, 4, 1, 0x70, 4, 1);

  expect(limitTables([large])).toHaveLength(1);
  expect(() => limitTables([large], [2])).toThrow(
    "the component needs tables of 1200000 elements to start, and is allowed 1000000",
  );
  expect(() => limitTables([wide])).toThrow(withCode("unsupported"));
  expect(() => limitTables([wide.with(12, 9)])).toThrow(withCode("bad-image"));
});

test("a module without tables, and one whose tables are imported, stay as they are", async () => {
  const modules = [
    await parse("(module)"),
    await parse('(module (import "a" "b" (table 1 funcref)))'),
  ];

  expect(limitTables(modules)).toEqual(modules);
});
