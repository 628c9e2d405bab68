/**
 * Files of another origin that run only if they are what they were when the script tag was built.
 *
 * Browsers check the integrity of a `<script>`, and not of what it imports or of workers. `fetch()` checks whatever it
 * loads, so modules are fetched, the addresses in them are written out, and blobs of that are imported; a worker is such a
 * blob as well, with this function at its beginning for what it loads later.
 */

/** By absolute addresses, what `integrity` of a request says: `sha256-…`. */
export type Pins = Readonly<Record<string, string>>;

export interface Pinned {
  has(address: string): boolean;
  /** Starts to fetch, so that it is there when something else asks for it. */
  warm(address: string): void;
  /** Imports a module. Rejects if it, or what it imports, cannot be loaded or is something else. */
  load(address: string): Promise<unknown>;
  /** Address of a blob that a worker can be started from. */
  worker(address: string): Promise<string>;
}

/** What this realm's loader left, if it has one: see {@link installPinned}. */
export function pinnedOf(scope: typeof globalThis): Pinned | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the function below writes it
  return Reflect.get(scope, Symbol.for("inlay pinned")) as Pinned | undefined;
}

/**
 * Leaves a {@link Pinned} in the realm. Its own source text is what workers begin with, so it uses nothing from around it;
 * `own` is what a worker was made of: the address of its file, and of its blob.
 *
 * `npm run build` checks that each file's imports have the forms that are looked for here.
 */
export function installPinned(files: Pins, own?: readonly [string, string]): Pinned {
  const texts = new Map<string, Promise<string>>();
  const modules = new Map<string, Promise<string>>(own && [[own[0], Promise.resolve(own[1])]]);
  const workers = new Map<string, Promise<string>>();
  const fetchFile = globalThis.fetch.bind(globalThis);
  const plain = (address: string): string => address.replace(/#.*/, "");
  const once = (
    made: Map<string, Promise<string>>,
    key: string,
    make: () => Promise<string>,
  ): Promise<string> => {
    const found = made.get(key) ?? make();
    made.set(key, found);
    found.catch(() => made.delete(key)); // the next one may have more luck
    return found;
  };
  const checked = (address: string): RequestInit => {
    const integrity = files[plain(address)];
    return integrity === undefined ? {} : { integrity };
  };
  const text = (address: string): Promise<string> =>
    once(texts, plain(address), async () => {
      const response = await fetchFile(address, checked(address)).catch(() => undefined);
      if (response?.ok === true) return response.text();
      throw new Error(
        `${plain(address)} could not be loaded, or is another version than the script tag's`,
      );
    });
  const rewritten = async (address: string): Promise<string> => {
    const source = await text(address);
    const parts = await Promise.all(
      source
        .split(/(\b(?:from|import) ?(?:"\.\.?\/[^"]+"|'\.\.?\/[^']+'|`\.\.?\/[^`]+`))/)
        .map(async (part, index) => {
          if (index % 2 === 0) {
            return part
              .replace(
                /\bimport\((?:"(\.\.?\/[^"]+)"|'(\.\.?\/[^']+)'|`(\.\.?\/[^`]+)`)\)/g,
                (_, a?: string, b?: string, c?: string) =>
                  `globalThis[Symbol.for("inlay pinned")].load(${JSON.stringify(new URL(a ?? b ?? c ?? "", address).href)})`,
              )
              .replace(/\bimport\.meta\.url\b/g, () => JSON.stringify(address));
          }
          const [, word = "", name = ""] = /^(\w+) ?.(.+).$/.exec(part) ?? [];
          return `${word} ${JSON.stringify(await module(new URL(name, address).href))}`;
        }),
    );
    return parts.join("");
  };
  const blob = (source: string, address: string): string =>
    URL.createObjectURL(
      new Blob([source, `\n//# sourceURL=${plain(address)}`], { type: "text/javascript" }),
    );
  const module = (address: string): Promise<string> =>
    once(modules, address, async () => blob(await rewritten(address), address));
  const pinned: Pinned = {
    has: (address) => files[plain(address)] !== undefined,
    warm: (address) => void text(address).catch(() => undefined), // whoever uses it hears of it
    async load(address) {
      // Apart from the import, which tests wrap in a function of their own that cannot wait.
      const script = await module(address);
      return import(/* @vite-ignore */ script);
    },
    worker: (address) =>
      once(workers, address, async () => {
        const beginning = `(${installPinned.toString()})(${JSON.stringify(files)},[${JSON.stringify(address)},import.meta.url]);`;
        return blob(`${beginning}\n${await rewritten(address)}`, address);
      }),
  };
  if (own !== undefined) {
    globalThis.fetch = (input, init) =>
      fetchFile(input, {
        ...init,
        ...checked(input instanceof Request ? input.url : String(input)),
      });
  }
  Object.defineProperty(globalThis, Symbol.for("inlay pinned"), {
    value: pinned,
    configurable: true,
  });
  return pinned;
}
