import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

import type { ImageCache } from "../../../src/core/image-cache.ts";
import type { Prepared } from "../../../src/runtime/prepared.ts";

import { digest } from "../../../src/core/ids.ts";
import { lenient } from "../../../src/runtime/lenient-cache.ts";
import { COMPONENT_FILE, ENGINE, fileOf, readPrepared } from "../../../src/runtime/prepared.ts";
import { sha256 } from "../../../src/runtime/sha256.ts";
import { createMemoryFiles } from "../../../src/storage/file-store.ts";
import { createImageCache } from "../../../src/storage/image-cache.ts";
import { recordLog } from "../../support/log-recorder.ts";

test("prepared components are kept under the release of jco that made them", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(resolve(import.meta.dirname, "../../../package.json"), "utf8"),
  );

  // An exact version: a range would let releases share files.
  expect(manifest).toMatchObject({
    devDependencies: { "@bytecodealliance/jco": expect.stringMatching(/^\d+\.\d+\.\d+$/) },
  });
  const jco = /"@bytecodealliance\/jco": "([^"]+)"/.exec(
    JSON.stringify(manifest, undefined, 1),
  )?.[1];
  expect(ENGINE.replace(/-\d+$/, "")).toBe(`jco-${jco}`);
});

test("files from before names were checked are not served any more", () => {
  expect(Number(/-(\d+)$/.exec(ENGINE)?.[1])).toBeGreaterThanOrEqual(5);
});

const DIGEST = digest("a".repeat(64));
const PREPARED: Prepared = {
  digest: DIGEST,
  sizeBytes: 12,
  world: { imports: new Map(), exports: new Map([["demo:shop/till", new Map()]]) },
  glueMode: "sync",
  files: false,
  glue: "export {};",
  cores: new Map([
    ["core.wasm", Uint8Array.of(0, 1, 2)],
    ["core2.wasm", Uint8Array.of(3)],
  ]),
  keepsHandles: true,
};

async function cacheWith(change: (file: Uint8Array) => Uint8Array): Promise<ImageCache> {
  const cache = createImageCache({ now: () => 0, files: createMemoryFiles() });
  const [name, bytes] = await fileOf(PREPARED);
  await cache.write(DIGEST, new Map([[name, change(bytes)]]));
  return cache;
}

test("what was prepared is read again as it was", async () => {
  const { log, entries } = recordLog();
  const cache = await cacheWith((file) => file);

  const read = await readPrepared(cache, DIGEST, PREPARED, log);
  const other = await readPrepared(cache, DIGEST, { glueMode: "jspi", files: false }, log);
  const forFiles = await readPrepared(cache, DIGEST, { glueMode: "sync", files: true }, log);

  expect(read).toEqual(PREPARED);
  expect([other, forFiles]).toEqual([undefined, undefined]);
  expect(entries).toEqual([]);
});

test.each([
  ["nothing", () => new Uint8Array(0)],
  ["three bytes", () => Uint8Array.of(1, 2, 3)],
  ["a hash alone", (file: Uint8Array) => file.subarray(0, 64)],
  ["less than it was", (file: Uint8Array) => file.subarray(0, -1)],
  ["more than it was", (file: Uint8Array) => Uint8Array.from([...file, 0])],
  ["one other bit of its code", (file: Uint8Array) => file.with(file.length - 1, 2)],
  ["other glue", (file: Uint8Array) => file.with(file.length - 8, 0)],
])("a file that holds %s is none, which is logged", async (_, damage) => {
  const { log, entries } = recordLog();
  const cache = await cacheWith(damage);

  const read = await readPrepared(cache, DIGEST, PREPARED, log);

  expect(read).toBeUndefined();
  expect(entries.map(({ level, event }) => [level, event])).toEqual([["warn", "cache.damaged"]]);
});

test("of a component that is damaged in the cache nothing is taken", async () => {
  const { log, entries } = recordLog();
  const good = new TextEncoder().encode("component");
  const known = await sha256(good);
  const files = createMemoryFiles();
  const kept = createImageCache({ now: () => 0, files });
  await kept.write(known, new Map([[COMPONENT_FILE, good]]));
  const cache = lenient(kept, log);

  const before = await cache.read(known, COMPONENT_FILE);
  await files.put(`image/${known}/${COMPONENT_FILE}`, good.with(0, 0));
  const after = await cache.read(known, COMPONENT_FILE);

  expect([before, after]).toEqual([good, undefined]);
  expect(entries.map(({ event }) => event)).toEqual(["cache.damaged"]);
});
