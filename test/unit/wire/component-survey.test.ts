import { parse } from "@bytecodealliance/jco";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";

import { componentWorld } from "../../../src/wire/component-types.ts";
import { surveyComponent } from "../../../src/wire/component-survey.ts";
import { STATE } from "../../../src/wire/core-state.ts";
import { fixture } from "../../support/fixtures.ts";

const FIXTURES = readdirSync(resolve(import.meta.dirname, "../../fixtures/components"))
  .filter((file) => file.endsWith(".wasm") && !/^(core-module|actor-)/.test(file))
  .map((file) => file.replace(".wasm", ""));

describe("names that would break out of generated code are refused", () => {
  const HOSTILE = [
    ["a single quote", "a'b"],
    ["a double quote", 'a"b'],
    ["a backtick", "a`b"],
    ["a backslash", "a\\b"],
    ["a template", "a${b}"],
    ["a line feed", "a\nb"],
    ["a carriage return", "a\rb"],
    ["a line separator", "a\u2028b"],
    ["a paragraph separator", "a\u2029b"],
    ["a control character", "a\u0007b"],
  ] as const;
  const PLACES = [
    ["a core export", (n: string) => `(component (core module (func (export ${n}))))`],
    ["a core import", (n: string) => `(component (core module (import "m" ${n} (func))))`],
    ["a core import's module", (n: string) => `(component (core module (import ${n} "f" (func))))`],
    [
      "a nested module",
      (n: string) => `(component (component (component (core module (memory (export ${n}) 1)))))`,
    ],
    [
      "a core import behind one of a reference",
      (n: string) => `(component (core module (type $t (func))
        (import "m" "t" (table 1 (ref null $t))) (import "m" "g" (global (ref null $t)))
        (import "m" ${n} (func))))`,
    ],
  ] as const;

  for (const [what, name] of HOSTILE) {
    test.each(PLACES)(`${what} in %s`, async (_, wat) => {
      const bytes = await parse(wat(quoted(name)));

      expect(() => surveyComponent(bytes)).toThrowError(
        expect.objectContaining({
          code: "bad-image",
          message: expect.stringContaining("would break out of generated code"),
        }),
      );
    });
  }

  test("in an instance of core items that nothing imports", async () => {
    const bytes = await parse(`(component
      (core module $m (func (export "f")))
      (core instance $i (instantiate $m))
      (core instance (export "a'b" (func $i "f"))))`);

    expect(() => surveyComponent(bytes)).toThrowError(/break out of generated code/);
  });

  test.each(["url=<https://a.b/c'd>", "unlocked-dep=<a:b@{>=1.0.0}>", "integrity=<sha256-YQ==>"])(
    "import %s",
    async (name) => {
      const bytes = await parse(`(component (import "${name}" (func)))`).catch(() => undefined);

      expect(bytes).toBeDefined();
      expect(() => componentWorld(bytes ?? new Uint8Array())).toThrowError(/is none of WIT/);
    },
  );
});

test.each([
  ["a custom section", `(@custom "${STATE}" "")`],
  ["an export", `(memory (export "${STATE}0") 1)`],
  ["an import", `(import "inlay lends" "memory" (memory 1))`],
])("%s that would pass for the host's is refused", async (_, fields) => {
  const bytes = await parse(`(component (component (core module ${fields})))`);

  expect(() => surveyComponent(bytes)).toThrowError(
    expect.objectContaining({
      code: "bad-image",
      message: expect.stringContaining("kept for what the host adds"),
    }),
  );
});

test.each(FIXTURES)("%s has only names that can be quoted", (name) => {
  expect(() => surveyComponent(fixture(name))).not.toThrow();
});

test.each([
  ["only lifts and lowers", "(core func (canon lower (func $f)))", false],
  ["makes handles", "(type $r (resource (rep i32))) (core func (canon resource.new $r))", true],
  ["drops handles", "(type $r (resource (rep i32))) (core func (canon resource.drop $r))", true],
  ["makes waitable sets", "(core func (canon waitable-set.new))", true],
  ["keeps context", "(core func (canon context.set i32 0))", true],
  ["returns from tasks", "(core func (canon task.return (result u32)))", true],
  ["has a part that does", "(component (core func (canon waitable-set.new)))", true],
  [
    "has a part before another",
    "(component (core func (canon context.get i32 0))) (component)",
    true,
  ],
])("a component that %s", async (_, fields, keepsHandles) => {
  const bytes = await parse(`(component (import "f" (func $f)) ${fields})`);

  expect(surveyComponent(bytes)).toMatchObject({ keepsHandles });
});

test.each([
  ["cut off", (bytes: Uint8Array) => bytes.subarray(0, -3)],
  ["a core module", () => fixture("core-module")],
  ["no WebAssembly", () => new TextEncoder().encode("<!doctype html>")],
])("bytes that are %s are refused", async (_, damage) => {
  const bytes = await parse(`(component (core module (func (export "f"))))`);

  expect(() => surveyComponent(damage(bytes))).toThrowError(
    expect.objectContaining({ code: "bad-image" }),
  );
});

/** A string of the text format. */
function quoted(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text));
  return `"${bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}
