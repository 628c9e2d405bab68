import { beforeEach, expect, test } from "vitest";

import type { ImageCache } from "../../../src/core/image-cache.ts";
import type { Digest } from "../../../src/core/ids.ts";

import { digest } from "../../../src/core/ids.ts";
import {
  createFallbackFiles,
  createMemoryFiles,
  type FileStore,
} from "../../../src/storage/file-store.ts";
import { createImageCache } from "../../../src/storage/image-cache.ts";
import { withCode } from "../../contract/bus.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => digest(letter.repeat(64))) as [
  Digest,
  Digest,
  Digest,
];

let now: number;
let cache: ImageCache;
let files: ReturnType<typeof createMemoryFiles>;

beforeEach(() => {
  now = 0;
  files = createMemoryFiles();
  cache = createImageCache({ now: () => ++now, maxBytes: 100, files });
});

const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(length);
const keep = (image: Digest, length: number, file = "component.wasm"): Promise<void> =>
  cache.write(image, new Map([[file, bytes(length)]]));

test("what was written is read again, and other files are not there", async () => {
  await keep(A, 10);

  await expect(cache.read(A, "component.wasm")).resolves.toEqual(bytes(10));
  await expect(cache.read(A, "other")).resolves.toBeUndefined();
  await expect(cache.read(B, "component.wasm")).resolves.toBeUndefined();
});

test("the least recently used component makes room", async () => {
  await keep(A, 40);
  await keep(B, 40);
  await cache.touch(A);

  await keep(C, 40);

  await expect(cache.read(A, "component.wasm")).resolves.toBeDefined();
  await expect(cache.read(B, "component.wasm")).resolves.toBeUndefined();
  await expect(cache.read(C, "component.wasm")).resolves.toBeDefined();
});

test("a component goes with all its files, and so does what an interrupted write left", async () => {
  await keep(A, 30);
  await keep(A, 30, "jco/glue.js");
  await files.put(`image/${C}/half`, bytes(50));

  await keep(B, 60);

  const left = (await files.paths()).filter((path) => path.startsWith("image/"));
  expect(left).toEqual([`image/${B}/component.wasm`]);
});

test("what is larger than the whole cache is kept alone", async () => {
  await keep(A, 10);

  await keep(B, 500);

  await expect(cache.read(A, "component.wasm")).resolves.toBeUndefined();
  await expect(cache.read(B, "component.wasm")).resolves.toBeDefined();
});

test("references remember where they led, the newest of them", async () => {
  await cache.remember("https://host/0.wasm", { digest: A, etag: '"1"' });
  await cache.remember("https://host/0.wasm", { digest: B });
  for (let n = 1; n <= 500; n++) await cache.remember(`https://host/${n}.wasm`, { digest: A });

  await expect(cache.reference("https://host/0.wasm")).resolves.toBeUndefined();
  await expect(cache.reference("https://host/500.wasm")).resolves.toMatchObject({ digest: A });
});

test("a component that is written anew counts once", async () => {
  await keep(A, 40);
  await keep(A, 45);
  await keep(A, 40);
  await keep(B, 55);

  await expect(cache.read(A, "component.wasm")).resolves.toEqual(bytes(40));
  await expect(cache.read(B, "component.wasm")).resolves.toEqual(bytes(55));
});

test.each(["not JSON", "null", '{"images":{}}'])(
  "an unreadable index (%s) is told of, and the cache begins anew at the next change",
  async (text) => {
    await keep(A, 10);
    await files.put("index.json", new TextEncoder().encode(text));

    await expect(cache.reference("https://host/a.wasm")).rejects.toThrow(withCode("bad-message"));
    await expect(keep(B, 10)).rejects.toThrow(withCode("bad-message"));
    await keep(B, 10);

    await expect(cache.read(B, "component.wasm")).resolves.toEqual(bytes(10));
    expect((await files.paths()).toSorted()).toEqual([`image/${B}/component.wasm`, "index.json"]);
  },
);

test("from the first failure of the storage on, files lie in memory", async () => {
  const failure = new Error("storage denied");
  const deny = (): Promise<never> => Promise.reject(failure);
  const denied: FileStore = { get: deny, put: deny, remove: deny, paths: deny };
  cache = createImageCache({ now: () => ++now, files: createFallbackFiles(denied) });

  await expect(cache.read(A, "component.wasm")).rejects.toBe(failure);
  await keep(A, 10);

  await expect(cache.read(A, "component.wasm")).resolves.toEqual(bytes(10));
});

test("as long as the storage works, memory is not used", async () => {
  const fallback = createFallbackFiles(files);

  await fallback.put("a", bytes(3));

  await expect(files.get("a")).resolves.toEqual(bytes(3));
  await expect(fallback.paths()).resolves.toEqual(["a"]);
});

test("a storage that fails once is used again, and what it has stays readable meanwhile", async () => {
  await keep(A, 10);
  let full = true;
  const faulty: FileStore = {
    ...files,
    put: (path, content) =>
      full ? Promise.reject(new Error("QuotaExceededError")) : files.put(path, content),
  };
  cache = createImageCache({ now: () => ++now, files: createFallbackFiles(faulty) });

  await expect(keep(B, 20)).rejects.toThrow("QuotaExceededError");
  const meanwhile = await cache.read(A, "component.wasm");
  await keep(B, 20);
  const inMemory = await cache.read(B, "component.wasm");
  full = false;
  await keep(C, 30);

  expect(meanwhile).toEqual(bytes(10));
  expect(inMemory).toEqual(bytes(20));
  await expect(files.get(`image/${C}/component.wasm`)).resolves.toEqual(bytes(30));
  await expect(cache.read(B, "component.wasm")).resolves.toEqual(bytes(20));
});

test("of a write that fails half-way nothing is left", async () => {
  const faulty: FileStore = {
    ...files,
    put: (path, content) =>
      path.endsWith("second") ? Promise.reject(new Error("full")) : files.put(path, content),
  };
  cache = createImageCache({ now: () => ++now, files: faulty });
  const both = new Map([
    ["first", bytes(1)],
    ["second", bytes(2)],
  ]);

  await expect(cache.write(A, both)).rejects.toThrow("full");

  await expect(files.paths()).resolves.toEqual([]);
});
