/**
 * Components that were fetched and prepared, kept for the next start: in the Cache API, or in memory where there is
 * none or it takes nothing. Bounded; the least recently used component goes first.
 *
 * Keys are addresses of this origin that no server knows. Everything of one component lies under its digest and goes
 * as a whole; references remember which digest they led to.
 */
import type { Digest } from "../core/ids.ts";
import type { ImageCache, RememberedReference } from "../core/image-cache.ts";
import type { FileStore } from "./file-store.ts";

import { LatticeError } from "../core/error.ts";
import { originFiles } from "./file-store.ts";

export interface ImageCacheOptions {
  readonly now: () => number;
  /** Default 512 MiB. */
  readonly maxBytes?: number;
  /** Default: the Cache API, or memory. */
  readonly files?: FileStore;
}

const MAX_BYTES = 512 * 1024 * 1024;
/** References are small, but a lattice may make up any number of them. */
const MAX_REFERENCES = 500;
const INDEX = "index.json";
const LOCK = "inlay image cache";

interface IndexEntry {
  readonly bytes: number;
  readonly usedMs: number;
}

interface Index {
  readonly images: Readonly<Record<string, IndexEntry>>;
  readonly references: Readonly<Record<string, RememberedReference & { readonly usedMs: number }>>;
}

export function createImageCache(options: ImageCacheOptions): ImageCache {
  const { now, maxBytes = MAX_BYTES, files = originFiles() } = options;
  const index = async (): Promise<Index> => {
    const bytes = await files.get(INDEX);
    return bytes === undefined ? { images: {}, references: {} } : parseIndex(bytes);
  };
  /** An unreadable index fails this one change; without one, nothing that is there can be bounded. */
  const indexToChange = async (): Promise<Index> => {
    try {
      return await index();
    } catch (cause) {
      for (const path of await files.paths()) await files.remove(path);
      throw cause;
    }
  };
  const change = (edit: (before: Index) => Promise<Index> | Index): Promise<void> =>
    exclusively(async () => {
      const after = await edit(await indexToChange());
      await files.put(INDEX, new TextEncoder().encode(JSON.stringify(after)));
    });
  return {
    read: (digest, file) => files.get(pathOf(digest, file)),
    write: (digest, given) =>
      change(async (before) => {
        const entry = before.images[digest];
        const replaced = entry === undefined ? 0 : await sizeOf(files, digest, given.keys());
        const growth = [...given.values()].reduce((sum, { length }) => sum + length, -replaced);
        const images = await makeRoom(files, before.images, digest, maxBytes - growth);
        try {
          for (const [file, content] of given) await files.put(pathOf(digest, file), content);
        } catch (cause) {
          await dropAll(files, digest); // half of a component is none, and nothing counts its bytes
          throw cause;
        }
        const bytes = (entry?.bytes ?? 0) + growth;
        return { ...before, images: { ...images, [digest]: { bytes, usedMs: now() } } };
      }),
    touch: (digest) =>
      change((before) => {
        const entry = before.images[digest];
        if (entry === undefined) return before;
        return { ...before, images: { ...before.images, [digest]: { ...entry, usedMs: now() } } };
      }),
    reference: async (address) => (await index()).references[address],
    remember: (address, led) =>
      change((before) => {
        const entry = { ...led, usedMs: now() };
        const all = Object.entries({ ...before.references, [address]: entry });
        const newest = all.sort(([, a], [, b]) => b.usedMs - a.usedMs).slice(0, MAX_REFERENCES);
        return { ...before, references: Object.fromEntries(newest) };
      }),
  };
}

/** @throws {LatticeError} `bad-message` for what this file cannot have written. */
function parseIndex(bytes: Uint8Array): Index {
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new LatticeError("bad-message", UNREADABLE, { cause });
  }
  if (isIndex(index)) return index;
  throw new LatticeError("bad-message", UNREADABLE);
}

const UNREADABLE = "the index of the image cache cannot be read";

/** Looks no deeper: whatever was cut off or overwritten is no longer JSON with these two parts. */
function isIndex(value: unknown): value is Index {
  const isObject = (part: unknown): boolean => typeof part === "object" && part !== null;
  return (
    typeof value === "object" &&
    value !== null &&
    "images" in value &&
    "references" in value &&
    isObject(value.images) &&
    isObject(value.references)
  );
}

/** What is left of `images` when the least recently used ones are gone until `maxBytes` hold the rest. */
async function makeRoom(
  files: FileStore,
  images: Index["images"],
  keep: Digest,
  maxBytes: number,
): Promise<Index["images"]> {
  const left = new Map(Object.entries(images));
  const oldestFirst = [...left].sort(([, a], [, b]) => a.usedMs - b.usedMs);
  let total = oldestFirst.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  for (const [digest, { bytes }] of oldestFirst) {
    if (total <= maxBytes) break;
    if (digest === keep) continue;
    left.delete(digest);
    total -= bytes;
  }
  if (left.size === oldestFirst.length) return images;
  // By the paths, not by the index: that also clears away what a tab left when it died while writing.
  for (const path of await files.paths()) {
    const digest = /^image\/([^/]+)\//.exec(path)?.[1];
    if (digest !== undefined && digest !== keep && !left.has(digest)) await files.remove(path);
  }
  return Object.fromEntries(left);
}

/** Removes what there is of a component. A storage that fails here as well leaves it to {@link makeRoom}. */
async function dropAll(files: FileStore, digest: Digest): Promise<void> {
  try {
    for (const path of await files.paths()) {
      if (path.startsWith(pathOf(digest, ""))) await files.remove(path);
    }
  } catch {
    // The failure before this one is what is told.
  }
}

/** Bytes of those of `names` that are there. */
async function sizeOf(files: FileStore, digest: Digest, names: Iterable<string>): Promise<number> {
  let size = 0;
  for (const name of names) size += (await files.get(pathOf(digest, name)))?.length ?? 0;
  return size;
}

function pathOf(digest: Digest, file: string): string {
  return `image/${digest}/${file}`;
}

/** The tabs of an origin share the index; without Web Locks the last writer wins, which costs a second fetch at most. */
function exclusively(run: () => Promise<void>): Promise<void> {
  if (!("navigator" in globalThis) || !("locks" in navigator)) return run();
  return navigator.locks.request(LOCK, run);
}
