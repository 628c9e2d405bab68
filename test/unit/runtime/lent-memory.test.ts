import { expect, test } from "vitest";

import type { FuncType, World } from "../../../src/core/wit.ts";

import { borrowing, mayBorrow } from "../../../src/runtime/lent-memory.ts";
import { createMemories, type Lent } from "../../../src/workers/memories.ts";

const text = (value: string): readonly number[] => [
  value.length,
  ...new TextEncoder().encode(value),
];
const section = (id: number, ...content: readonly number[]): readonly number[] => [
  id,
  content.length,
  ...content,
];

/** A function without locals. */
const body = (...code: readonly number[]): readonly number[] => [code.length + 1, 0, ...code];

const TYPE = section(1, 2, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f);
/** Imports a function, so that there is an import section to add to. */
const IMPORT = section(2, 1, ...text("host"), ...text("f"), 0, 0);
const FUNCTIONS = section(3, 2, 0, 1);
const exported = (first: number): readonly number[] =>
  section(7, 3, ...text("memory"), 2, 0, ...text("first"), 0, first, ...text("grow"), 0, first + 1);
/** `first` reads the byte at 0 and adds one to it in memory; `grow` grows. */
const CODE = section(
  10,
  2,
  ...body(0x41, 0, 0x41, 0, 0x2d, 0, 0, 0x41, 1, 0x6a, 0x3a, 0, 0, 0x41, 0, 0x2d, 0, 0, 0x0b),
  ...body(0x20, 0, 0x40, 0, 0x0b),
);
const DATA = section(11, 1, 0, 0x41, 0, 0x0b, 1, 41);

function moduleOf(memory: readonly number[], withImport = false): Uint8Array<ArrayBuffer> {
  const parts = [[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], section(0, ...text("note")), TYPE];
  if (withImport) parts.push([...IMPORT]);
  parts.push([...FUNCTIONS], [...section(5, ...memory)], [...exported(withImport ? 1 : 0)]);
  parts.push([...CODE], [...DATA]);
  return Uint8Array.from(parts.flat());
}

const ONE_TO_FOUR_PAGES = [1, 1, 1, 4];

interface Guest {
  first(): number;
  grow(pages: number): number;
}

function lender(): { make: () => Guest & { lent: Lent[] }; giveBack: (lent: Lent[]) => void } {
  const { module, memory } = borrowing(moduleOf(ONE_TO_FOUR_PAGES, true));
  if (memory === undefined) throw new Error("the module does not borrow");
  const compiled = new WebAssembly.Module(module as Uint8Array<ArrayBuffer>);
  const memories = createMemories(new Map([[compiled, memory]]), 2);
  return {
    make() {
      const lent: Lent[] = [];
      const imports = memories.importsOf(compiled, { host: { f: () => 0 } }, (one) =>
        lent.push(one),
      );
      const { exports } = new WebAssembly.Instance(compiled, imports);
      return { ...(exports as unknown as Guest), lent };
    },
    giveBack: (lent) => memories.giveBack(lent),
  };
}

test.each([true, false])(
  "a lent memory works as an own one does, other imports or not: %s",
  (withImport) => {
    const { module, memory } = borrowing(moduleOf(ONE_TO_FOUR_PAGES, withImport));

    const compiled = new WebAssembly.Module(module as Uint8Array<ArrayBuffer>);

    expect(memory).toMatchObject({ initialPages: 1, maximumPages: 4 });
    expect(WebAssembly.Module.imports(compiled).at(-1)).toEqual({
      module: "inlay lends",
      name: "memory",
      kind: "memory",
    });
  },
);

test("an instance finds its memory as the module made it, whatever the one before did", () => {
  const { make, giveBack } = lender();
  const before = make();
  const seen = [before.first(), before.first()];
  new Uint8Array(before.lent[0]?.memory.buffer ?? new ArrayBuffer()).fill(9);
  giveBack(before.lent);

  const after = make();

  expect(seen).toEqual([42, 43]);
  expect(after.lent[0]?.memory).toBe(before.lent[0]?.memory);
  expect(after.first()).toBe(42);
  const { buffer } = after.lent[0]?.memory ?? { buffer: new ArrayBuffer() };
  expect(new Uint8Array(buffer).subarray(1).every((byte) => byte === 0)).toBe(true);
});

test("a memory that has grown is not lent again", () => {
  const { make, giveBack } = lender();
  const before = make();

  expect([before.grow(3), before.grow(1)]).toEqual([1, -1]);
  giveBack(before.lent);

  expect(make().lent[0]?.memory).not.toBe(before.lent[0]?.memory);
});

test.each([
  ["a large memory", [1, 1, 33, 64]],
  ["a memory without maximum", [1, 0, 1]],
  ["a shared memory", [1, 3, 1, 4]],
  ["two memories", [2, 1, 1, 4, 1, 1, 4]],
])("%s stays with its module", (_, limits) => {
  const module = moduleOf(limits);

  expect(borrowing(module)).toEqual({ module, memory: undefined });
});

test("components whose instances may go on after a call keep their memories", () => {
  const exporting = (name: string, type: FuncType): World => ({
    imports: new Map(),
    exports: new Map([["a:b/c", new Map([[name, type]])]]),
  });
  const plain: FuncType = { params: [], result: { kind: "string" } };

  expect(mayBorrow(exporting("f", plain))).toBe(true);
  expect(mayBorrow(exporting("f", { ...plain, async: true }))).toBe(false);
  expect(mayBorrow(exporting("[method]x.f", plain))).toBe(false);
  expect(mayBorrow(exporting("f", { params: [], result: { kind: "own", resource: "x" } }))).toBe(
    false,
  );
});
