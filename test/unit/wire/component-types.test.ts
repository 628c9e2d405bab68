import { parse } from "@bytecodealliance/jco";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FuncType, Interface, PrimitiveKind, WitType } from "../../../src/core/wit.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { componentWorld } from "../../../src/wire/component-types.ts";
import { ECHO_ALL, ECHO_ONE } from "../../fixtures/types/table.ts";
import { fixture } from "../../support/fixtures.ts";

const t = (kind: PrimitiveKind): WitType => ({ kind });
const list = (element: WitType): WitType => ({ kind: "list", element });
const option = (some: WitType): WitType => ({ kind: "option", some });
const tuple = (...elements: WitType[]): WitType => ({ kind: "tuple", elements });
const own = (resource: string, of?: string): WitType => ({
  kind: "own",
  resource,
  ...(of !== undefined && { of }),
});
const borrow = (resource: string, of?: string): WitType => ({
  kind: "borrow",
  resource,
  ...(of !== undefined && { of }),
});
const record = (fields: Readonly<Record<string, WitType>>): WitType => ({
  kind: "record",
  fields: named(fields),
});

function named(types: Readonly<Record<string, WitType>>): { name: string; type: WitType }[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

function func(params: Readonly<Record<string, WitType>>, result?: WitType): FuncType {
  return result === undefined ? { params: named(params) } : { params: named(params), result };
}

function world(
  sides: Readonly<Record<"imports" | "exports", Record<string, Record<string, FuncType>>>>,
): unknown {
  const side = (interfaces: Record<string, Record<string, FuncType>>): Map<string, Interface> =>
    new Map(Object.entries(interfaces).map(([name, it]) => [name, new Map(Object.entries(it))]));
  return { imports: side(sides.imports), exports: side(sides.exports) };
}

describe("the world of a fixture", () => {
  test("hello: an interface without a version, and no imports", () => {
    const read = componentWorld(fixture("hello"));

    expect(read).toEqual(
      world({
        imports: {},
        exports: {
          "inlay:demo/greeter": {
            greet: func({ name: t("string") }, t("string")),
            hello: func({}, t("string")),
            add: func({ a: t("u32"), b: t("u32") }, t("u32")),
            echo: func({ data: list(t("u8")) }, list(t("u8"))),
          },
        },
      }),
    );
  });

  test("faulty: functions without a result, and a result of two strings", () => {
    const read = componentWorld(fixture("faulty"));

    expect(read).toEqual(
      world({
        imports: {},
        exports: {
          "inlay:test/faulty": {
            trap: func({}),
            "trap-if": func({ really: t("bool") }, t("u32")),
            spin: func({}),
            "spin-for": func({ rounds: t("u64") }, t("u64")),
            grow: func({ pages: t("u32") }, t("s32")),
            recurse: func({}, t("u32")),
            fail: func({}, { kind: "result", ok: t("string"), err: t("string") }),
            lie: func({}, t("string")),
            nothing: func({}),
            count: func({}, t("u32")),
          },
        },
      }),
    );
  });

  test("sleeper: imports with versions, and a resource that one interface uses from another", () => {
    const read = componentWorld(fixture("sleeper"));

    expect(read).toEqual(
      world({
        imports: {
          "wasi:io/poll@0.2.6": {
            "[method]pollable.block": func({ self: borrow("pollable", "wasi:io/poll@0.2.6") }),
          },
          "wasi:clocks/monotonic-clock@0.2.6": {
            now: func({}, t("u64")),
            "subscribe-duration": func({ when: t("u64") }, own("pollable", "wasi:io/poll@0.2.6")),
          },
        },
        exports: { "inlay:test/sleeper": { sleep: func({ ms: t("u64") }, t("u64")) } },
      }),
    );
  });

  test("logger: a version with a pre-release part, and an enum", () => {
    const read = componentWorld(fixture("logger"));

    const level: WitType = {
      kind: "enum",
      names: ["trace", "debug", "info", "warn", "error", "critical"],
    };
    expect(read).toEqual(
      world({
        imports: {
          "wasi:logging/logging@0.1.0-draft": {
            log: func({ level, context: t("string"), message: t("string") }),
          },
        },
        exports: {
          "inlay:test/logger": {
            log: func({ message: t("string") }),
            "log-times": func({ message: t("string"), times: t("u32") }),
            "trap-after-log": func({ message: t("string") }),
          },
        },
      }),
    );
  });

  test("unmet: an import of a package that nobody has", () => {
    const read = componentWorld(fixture("unmet"));

    const weigh = func({ grams: t("u32") }, t("u32"));
    expect(read).toEqual(
      world({
        imports: { "acme:unknown/thing@1.0.0": { weigh } },
        exports: { "inlay:test/scales": { weigh } },
      }),
    );
  });

  test("wasi: interfaces that hold only types are there, and empty", () => {
    const read = componentWorld(fixture("wasi"));

    const pairs = list(tuple(t("string"), t("string")));
    expect(read).toEqual(
      world({
        imports: {
          "wasi:cli/environment@0.2.6": {
            "get-environment": func({}, pairs),
            "get-arguments": func({}, list(t("string"))),
          },
          "wasi:clocks/wall-clock@0.2.6": {
            now: func({}, record({ seconds: t("u64"), nanoseconds: t("u32") })),
          },
          "wasi:filesystem/types@0.2.6": {},
          "wasi:filesystem/preopens@0.2.6": {
            "get-directories": func(
              {},
              list(tuple(own("descriptor", "wasi:filesystem/types@0.2.6"), t("string"))),
            ),
          },
          "wasi:random/random@0.2.6": { "get-random-u64": func({}, t("u64")) },
        },
        exports: {
          "inlay:test/sandbox": {
            env: func({}, pairs),
            args: func({}, list(t("string"))),
            random: func({}, t("u64")),
            now: func({}, t("u64")),
            preopens: func({}, t("u32")),
          },
        },
      }),
    );
  });

  test("types: every kind of value", () => {
    const read = componentWorld(fixture("types"));

    const three = ECHO_ALL["echo-three"] ?? [];
    const many = ECHO_ALL["echo-many"] ?? [];
    const expected: Record<string, FuncType> = {};
    for (const [name, type] of Object.entries(ECHO_ONE)) {
      expected[`echo-${name}`] = func({ v: type }, type);
    }
    expected["echo-three"] = {
      params: three.map((type, i) => ({ name: ["a", "b", "c"][i] ?? "", type })),
      result: tuple(...three),
    };
    expected["echo-many"] = {
      params: many.map((type, i) => ({ name: `p${i}`, type })),
      result: tuple(...many),
    };
    expect(read).toEqual(world({ imports: {}, exports: { "inlay:test/types": expected } }));
  });

  test("composed: exports of components within the component", () => {
    const read = componentWorld(fixture("composed"));

    expect(read).toEqual(
      world({
        imports: {},
        exports: {
          "inlay:test/letters": { upper: func({ text: t("string") }, t("string")) },
          "inlay:test/shouter": {
            shout: func({ text: t("string") }, record({ text: t("string"), length: t("u32") })),
          },
        },
      }),
    );
  });

  const BUCKETS = "inlay:test/buckets@1.2.0";

  test("resources: constructors, methods, statics, and a resource under its first name", () => {
    const read = componentWorld(fixture("resources"));

    const error: WitType = {
      kind: "variant",
      cases: [{ name: "no-such-bucket" }, { name: "other", type: t("string") }],
    };
    const orError = (ok: WitType): WitType => ({ kind: "result", ok, err: error });
    expect(read).toEqual(
      world({
        imports: {
          "": { now: func({}, t("u64")) },
          clock: { tick: func({}, t("u64")) },
          "inlay:test/names@1.2.0": {},
          "inlay:test/buckets@1.2.0": {
            "[constructor]bucket": func({ name: t("string") }, own("bucket", BUCKETS)),
            "[static]bucket.of": func({ name: t("string") }, orError(own("bucket", BUCKETS))),
            "[method]bucket.get": func(
              { self: borrow("bucket", BUCKETS), key: t("string") },
              orError(option(list(t("u8")))),
            ),
            "[method]bucket.same": func(
              { self: borrow("bucket", BUCKETS), other: borrow("bucket", BUCKETS) },
              t("bool"),
            ),
            open: func({ name: t("string") }, orError(own("bucket", BUCKETS))),
          },
        },
        exports: {
          "": { run: func({ args: list(t("string")) }, { kind: "result" }) },
          "inlay:test/shelves@1.2.0": {
            "[constructor]shelf": func({ pails: list(own("bucket", BUCKETS)) }, own("shelf")),
            "[method]shelf.take": func(
              { self: borrow("shelf"), at: t("u32") },
              option(own("bucket", BUCKETS)),
            ),
            merge: func({ a: own("shelf"), b: own("shelf") }, orError(own("shelf"))),
          },
        },
      }),
    );
  });

  test("streams: async functions, streams, futures, maps, fixed lists and error contexts", () => {
    const read = componentWorld(fixture("streams"));

    const bytes: WitType = { kind: "stream", element: t("u8") };
    const streams: Record<string, FuncType> = {
      copy: { ...func({ data: bytes }, bytes), async: true },
      later: func(
        {},
        { kind: "future", element: { kind: "result", ok: t("string"), err: t("u32") } },
      ),
      signal: func({ when: { kind: "future" } }, { kind: "stream" }),
      newer: func({
        key: list(t("u8")),
        ages: list(tuple(t("string"), t("u32"))),
        cause: own("error-context"),
      }),
    };
    expect(read).toEqual(
      world({
        imports: { "inlay:test/streams@1.2.0": streams },
        exports: { "inlay:test/streams@1.2.0": streams },
      }),
    );
  });

  test("realistic: a component of several core modules and shims", () => {
    const read = componentWorld(fixture("realistic"));

    const heading = record({ level: t("u8"), title: t("string"), line: t("u32") });
    const texts = list(tuple(t("string"), t("string")));
    const templateError: WitType = {
      kind: "variant",
      cases: [
        { name: "missing-value", type: t("string") },
        { name: "unclosed", type: t("u32") },
      ],
    };
    const jsonError: WitType = { kind: "enum", names: ["no-json", "no-object"] };
    const options = record({
      "min-length": option(t("u32")),
      "skip-stop-words": t("bool"),
      limit: option(t("u32")),
    });
    expect([...read.imports]).toEqual([]);
    expect(read.exports.get("inlay:demo/text-tools")).toEqual(
      new Map(
        Object.entries({
          "word-count": func(
            { text: t("string"), options },
            list(record({ word: t("string"), count: t("u32") })),
          ),
          outline: func({ markdown: t("string") }, list(heading)),
          "to-html": func({ markdown: t("string") }, t("string")),
          fill: func(
            { template: t("string"), values: texts },
            { kind: "result", ok: t("string"), err: templateError },
          ),
          "from-json": func({ json: t("string") }, { kind: "result", ok: texts, err: jsonError }),
        }),
      ),
    );
  });
});

describe("what a component may look like", () => {
  test("a world survives the way to another realm", () => {
    const read = componentWorld(fixture("resources"));

    const copy = structuredClone(read);

    expect(copy).toEqual(read);
  });

  test("core modules are passed over by their length", () => {
    const hello = fixture("hello");
    const filling = 32 * 1024 * 1024;
    const bytes = new Uint8Array(8 + 6 + filling + hello.length - 8);
    bytes.set(hello.subarray(0, 8));
    bytes.set([1, ...paddedLeb128(filling)], 8);
    bytes.set(hello.subarray(8), 14 + filling);

    const read = componentWorld(bytes);

    expect(read).toEqual(componentWorld(hello));
  });

  test("a resource of the component itself is named by the shim that exports it", async () => {
    const bytes = await parse(`(component
      (type $r (resource (rep i32)))
      (core module $m (func (export "new") (result i32) (i32.const 0)))
      (core instance $i (instantiate $m))
      (type $f (func (result (own $r))))
      (func $new (type $f) (canon lift (core func $i "new")))
      (component $shim
        (import "import-type-cup" (type $t (sub resource)))
        (import "import-func-new" (func $n (result (own $t))))
        (export $cup "cup" (type $t))
        (export "[constructor]cup" (func $n) (func (result (own $cup)))))
      (instance $shimmed (instantiate $shim
        (with "import-type-cup" (type $r)) (with "import-func-new" (func $new))))
      (export "a:b/cups" (instance $shimmed)))`);

    const read = componentWorld(bytes);

    expect(read.exports.get("a:b/cups")).toEqual(
      new Map([["[constructor]cup", func({}, own("cup"))]]),
    );
  });

  test("instances of an imported component have the exports of its type", async () => {
    const bytes = await parse(`(component
      (import "maker" (component $maker
        (import "from" (func (param "x" u8)))
        (export "a:b/made@1.0.0" (instance (export "make" (func (result string)))))))
      (import "from" (func $from (param "x" u8)))
      (instance $made (instantiate $maker (with "from" (func $from))))
      (export "a:b/made@1.0.0" (instance $made "a:b/made@1.0.0")))`);

    const read = componentWorld(bytes);

    expect(read).toEqual(
      world({
        imports: { "": { from: func({ x: t("u8") }) } },
        exports: { "a:b/made@1.0.0": { make: func({}, t("string")) } },
      }),
    );
  });

  test("an export has the type that it is ascribed", async () => {
    const bytes = await parse(`(component
      (import "i" (instance $i
        (export "r" (type $r (sub resource)))
        (export "open" (func (result (own $r))))
        (export "close" (func))))
      (alias export $i "r" (type $r))
      (export "a:b/c" (instance $i) (instance
        (alias outer 1 $r (type $outer))
        (export "s" (type $s (eq $outer)))
        (export "open" (func (result (own $s)))))))`);

    const read = componentWorld(bytes);

    expect(read.exports).toEqual(
      new Map([["a:b/c", new Map([["open", func({}, own("r", "i"))]])]]),
    );
  });

  test("module types, values and exported types do not show", async () => {
    const bytes = await parse(`(component
      (import "m" (core module
        (import "" "memory" (memory 1 2))
        (import "" "table" (table 1 funcref))
        (import "" "global" (global (mut i64)))
        (export "f" (func (param i32 f64) (result i32)))))
      (import "v" (value $v u32))
      (type $t (tuple u8 char))
      (export "t" (type $t))
      (import "a:b/c" (instance
        (export "m" (core module (export "g" (func))))
        (export "f" (func (result (tuple u8 u16)))))))`);

    const read = componentWorld(bytes);

    expect(read).toEqual(
      world({ imports: { "a:b/c": { f: func({}, tuple(t("u8"), t("u16"))) } }, exports: {} }),
    );
  });
});

describe("bytes that are no component", () => {
  const text = new TextEncoder();

  test.each([
    ["nothing", new Uint8Array(), "these bytes are no WebAssembly: there are none"],
    [
      "a page",
      text.encode("<!doctype html>"),
      "these bytes are no WebAssembly: they start with 3c 21 64 6f (text?)",
    ],
    [
      "a gzip archive",
      Uint8Array.of(0x1f, 0x8b, 8, 0, 0),
      "these bytes are no WebAssembly: they start with 1f 8b 08 00 (gzip?)",
    ],
    [
      "a core module",
      fixture("core-module"),
      "these bytes are a core module, not a component; wrap it with `wasm-tools component new`",
    ],
    [
      "a component of another version",
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0e, 0, 1, 0),
      "this WebAssembly has version 14 of layer 1; known are components of version 13 and core modules of version 1",
    ],
    [
      "half a preamble",
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d),
      "the WebAssembly binary is truncated at byte 5",
    ],
    ["an unknown section", component([13, 0]), "unknown section 13 at byte 8"],
    ["an unknown type", component([7, 2, 1, 0x10]), "unknown type 10 at byte 11"],
    [
      "a type that is not there",
      component([7, 3, 1, 0x70, 5]),
      "type 5 is used where 0 are defined",
    ],
    [
      "a section that is too short",
      component([7, 2, 2, 0x7f], [0, 1, 0]),
      "the section that ends at byte 12 ends inside a definition",
    ],
    [
      "a section that is too long",
      component([7, 3, 1, 0x7f, 0]),
      "section 7 at byte 8 has bytes left over",
    ],
    [
      "a name that is not UTF-8",
      component([7, 5, 1, 0x6d, 1, 1, 0xff]),
      "the name at byte 13 is not UTF-8",
    ],
    [
      "a number without an end",
      component([7, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
      "the number at byte 10 runs past 32 bits",
    ],
  ])("%s", (_, bytes, message) => {
    const error = refusal(bytes);

    expect(error).toMatchObject({ code: "bad-image", message });
  });

  test.each(["hello", "composed", "resources", "streams", "wasi"])(
    "%s, cut anywhere but between two sections",
    (name) => {
      const bytes = fixture(name);
      const boundaries = new Set(sectionStarts(bytes));
      const accepted: number[] = [];

      for (let length = 0; length < bytes.length; length++) {
        const error = refusal(bytes.subarray(0, length));
        if (error === undefined) accepted.push(length);
        else if (error.code !== "bad-image") throw error;
      }

      expect(accepted.filter((length) => !boundaries.has(length))).toEqual([]);
    },
  );

  test("says where a component was cut", () => {
    const bytes = fixture("hello").subarray(0, 1000);

    const error = refusal(bytes);

    expect(error?.message).toBe("the WebAssembly binary is truncated at byte 1000");
  });

  test.each(["hello", "types", "composed", "resources", "streams", "wasi"])(
    "%s with bytes changed gives a world or a clear refusal",
    (name) => {
      const bytes = fixture(name);
      const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));

      const damage = fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = bytes.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        return isWorldOrRefused(damaged);
      });

      expect(() => fc.assert(damage, { numRuns: 1000 })).not.toThrow();
    },
  );

  test("any bytes behind a preamble give a world or a clear refusal", () => {
    const anything = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
      isWorldOrRefused(component([...bytes])),
    );

    expect(() => fc.assert(anything, { numRuns: 3000 })).not.toThrow();
  });
});

