/** What a build's files must be: `dist/integrity.json` for people's tags, and the table that the script tag's loader has. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseSync } from "oxc-parser";

/** All that a tag may load, and of it what joining begins with, so that it is asked for at once. */
export interface LoaderFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly first: readonly string[];
}

/** Of the built `folder`; the loader itself is not there yet. Throws for a file that could not be loaded through it. */
export function loaderFiles(folder: string): LoaderFiles {
  const joining = reachable(folder, ["lib/join.js"]);
  const loaded = [
    ...new Set([
      ...joining,
      ...reachable(folder, ["lib/index.js", ...joining.flatMap((path) => later(folder, path))]),
    ]),
    ...list(folder, "workers"),
  ];
  for (const path of loaded) if (path.endsWith(".js")) expectPinnable(folder, path);
  return {
    // Shorter than those of `integrity.json`, because all of them are in the loader.
    files: Object.fromEntries(loaded.map((path) => [path, hashOf(folder, path, "sha256")])),
    first: loaded.filter((path) => joining.includes(path) || HOST_WORKER.test(path)),
  };
}

const HOST_WORKER = /^workers\/host\.worker-/;

/** Writes `integrity.json` and gives what it says of the loader. */
export function writeIntegrity(folder: string): string {
  const paths = [
    "inlay.js",
    ...list(folder, "lib"),
    ...list(folder, "assets"),
    ...list(folder, "workers"),
  ];
  const hashes = Object.fromEntries(paths.map((path) => [path, hashOf(folder, path, "sha384")]));
  writeFileSync(join(folder, "integrity.json"), `${JSON.stringify(hashes, undefined, 2)}\n`);
  return hashes["inlay.js"] ?? "";
}

function hashOf(folder: string, path: string, algorithm: string): string {
  const digest = createHash(algorithm).update(readFileSync(join(folder, path)));
  return `${algorithm}-${digest.digest("base64")}`;
}

function list(folder: string, below: string): readonly string[] {
  return readdirSync(join(folder, below))
    .filter((name) => /\.(?:js|css|wasm)$/.test(name))
    .map((name) => `${below}/${name}`)
    .toSorted();
}

/** The files that modules import, with them. */
function reachable(folder: string, paths: readonly string[]): readonly string[] {
  const found = new Set(paths);
  for (const path of found) {
    for (const name of importsOf(readFileSync(join(folder, path), "utf8"), path)) {
      found.add(join(path, "..", name));
    }
  }
  return [...found];
}

/** What a module imports when it is needed. */
function later(folder: string, path: string): readonly string[] {
  return constantImports(readFileSync(join(folder, path), "utf8"), path).map((specifier) =>
    join(path, "..", specifier.slice(1, -1)),
  );
}

/** Specifiers of dynamic imports, with their quotes, but for those that are made at run time. */
function constantImports(source: string, path: string): readonly string[] {
  return parseSync(path, source)
    .module.dynamicImports.map(({ moduleRequest: { start, end } }) => source.slice(start, end))
    .filter((specifier) => /^["'`]/.test(specifier));
}

function importsOf(source: string, path: string): readonly string[] {
  const { module } = parseSync(path, source);
  return [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)]
    .map(({ moduleRequest }) => moduleRequest?.value)
    .filter((name) => name !== undefined);
}

/** The loader reads text, not syntax (`src/channels/pinned.ts`): what it would find must be just what is there. */
function expectPinnable(folder: string, path: string): void {
  const source = readFileSync(join(folder, path), "utf8");
  const { module } = parseSync(path, source);
  const there = [
    ["static imports", STATIC, new Set(importsOf(source, path)).size],
    ["dynamic imports", DYNAMIC, constantImports(source, path).length],
    ["import.meta", /\bimport\.meta\.url\b/g, module.importMetas.length],
  ] as const;
  for (const [what, pattern, count] of there) {
    const seen = source.match(pattern)?.length ?? 0;
    if (seen !== count) {
      throw new Error(
        `${path} has ${count} ${what}, and the loader would find ${seen}: see src/channels/pinned.ts`,
      );
    }
  }
}

const STATIC = /\b(?:from|import) ?(?:"\.\.?\/[^"]+"|'\.\.?\/[^']+'|`\.\.?\/[^`]+`)/g;
const DYNAMIC = /\bimport\((?:"\.\.?\/[^"]+"|'\.\.?\/[^']+'|`\.\.?\/[^`]+`)\)/g;
