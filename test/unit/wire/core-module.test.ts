import { parse } from "@bytecodealliance/jco";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatticeError } from "../../../src/core/error.ts";
import { limitMemories } from "../../../src/wire/core-module.ts";
import { fixture } from "../../support/fixtures.ts";

const PAGE = 65_536;

/** How far the memory called `name` can be grown, in pages. */
async function reach(module: Uint8Array, name = "memory"): Promise<number> {
  const { exports } = await instantiate(module);
  const memory = exports[name];
  if (!(memory instanceof WebAssembly.Memory)) throw new Error(`${name} is no memory`);
  for (;;) {
    try {
      memory.grow(1);
    } catch {
      return memory.buffer.byteLength / PAGE;
    }
  }
}

async function instantiate(module: Uint8Array): Promise<WebAssembly.Instance> {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module));
  return instance;
}

function refusal(modules: readonly Uint8Array[], maxBytes: number): LatticeError | undefined {
  try {
    limitMemories(modules, maxBytes);
    return undefined;
  } catch (error) {
    if (error instanceof LatticeError) return error;
    throw error;
  }
}

describe("one memory", () => {
  test("grows to its limit and no further", async () => {
    const module = await parse(`(module (memory (export "memory") 2))`);

    const [limited = module] = limitMemories([module], 5 * PAGE + 100);

    expect(await reach(limited)).toBe(5);
  });

  test("keeps a lower maximum of its own, and the module as it is", async () => {
    const module = await parse(`(module (memory (export "memory") 1 3))`);

    const [limited] = limitMemories([module], 100 * PAGE);

    expect(limited).toBe(module);
  });

  test("loses a higher maximum", async () => {
    const module = await parse(`(module (memory (export "memory") 1 300))`);

    const [limited = module] = limitMemories([module], 200 * PAGE);

    expect(await reach(limited)).toBe(200);
  });

  test("that needs all there is cannot grow", async () => {
    const module = await parse(`(module (memory (export "memory") 4))`);

    const [limited = module] = limitMemories([module], 4 * PAGE);

    expect(await reach(limited)).toBe(4);
  });

  test("has a maximum even where 4 GiB are allowed", async () => {
    const module = await parse(`(module (memory (export "memory") 1))`);

    const [limited] = limitMemories([module], 2 ** 40);

    expect(limited).toEqual(await parse(`(module (memory (export "memory") 1 65536))`));
  });

  test("stays shared", async () => {
    const module = await parse(`(module (memory (export "memory") 1 1000 shared))`);

    const [limited] = limitMemories([module], 10 * PAGE);

    expect(limited).toEqual(await parse(`(module (memory (export "memory") 1 10 shared))`));
  });

  test("changes nothing else in the module", async () => {
    const text = (memory: string): string => `(module
      (import "" "f" (func))
      (table 1 funcref)
      ${memory}
      (global (mut i32) (i32.const 7))
      (export "memory" (memory 0))
      (start 0)
      (elem (i32.const 0) 0)
      (data (i32.const 0) "text")
      (@custom "note" "\\05\\00"))`;
    const module = await parse(text("(memory 1)"));

    const [limited] = limitMemories([module], 16_000 * PAGE);

    expect(limited).toEqual(await parse(text("(memory 1 16000)")));
  });

  test("of a module that still runs", async () => {
    const module = await parse(`(module
      (memory 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);

    const [limited = module] = limitMemories([module], 3 * PAGE);

    const { exports } = await instantiate(limited);
    const grow = exports["grow"];
    if (typeof grow !== "function") throw new Error("grow is no function");
    expect([grow(1), grow(2), grow(1), grow(1)]).toEqual([1, -1, 2, -1]);
  });
});

describe("several memories", () => {
  test("share what their minima leave", async () => {
    const modules = await Promise.all([
      parse(`(module (memory (export "memory") 1))`),
      parse(`(module (memory (export "memory") 4))`),
    ]);

    const limited = limitMemories(modules, 10 * PAGE);

    expect(await Promise.all(limited.map((module) => reach(module)))).toEqual([3, 6]);
  });

  test("of one module share as well", async () => {
    const module = await parse(`(module (memory 1) (memory 2 3) (memory 3))`);

    const [limited] = limitMemories([module], 12 * PAGE);

    expect(limited).toEqual(await parse(`(module (memory 1 3) (memory 2 3) (memory 3 5))`));
  });

  test("of others leave modules alone that import theirs or have none", async () => {
    const importer = await parse(`(module (import "env" "memory" (memory 1)))`);
    const none = await parse(`(module (func))`);
    const definer = await parse(`(module (memory (export "memory") 1))`);

    const [first, second, third = definer] = limitMemories([importer, none, definer], 8 * PAGE);

    expect(first).toBe(importer);
    expect(second).toBe(none);
    expect(await reach(third)).toBe(8);
  });

  test("of a module that is instantiated several times count each time", async () => {
    const often = await parse(`(module (memory (export "memory") 1))`);
    const once = await parse(`(module (memory (export "memory") 2))`);

    const limited = limitMemories([often, once], 17 * PAGE, [3, 1]);

    expect(await Promise.all(limited.map((module) => reach(module)))).toEqual([4, 5]);
    expect(() => limitMemories([often, once], 4 * PAGE, [3, 1])).toThrowError(
      "the component needs 327680 bytes of memory to start, and is allowed 262144",
    );
  });

  test("that need more than is allowed are refused, with both numbers", async () => {
    const module = await parse(`(module (memory 3))`);

    const error = refusal([module, module], 5 * PAGE);

    expect(error).toMatchObject({
      code: "bad-image",
      message: "the component needs 393216 bytes of memory to start, and is allowed 327680",
    });
  });
});

describe("modules that cannot be limited", () => {
  test("64-bit memories", async () => {
    const module = await parse(`(module (memory i64 1))`);

    const error = refusal([module], 10 * PAGE);

    expect(error).toMatchObject({
      code: "unsupported",
      message: "the memory at byte 11 has 64-bit addresses, and only 32-bit memories run here",
    });
  });

  test("pages of another size", async () => {
    const module = await parse(`(module (memory 1 (pagesize 1)))`);

    const error = refusal([module], 10 * PAGE);

    expect(error).toMatchObject({
      code: "unsupported",
      message: "the memory at byte 11 has pages of its own size, and only 32-bit memories run here",
    });
  });

  test.each([
    ["a component", fixture("hello"), "a component stands where a core module must"],
    ["half a preamble", fixture("core-module").subarray(0, 6), "truncated at byte 6"],
    ["a shared memory without a maximum", memories([2, 1]), "is shared and has no maximum"],
    ["unknown limits", memories([0x10, 1]), "unknown limits 10 of the memory at byte 11"],
    ["a maximum below the minimum", memories([1, 3, 2]), "wants 3 to 2 pages; there are 65536"],
    ["more than 4 GiB", memories([0, 0x81, 0x80, 0x04]), "wants 65537 to any number of pages"],
    ["a section that is too long", memories([0, 1, 0]), "has bytes left over"],
  ])("%s", (_, module, message) => {
    const error = refusal([module], 2 ** 40);

    expect(error?.code).toBe("bad-image");
    expect(error?.message).toContain(message);
  });

  test("a module with bytes changed is limited or refused", () => {
    const bytes = fixture("core-module");
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const damage = fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      const damaged = bytes.slice();
      for (const [at, byte] of changes) damaged[at] = byte;
      return [undefined, "bad-image", "unsupported"].includes(refusal([damaged], 8 * PAGE)?.code);
    });

    expect(() => fc.assert(damage, { numRuns: 2000 })).not.toThrow();
  });
});

/** A module with one memory of these limits. */
function memories(limits: readonly number[]): Uint8Array {
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, limits.length + 1, 1, ...limits);
}