describe("small bytes that would unfold without end", () => {
  test("a type that holds itself twice, forty times over", async () => {
    const levels = Array.from({ length: 40 }, (_, i) => `(type $t${i + 1} (tuple $t${i} $t${i}))`);
    const bytes = await parse(`(component (type $t0 (tuple u8 u8)) ${levels.join("\n")})`);

    const error = refusal(bytes);

    expect(error?.message).toMatch(/^the type that ends at byte \d+ has more than 100000 parts/);
  });

  test("a type nested too deeply", async () => {
    const levels = Array.from({ length: 200 }, (_, i) => `(type $t${i + 1} (option $t${i}))`);
    const bytes = await parse(`(component (type $t0 (option u8)) ${levels.join("\n")})`);

    const error = refusal(bytes);

    expect(error?.message).toMatch(/or is nested deeper than 100$/);
  });

  test("a component that instantiates the one before it twice, sixty times over", async () => {
    const bytes = await parse(`(component
      (component $c0 (type u8))
      ${chain(60, 2)}
      (instance (instantiate $c60)))`);

    const error = refusal(bytes);

    expect(error).toMatchObject({
      code: "bad-image",
      message: "the component unfolds to more than 16777216 bytes of definitions",
    });
  });

  test("components that instantiate one another in a long chain", async () => {
    const bytes = await parse(`(component
      (component $c0)
      ${chain(5000, 1)}
      (instance (instantiate $c5000)))`);

    const error = refusal(bytes);

    expect(error?.message).toBe("components instantiate one another deeper than 100");
  });

  test("components within components, deeply", () => {
    let bytes = component();
    for (let depth = 0; depth < 300; depth++) {
      bytes = component([4, ...leb128(bytes.length), ...bytes], [5, 4, 1, 0, 0, 0]);
    }

    const error = refusal(bytes);

    expect(error?.message).toMatch(/nested deeper than 100|one another deeper than 100/);
  });

  test("instance types within instance types, deeply", () => {
    const depth = 5000;
    const opened = Array.from({ length: depth }, () => [0x42, 1, 1]).flat();
    const content = [1, ...opened, 0x7f];

    const error = refusal(component([7, ...leb128(content.length), ...content]));

    expect(error?.message).toBe("components and types are nested deeper than 100");
  });

  test("a start function with four thousand million results", () => {
    const content = [0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f];

    const read = componentWorld(component([9, content.length, ...content]));

    expect(read).toEqual(world({ imports: {}, exports: {} }));
  });
});

