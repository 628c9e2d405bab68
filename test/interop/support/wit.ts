/** The interfaces that peers and nodes speak: read by our own reader here, and by the peers' generators there. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../../src/core/wit.ts";

import { LATTICE_WIT } from "../../../src/interfaces/lattice-wit.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { INTEROP, WIT } from "./places.ts";

const FIXTURES = join(INTEROP, "../fixtures");
const SOURCES = {
  "inlay:test": join(FIXTURES, "types/types.wit"),
  "inlay:demo": join(FIXTURES, "hello/hello.wit"),
  "inlay:interop": join(INTEROP, "wit/interop.wit"),
};

/** wrpc-transport 0.28 encodes tuples, and so parameters, of at most 12 parts. */
const TOO_MANY = /\n +\/\/\/ More parameters than fit into registers\.\n +echo-many:[^;]*;\n/;

/** Writes the WIT that the peers' generators read. */
export async function writeWit(): Promise<void> {
  await mkdir(WIT, { recursive: true });
  const types = await readFile(SOURCES["inlay:test"], "utf8");
  const fewer = types.replace(TOO_MANY, "\n");
  if (fewer === types) throw new Error("types.wit has no echo-many any more: nothing to leave out");
  await update("types.wit", fewer);
  await update("hello.wit", await readFile(SOURCES["inlay:demo"], "utf8"));
  await update("interop.wit", await readFile(SOURCES["inlay:interop"], "utf8"));
  await update("blobstore.wit", oldBlobstore());
}

/** `wrpc:blobstore@0.1.0` as our hosts speak it, with a world that serves it. */
function oldBlobstore(): string {
  const [, inner] = /\npackage wrpc:blobstore@0\.1\.0 \{\n([\s\S]*?)\n\}/.exec(LATTICE_WIT) ?? [];
  if (inner === undefined)
    throw new Error("there is no blobstore 0.1.0 in the lattice's interfaces");
  return `package wrpc:blobstore@0.1.0;\n\n${inner}\n\n  world old-store {\n    export blobstore;\n  }\n`;
}

/** A file that is touched makes Rust compile for minutes. */
async function update(name: string, text: string): Promise<void> {
  const file = join(WIT, name);
  const old = await readFile(file, "utf8").catch(() => undefined);
  if (old !== text) await writeFile(file, text);
}

/** A world that exports the interface `name` (`inlay:test/types`). */
export function exporting(name: string): World {
  const text = Object.values(SOURCES)
    .map((file) => readFileSync(file, "utf8"))
    // One text for all packages, so that the worlds of one find the interfaces of the others.
    .map((wit) => wit.replace(/^package ([^;]+);([\s\S]*)$/m, "package $1 {$2}\n"))
    .join("\n");
  const found = parseWit(text).interfaces.get(name);
  if (found === undefined) throw new Error(`there is no interface ${name}`);
  return { imports: new Map(), exports: new Map([[name, found]]) };
}

/** A world that exports all of `names`. */
export function exportingAll(names: readonly string[]): World {
  const exports = names.flatMap((name) => [...exporting(name).exports]);
  return { imports: new Map(), exports: new Map(exports) };
}
