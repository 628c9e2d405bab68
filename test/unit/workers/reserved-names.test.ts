import { expect, test } from "vitest";

import { withoutReservedNames } from "../../../src/workers/reserved-names.ts";

test("glue without such a name is the very same", () => {
  const glue = "join() { return this.#waitable.join(...arguments); }";

  expect(withoutReservedNames(glue)).toBe(glue);
});

test("an exported function named arguments keeps its key and gets another identifier", () => {
  const glue = [
    "const params = [...arguments].slice(1);",
    "function arguments() { log('function=\"arguments\"', { funcName: 'arguments' }); }",
    "sandboxArguments = exports1['inlay:test/sandbox#arguments'];",
    "const sandbox = { arguments: arguments, env: env };",
  ].join("\n");

  expect(withoutReservedNames(glue).split("\n")).toEqual([
    "const params = [...arguments].slice(1);",
    "function _arguments() { log('function=\"arguments\"', { funcName: 'arguments' }); }",
    "sandboxArguments = exports1['inlay:test/sandbox#arguments'];",
    "const sandbox = { arguments: _arguments, env: env };",
  ]);
});

test.each(["arguments", "a, arguments", "arguments, eval: _eval", "a,\n  arguments,\n  b"])(
  "an imported function { %s } is renamed where it is taken and where it is used",
  (names) => {
    const glue = `const { ${names} } = imports['a:b/c'];\nif (arguments=== undefined) throw 1;\nrun(() => arguments());`;

    const fixed = withoutReservedNames(glue);

    expect(fixed).toBe(
      `const { ${names.replace("arguments", "arguments: _arguments")} } = imports['a:b/c'];\nif (_arguments=== undefined) throw 1;\nrun(() => _arguments());`,
    );
  },
);