/** What {@link componentWorld} throws for `bytes`: nothing or a LatticeError. Anything else fails the test. */
function refusal(bytes: Uint8Array): LatticeError | undefined {
  try {
    componentWorld(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof LatticeError) return error;
    throw error;
  }
}

function isWorldOrRefused(bytes: Uint8Array): boolean {
  return ["bad-image", undefined].includes(refusal(bytes)?.code);
}

/** A component of these sections. */
function component(...sections: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const body = sections.flatMap((section) => [...section]);
  return Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, ...body);
}

/** Components `$c1` to `$c{length}`, each with `times` instances of the one before. */
function chain(length: number, times: number): string {
  return Array.from({ length }, (_, i) => {
    const instance = `(instance (instantiate $inner))`;
    return `(component $c${i + 1} (alias outer 1 $c${i} (component $inner)) ${instance.repeat(times)})`;
  }).join("\n");
}

/** Where the top-level sections of a component begin, and where the last one ends. */
function sectionStarts(bytes: Uint8Array): number[] {
  const starts = [8];
  let at = 8;
  while (at < bytes.length) {
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    at += length;
    starts.push(at);
  }
  return starts;
}

function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(Math.floor(value / 0x80))];
}

/** Five bytes, whatever the value. */
function paddedLeb128(value: number): number[] {
  return [0, 7, 14, 21, 28].map((shift) => ((value >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0));
}
