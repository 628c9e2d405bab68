import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatticeError } from "../../../src/core/error.ts";
import type { World } from "../../../src/core/wit.ts";
import { componentWorld } from "../../../src/wire/component-types.ts";
import { signature } from "../../../src/wire/wit-signature.ts";
import {
  parseWit,
  parseWitFunc,
  parseWitType,
  type WitDocument,
} from "../../../src/wire/wit-text.ts";
import { fixture } from "../../support/fixtures.ts";

const fixtureWit = (name: string): string =>
  readFileSync(new URL(`../../fixtures/${name}/${name}.wit`, import.meta.url), "utf8");

/** The functions of an interface in words. */
function functions(document: WitDocument, name: string): Record<string, string> {
  const found = document.interfaces.get(name) ?? new Map();
  return Object.fromEntries([...found].map(([func, type]) => [func, signature(type)]));
}

describe.each(["hello", "types", "faulty"])("the text of the fixture %s", (name) => {
  test("says what the component built from it says", () => {
    const document = parseWit(fixtureWit(name));
    const { exports } = componentWorld(fixture(name));

    expect(exports.size).toBeGreaterThan(0);
    for (const [instance, types] of exports)
      expect(document.interfaces.get(instance)).toEqual(types);
  });
});

test("every kind of type, under names, aliases and uses", () => {
  const document = parseWit(`
    /// A package.
    package acme:shop@1.2.0-rc.1+build.5; // with a version
    /* a comment /* within a comment */ */
    interface types {
      @since(version = 1.0.0)
      record item { name: string, %type: kind, tags: list<u8>, }
      variant kind { plain, other(string) }
      enum colour { red, light-blue }
      flags rights { read, write }
      type items = list<item>;
      type pair = tuple<colour, rights>;
      resource basket {
        constructor(owner: string);
        @unstable(feature = fast)
        add: func(item: item) -> result<u32, kind>;
        empty: static func() -> basket;
        merge: func(other: borrow<basket>, third: basket);
      }
    }
    interface shop {
      use types.{items as stock, pair, basket as bag, %item};
      @deprecated(version = 1.1.0)
      %list: func() -> stock;
      best: async func(of: pair) -> option<item>;
      open: func(bag: bag) -> result<_, error>;
      watch: func() -> tuple<stream<u8>, future<item>, stream, future>;
      floats: func(a: float32, b: float64) -> f64;
      type error = string;
    }
  `);

  const item = "record { name: string, type: variant { plain, other(string) }, tags: list<u8> }";
  expect(functions(document, "acme:shop/types@1.2.0-rc.1+build.5")).toEqual({
    "[constructor]basket": "func(owner: string) -> own<basket>",
    "[method]basket.add": `func(self: borrow<basket>, item: ${item}) -> result<u32, variant { plain, other(string) }>`,
    "[static]basket.empty": "func() -> own<basket>",
    "[method]basket.merge": "func(self: borrow<basket>, other: borrow<basket>, third: own<basket>)",
  });
  expect(functions(document, "acme:shop/shop@1.2.0-rc.1+build.5")).toEqual({
    list: `func() -> list<${item}>`,
    best: `async func(of: tuple<enum { red, light-blue }, flags { read, write }>) -> option<${item}>`,
    open: "func(bag: own<basket>) -> result<_, string>",
    watch: `func() -> tuple<stream<u8>, future<${item}>, stream, future>`,
    floats: "func(a: f32, b: f64) -> f64",
  });
});

test("worlds import and export interfaces by name and inline, functions, and what they include", () => {
  const { worlds } = parseWit(`
    package acme:app@0.1.0;
    use acme:base/log@2.0.0 as logging;
    interface api { run: func(); }
    world small {
      import logging;
      import acme:base/log@1.0.0;
      export helper: func(n: u32) -> u32;
      type name = string;
      export greet: func(to: name) -> name;
    }
    world large {
      include small with { helper as assistant };
      include acme:base/extras@1.0.0;
      export api;
      import settings: interface { get: func(key: string) -> option<string>; }
    }
    package acme:base@1.0.0 {
      interface log { write: func(line: string); }
      world extras { import stop: func(); }
    }
    package acme:base@2.0.0 { interface log { write: func(line: string, level: u8); } }
  `);

  const large = worlds.get("acme:app/large@0.1.0");
  expect(named(large?.imports)).toEqual({
    "acme:base/log@2.0.0": ["write"],
    "acme:base/log@1.0.0": ["write"],
    settings: ["get"],
    "": ["stop"],
  });
  expect(named(large?.exports)).toEqual({
    "": ["assistant", "greet"],
    "acme:app/api@0.1.0": ["run"],
  });
  expect(large?.exports.get("")?.get("greet")).toEqual(parseWitFunc("func(to: string) -> string"));
});

/** The names of interfaces with those of their functions. */
function named(items: World["imports"] = new Map()): Record<string, readonly string[]> {
  return Object.fromEntries([...items].map(([name, funcs]) => [name, [...funcs.keys()]]));
}

