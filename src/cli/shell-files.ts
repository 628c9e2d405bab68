/**
 * The shell as a build leaves it: the pages' build id, and `version.json` with each file by which they open without a network
 * (`src/core/shell.ts` says what it means).
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { ShellVersion } from "../core/shell.ts";

import { VERSION } from "../version.ts";

const PAGES = ["index.html", "kiosk.html"];
const FOLDERS = ["assets", "icons", "workers"];
const PLAIN = ["favicon.svg", "index.webmanifest", "kiosk.webmanifest"];
/** Fetched by each visitor at the first visit; what is larger waits until a component needs it. */
const LARGE_BYTES = 1024 * 1024;

const META = /(<meta name="inlay-build" content=")[^"]*(")/;

/** Writes the build id into the pages of `folder`, and its `version.json`. Doing it again changes nothing. */
export function writeShell(folder: string): ShellVersion {
  for (const page of PAGES) mark(join(folder, page), "");
  const names = [...PAGES, ...PLAIN.filter((name) => existsSync(join(folder, name)))];
  for (const each of FOLDERS.filter((name) => existsSync(join(folder, name)))) {
    names.push(...readdirSync(join(folder, each)).map((name) => `${each}/${name}`));
  }
  const unmarked = hashes(folder, names);
  const build = createHash("sha256").update(JSON.stringify(unmarked)).digest("hex").slice(0, 16);
  for (const page of PAGES) mark(join(folder, page), build);

  const all = Object.entries(hashes(folder, names));
  const large = (name: string): boolean => statSync(join(folder, name)).size > LARGE_BYTES;
  const version: ShellVersion = {
    version: VERSION,
    build,
    files: Object.fromEntries(all.filter(([name]) => !large(name))),
    later: Object.fromEntries(all.filter(([name]) => large(name))),
  };
  writeFileSync(join(folder, "version.json"), `${JSON.stringify(version, undefined, 1)}\n`);
  return version;
}

function hashes(folder: string, names: readonly string[]): Readonly<Record<string, string>> {
  const sorted = [...names].filter((name) => !name.endsWith(".map")).sort();
  const entries = sorted.map((name) => {
    const digest = createHash("sha256").update(readFileSync(join(folder, name)));
    return [name, `sha256-${digest.digest("base64")}`];
  });
  return Object.fromEntries(entries);
}

function mark(file: string, build: string): void {
  const page = readFileSync(file, "utf8");
  if (!META.test(page)) throw new Error(`${file} has no <meta name="inlay-build" content="…">`);
  writeFileSync(file, page.replace(META, `$1${build}$2`));
}
