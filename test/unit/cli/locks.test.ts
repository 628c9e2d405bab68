import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { isAlive, tryLock } from "../../../src/cli/locks.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "inlay-locks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

test("a lock is held until it is released", () => {
  const path = join(folder, "lock");

  const first = tryLock(path);
  const second = tryLock(path);
  first?.[Symbol.dispose]();
  const third = tryLock(path);

  expect(first).toBeDefined();
  expect(second).toBeUndefined();
  expect(third).toBeDefined();
});

test("a lock whose holders are dead is taken over, and nothing else is left behind", () => {
  const path = join(folder, "lock");
  writeFileSync(path, `${deadPid()}`);

  const lock = tryLock(path);

  expect(lock).toBeDefined();
  expect(readFileSync(path, "utf8")).toMatch(new RegExp(`^${process.pid} \\d*$`));
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test.each([
  { what: "an empty file", text: "" },
  { what: "this process's id from an earlier life", text: `${process.pid} 1` },
])("$what holds nothing", ({ text }) => {
  const path = join(folder, "lock");
  writeFileSync(path, text);

  expect(tryLock(path)).toBeDefined();
});

test("a lock counts while any of its holders lives", () => {
  const path = join(folder, "lock");
  writeFileSync(path, `${deadPid()}\n${process.ppid}`);

  const lock = tryLock(path);

  expect(lock).toBeUndefined();
});

test("a child process is added to the holders", () => {
  const path = join(folder, "nested", "lock");

  const lock = tryLock(path);
  lock?.alsoFor(4711);

  expect(readFileSync(path, "utf8")).toMatch(new RegExp(`^${process.pid} \\d*\n4711 \\d*$`));
  lock?.[Symbol.dispose]();
  expect(existsSync(path)).toBe(false);
});

test("only processes that run are alive", () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(isAlive(1)).toBe(true);
  expect(isAlive(deadPid())).toBe(false);
});
