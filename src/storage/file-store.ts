/** Files by path, for whatever keeps them: the Cache API, memory, or the first and then the second. */

export interface FileStore {
  get(path: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  paths(): Promise<readonly string[]>;
}

/** The Cache API, and memory for what it does not take. */
export function originFiles(): FileStore {
  return "caches" in globalThis
    ? createFallbackFiles(createCacheFiles(caches))
    : createMemoryFiles();
}

/**
 * `first`, and memory for what it does not take: storage may be denied, broken or full, for a while or for good. It is
 * tried again each time, and what it has stays readable. The first failure in a row is thrown, so that somebody hears of
 * it; reading and writing are rows of their own, but where nothing can be read nothing is expected of writing either.
 */
export function createFallbackFiles(first: FileStore): FileStore {
  const memory = createMemoryFiles();
  const failing = { reads: false, writes: false };
  const attempt = async <T>(
    row: keyof typeof failing,
    work: () => Promise<T>,
    otherwise: () => Promise<T>,
  ): Promise<T> => {
    try {
      const result = await work();
      failing[row] = false;
      return result;
    } catch (cause) {
      const known = failing[row];
      failing.writes = true;
      if (row === "reads") failing.reads = true;
      if (!known) throw cause;
      return otherwise();
    }
  };
  return {
    async get(path) {
      const held = await memory.get(path);
      return (
        held ??
        attempt(
          "reads",
          () => first.get(path),
          async () => undefined,
        )
      );
    },
    async put(path, bytes) {
      const store = async (): Promise<void> => {
        await first.put(path, bytes);
        await memory.remove(path);
      };
      await attempt("writes", store, () => memory.put(path, bytes));
    },
    async remove(path) {
      await memory.remove(path);
      await attempt(
        "writes",
        () => first.remove(path),
        async () => undefined,
      );
    },
    async paths() {
      const there = await attempt(
        "reads",
        () => first.paths(),
        async () => [],
      );
      return [...new Set([...there, ...(await memory.paths())])];
    },
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
