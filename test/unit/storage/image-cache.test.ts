import { beforeEach, expect, test } from "vitest";

import type { ImageCache } from "../../../src/core/image-cache.ts";
import type { Digest } from "../../../src/core/ids.ts";

import { digest } from "../../../src/core/ids.ts";
import { createImageCache, createMemoryFiles } from "../../../src/storage/image-cache.ts";

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
