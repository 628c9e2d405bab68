/** Files by path, for whatever keeps them: the Cache API, memory, or the first and then the second. */

export interface FileStore {
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  paths(): Promise<readonly string[]>;
}

/** The Cache API as long as it works, else memory. */
export function originFiles(): FileStore {
  return "caches" in globalThis
    ? createFallbackFiles(createCacheFiles(caches))
    : createMemoryFiles();
}

/**
 * `first`, and memory from its first failure on: storage may be denied, broken or full. That failure itself is thrown,
 * so that somebody hears of it.
 */
export function createFallbackFiles(first: FileStore): FileStore {
  const memory = createMemoryFiles();
  let failed = false;
  const use = async <T>(work: (files: FileStore) => Promise<T>): Promise<T> => {
    if (failed) return work(memory);
    try {
      return await work(first);
    } catch (cause) {
      failed = true;
      throw cause;
    }
  };
  return {
    get: (path) => use((files) => files.get(path)),
    put: (path, bytes) => use((files) => files.put(path, bytes)),
    remove: (path) => use((files) => files.remove(path)),
    paths: () => use((files) => files.paths()),
  };
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
  const base = `${self.origin}/.inlay/`;
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
