import { expect, test } from "vitest";

import { awaitableExports } from "../../../src/workers/awaitable-exports.ts";

const body = "\n  \n  const hostProvided = false;\n  const started = await task.enter();\n}";

/** Whether an engine takes it. */
function compiles(code: string): boolean {
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- written in this file, and not run
  return typeof new Function(code) === "function";
}

test("constructors become functions of their class that may wait", () => {
  const glue = awaitableExports(`class Tally{ constructor(arg0, arg1) {${body} }\nout = Tally;`);

  expect(glue).toContain("class Tally{ static async $construct(arg0, arg1) {");
  expect(compiles(`let out; ${glue}`)).toBe(true);
});

test("statics may wait, and what is asynchronous stays as it is", () => {
  const glue = awaitableExports(
    `class T{}\nT.open = function open() {${body}\nT.prototype.get = async function get(arg0) {${body}`,
  );

  expect(glue).toContain("T.open = async function open() {");
  expect(glue).toContain("T.prototype.get = async function get(arg0) {");
  expect(compiles(glue)).toBe(true);
});

test("classes and functions of jco itself stay as they are", () => {
  const glue =
    "class Task { constructor(opts) { this.opts = opts; } }\nTask.of = function of(arg0) { return 1; }";

  expect(awaitableExports(glue)).toBe(glue);
});
