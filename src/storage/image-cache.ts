/**
 * Components that were fetched and prepared, kept for the next start: in the Cache API, or in memory where there is
 * none. Bounded; the least recently used component goes first.
 *
 * Keys are addresses of this origin that no server knows. Everything of one component lies under its digest and goes
 * as a whole; references remember which digest they led to.
 */
import type { Digest } from "../core/ids.ts";
import type { ImageCache, RememberedReference } from "../core/image-cache.ts";

export interface ImageCacheOptions {
  readonly now: () => number;
  /** Default 512 MiB. */
  readonly maxBytes?: number;
  /** Default: the Cache API, or memory. */
  readonly files?: FileStore;
}

/** Where files lie. */
export interface FileStore {
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  paths(): Promise<readonly string[]>;
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
  const { now, maxBytes = MAX_BYTES, files = defaultFiles() } = options;
  const index = async (): Promise<Index> => {
    const bytes = await files.get(INDEX);
    if (bytes === undefined) return { images: {}, references: {} };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only this file writes it
    return JSON.parse(new TextDecoder().decode(bytes)) as Index;
  };
  const change = (edit: (before: Index) => Promise<Index> | Index): Promise<void> =>
    exclusively(async () => {
      const after = await edit(await index());
      await files.put(INDEX, new TextEncoder().encode(JSON.stringify(after)));
    });
  return {
    read: (digest, file) => files.get(pathOf(digest, file)),
    write: (digest, given) =>
      change(async (before) => {
        let bytes = before.images[digest]?.bytes ?? 0;
        const sizes = [...given.values()].reduce((sum, { length }) => sum + length, 0);
        const images = await makeRoom(files, before.images, digest, maxBytes - sizes);
        for (const [file, content] of given) {
          await files.put(pathOf(digest, file), content);
          bytes += content.length;
        }
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

function pathOf(digest: Digest, file: string): string {
  return `image/${digest}/${file}`;
}

/** The tabs of an origin share the index; without Web Locks the last writer wins, which costs a second fetch at most. */
function exclusively(run: () => Promise<void>): Promise<void> {
  if (!("navigator" in globalThis) || !("locks" in navigator)) return run();
  return navigator.locks.request(LOCK, run);
}

function defaultFiles(): FileStore {
  return "caches" in globalThis ? createCacheFiles(caches) : createMemoryFiles();
}

export function createMemoryFiles(): FileStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    get: async (path) => files.get(path),
    put: async (path, bytes) => void files.set(path, new Uint8Array(bytes)),
    remove: async (path) => void files.delete(path),
    paths: async () => [...files.keys()],
  };
}

const CACHE = "inlay-images";

/** Files as responses to addresses below `/.inlay/` of this origin, which are never asked for. */
export function createCacheFiles(storage: CacheStorage): FileStore {
  const base = new URL("/.inlay/", self.origin).href;
  const opened = (): Promise<Cache> => storage.open(CACHE);
  return {
    async get(path) {
      const found = await (await opened()).match(base + path);
      return found === undefined ? undefined : new Uint8Array(await found.arrayBuffer());
    },
    async put(path, bytes) {
      await (await opened()).put(base + path, new Response(new Uint8Array(bytes)));
    },
    async remove(path) {
      await (await opened()).delete(base + path);
    },
    async paths() {
      const requests = await (await opened()).keys();
      return requests.map(({ url }) => url.slice(base.length));
    },
  };
}
