import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { writeShell } from "../../../src/cli/shell-files.ts";
import { readShellVersion } from "../../../src/core/shell.ts";

const PAGES = resolve(import.meta.dirname, "../../../src/page");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "inlay-shell-"));
  for (const page of ["index.html", "kiosk.html"]) {
    await cp(join(PAGES, page), join(folder, page));
  }
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "assets/index-aaaaaaaa.js"), "1");
  await writeFile(join(folder, "assets/large-aaaaaaaa.wasm"), new Uint8Array(2 ** 20 + 1));
});
afterEach(() => rm(folder, { recursive: true }));

test("the pages name their build, and version.json names it and each file", async () => {
  const { build, files, later } = writeShell(folder);

  const written: unknown = JSON.parse(await readFile(join(folder, "version.json"), "utf8"));
  expect(readShellVersion(written)).toMatchObject({ build, files, later });
  expect(Object.keys(files)).toEqual(["assets/index-aaaaaaaa.js", "index.html", "kiosk.html"]);
  expect(Object.keys(later)).toEqual(["assets/large-aaaaaaaa.wasm"]);
  for (const page of ["index.html", "kiosk.html"]) {
    expect(await readFile(join(folder, page), "utf8")).toContain(
      `"inlay-build" content="${build}"`,
    );
  }
});

test("the same files are the same build, others another one", async () => {
  const first = writeShell(folder);
  const again = writeShell(folder);
  await writeFile(join(folder, "assets/index-aaaaaaaa.js"), "2");
  const other = writeShell(folder);

  expect(again).toEqual(first);
  expect(other.build).not.toBe(first.build);
});
