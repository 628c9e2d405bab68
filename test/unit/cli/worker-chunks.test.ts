import { join } from "node:path";
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
const src = (path: string): string => join(ROOT, "src", path);

const ofWorker = graph({
  "workers/host.worker.ts": ["a.ts"],
  "a.ts": ["shared.ts"],
  "shared.ts": ["a.ts"],
  "runtime/runtime.ts": ["shared.ts", "wire/value.ts"],
  "wire/value.ts": [],
  "providers/keyvalue/keyvalue.ts": [],
});

test.each([
  ["workers/host.worker.ts", null],
  ["shared.ts", null],
  ["runtime/runtime.ts", "components"],
  ["wire/value.ts", "components"],
  ["providers/keyvalue/keyvalue.ts", null],
])("%s goes to %s", (path, chunk) => {
  expect(workerChunk(src(path), ofWorker)).toBe(chunk);
});

test("other workers are left to the bundler", () => {
  const other = graph({ "workers/component.worker.ts": ["wire/value.ts"], "wire/value.ts": [] });
  expect(workerChunk(src("wire/value.ts"), other)).toBeNull();
});