test("the files of several packages can be one text, in any order", () => {
  const document = parseWit(`
    package acme:b; interface later { use acme:a/first@1.0.0.{n}; f: func(n: n); }
    package acme:a@1.0.0; interface first { type n = u8; }
    package acme:b; interface last { use later.{n}; g: func() -> n; }
  `);

  expect(functions(document, "acme:b/later")).toEqual({ f: "func(n: u8)" });
  expect(functions(document, "acme:b/last")).toEqual({ g: "func() -> u8" });
});

test("text without a package gives bare names", () => {
  const document = parseWit("interface greeter { greet: func(name: string) -> string; }");

  expect(functions(document, "greeter")).toEqual({ greet: "func(name: string) -> string" });
});

test("types that are used often are shared", () => {
  const document = parseWit("interface i { record r { a: u8 } f: func(a: r, b: r) -> r; }");

  const func = document.interfaces.get("i")?.get("f");
  expect(func?.params[0]?.type).toBe(func?.params[1]?.type);
  expect(func?.result).toBe(func?.params[0]?.type);
});

describe("refuses, with line and column,", () => {
  test.each([
    {
      text: "interface i {\n  f: func(a: u9);\n}",
      problem: `line 2, column 14: there is no type "u9"`,
    },
    { text: "interface i { f: func() }", problem: `line 1, column 25: expected ";", met "}"` },
    {
      text: "interface i {",
      problem: "line 1, column 14: expected a function or a type, met the end of the text",
    },
    {
      text: "interface i { f: func(); f: func(); }",
      problem: `line 1, column 26: "f" is there twice`,
    },
    {
      text: "interface i { record r { a: u8, a: u8 } }",
      problem: `line 1, column 33: the field "a" is there twice`,
    },
    { text: "interface i { enum e {} }", problem: `line 1, column 23: expected a case, met "}"` },
    { text: "interface i { type a = b; type b = a; }", problem: `the type "a" contains itself` },
    {
      text: "interface i { use j.{t}; } interface j { use i.{t}; }",
      problem: `the type "t" contains itself`,
    },
    { text: "interface i { use j.{t}; }", problem: `line 1, column 19: there is no interface "j"` },
    {
      text: "interface i { use j.{t}; } interface j {}",
      problem: `line 1, column 22: there is no type "t"`,
    },
    {
      text: "package a:b;\ninterface i { use wasi:io/poll@0.2.0.{pollable}; }",
      problem:
        "line 2, column 19: this text has no interface wasi:io/poll@0.2.0; add the text of the package wasi:io",
    },
    {
      text: "package a:b; world w { import c:d/e@1.0.0; } package c:d@1.1.0 { interface e {} }",
      problem: "this text has no interface c:d/e@1.0.0; what it has of that package is c:d/e@1.1.0",
    },
    { text: "world w { include w; }", problem: `the world "w" includes itself` },
    {
      text: "interface i { type r = u8; f: func(a: borrow<r>); }",
      problem: `"r" is not a resource`,
    },
    { text: "interface Foo-bAr {}", problem: `"Foo-bAr" is no name` },
    { text: "interface i { /* open }", problem: "line 1, column 15: this comment does not end" },
    {
      text: "interface i { f: func(a: record { b: u8 }); }",
      problem: "line 1, column 26: a record is defined apart, under a name",
    },
    { text: "package a:b@1;", problem: "expected a version like 1.0.0" },
    { text: "interface i { @later(x = y) f: func(); }", problem: `there is no gate "later"` },
    { text: "interface i { f: func(); } ?", problem: `line 1, column 28: "?" has no meaning here` },
  ])("$text", ({ text, problem }) => {
    expect(() => parseWit(text)).toThrow(
      expect.objectContaining({ code: "bad-message", message: expect.stringContaining(problem) }),
    );
  });

  test.each(["list<u8, 4>", "error-context", "map<string, u8>"])("%s as unsupported", (text) => {
    expect(() => parseWitType(text)).toThrow(expect.objectContaining({ code: "unsupported" }));
  });

  test("types nested beyond all measure", () => {
    const inline = `${"list<".repeat(100_000)}u8${">".repeat(100_000)}`;
    const aliases = Array.from(
      { length: 100_000 },
      (_, i) => `type t${i + 1} = list<t${i}>;`,
    ).toReversed();

    expect(() => parseWitType(inline)).toThrow("nested deeper than 100");
    expect(() => parseWit(`interface i { ${aliases.join("")} type t0 = u8; }`)).toThrow(
      "nested deeper than 100",
    );
  });
});

test("any text made of the words of WIT gives a document or a LatticeError", () => {
  const words =
    "package a:b @1.0.0 ; interface world i j { } use .{ as func ( ) -> : type = record variant enum flags resource " +
    "u8 list < > import export include with static constructor % @since(version=1.0.0) , // /*";
  const word = fc.constantFrom(...words.split(" "));
  const text = fc.array(word, { maxLength: 30 }).map((words) => words.join(" "));

  const crash = (input: string): unknown => {
    try {
      parseWit(input);
    } catch (error) {
      return error instanceof LatticeError ? undefined : error;
    }
    return undefined;
  };

  fc.assert(
    fc.property(fc.oneof(text, fc.string()), (input) => {
      expect(crash(input)).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});
