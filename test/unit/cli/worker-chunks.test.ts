import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

import { ROOT } from "../../../src/cli/project.ts";
import { type ModuleGraph, workerChunk } from "../../../src/cli/worker-chunks.ts";

const graph = (modules: Readonly<Record<string, readonly string[]>>): ModuleGraph => ({
  getModuleInfo(id) {
    const found = Object.entries(modules).find(([path]) => join(ROOT, "src", path) === id);
    return found === undefined
      ? null
      : { importedIds: found[1].map((path) => join(ROOT, "src", path)) };
  },
});
/** As the bundler sees the sources: what a file imports, types and `import()` apart. */
const importedBy = new Map<string, readonly string[]>();
const sources: ModuleGraph = {
  getModuleInfo(id) {
    if (!existsSync(id)) return null;
    let importedIds = importedBy.get(id);
    if (importedIds === undefined) importedBy.set(id, (importedIds = importsOf(id)));
    return { importedIds };
  },
};

function importsOf(id: string): readonly string[] {
  const { module } = parseSync(id, readFileSync(id, "utf8"));
  const values = [
    ...module.staticImports.filter(
      ({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType),
    ),
    ...module.staticExports.flatMap(({ entries }) => entries.filter(({ isType }) => !isType)),
  ].flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [moduleRequest.value]));
  return values
    .filter((path) => path.startsWith("."))
    .map((path) => join(dirname(id), path.replace(/\?.*$/, "")));
}

const src = (path: string): string => join(ROOT, "src", path);

const ofWorker = graph({
  "workers/host.worker.ts": ["a.ts"],
  "a.ts": ["shared.ts"],
  "shared.ts": ["a.ts"],
  "runtime/runtime.ts": ["shared.ts", "wire/value.ts"],
  "wire/value.ts": [],
  "providers/keyvalue/keyvalue.ts": [],
  "dialects/v0/index.ts": ["shared.ts", "wire/value.ts", "wire/msgpack.ts", "wire/nkey.ts"],
  "wire/msgpack.ts": [],
  "dialects/v2/index.ts": ["shared.ts", "wire/protojson.ts", "wire/nkey.ts"],
  "wire/protojson.ts": [],
  "wire/nkey.ts": [],
});

test.each([
  ["workers/host.worker.ts", "host.worker"],
  ["shared.ts", "host.worker"],
  ["runtime/runtime.ts", "components"],
  ["wire/value.ts", "components"],
  ["providers/keyvalue/keyvalue.ts", null],
  ["dialects/v0/index.ts", "v0"],
  ["wire/msgpack.ts", "v0"],
  ["dialects/v2/index.ts", "v2"],
  ["wire/protojson.ts", "v2"],
  ["wire/nkey.ts", "v0-v2"],
])("%s goes to %s", (path, chunk) => {
  expect(workerChunk(src(path), ofWorker)).toBe(chunk);
});

test("other workers are left to the bundler", () => {
  const other = graph({ "workers/component.worker.ts": ["wire/value.ts"], "wire/value.ts": [] });
  expect(workerChunk(src("wire/value.ts"), other)).toBeNull();
});

test("a node that does not speak 0.82 loads nothing of it, neither when it joins nor for its components", () => {
  const files = readdirSync(src("dialects/v0"), { recursive: true, encoding: "utf8" });
  const chunks = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [file, workerChunk(src(`dialects/v0/${file}`), sources)]);

  expect(chunks).toContainEqual(["index.ts", "v0"]);
  // `null`: a file of its own, which 0.82 asks for when somebody watches the lattice.
  expect(chunks.filter(([, chunk]) => chunk !== "v0" && chunk !== null)).toEqual([]);
  // The other way round: what 0.82 shares with all nodes is where those have it.
  expect(workerChunk(src("core/error.ts"), sources)).toBe("host.worker");
  expect(workerChunk(src("wire/msgpack.ts"), sources)).toBe("v0");
  expect(workerChunk(src("runtime/wapc/module.ts"), sources)).toBe("v0");
});
