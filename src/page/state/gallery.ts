/** Components that a site offers to be started: what `gallery.json` beside the page says, and `gallery` of `inlay.json`. Pure. */

export interface GalleryItem {
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly text: string;
  readonly image: string;
  /** Names of interfaces. */
  readonly exports: readonly string[];
  /** Those that a link must answer. */
  readonly imports: readonly string[];
}

/** A site may offer more, but nobody would look at them in a row of cards. */
const MOST_ITEMS = 60;

/** The items of a parsed list; what has no id and no image is passed over. Images that are relative are so to `base`. */
export function readGallery(value: unknown, base: string): readonly GalleryItem[] {
  if (!Array.isArray(value)) return [];
  const items = value.flatMap((entry: unknown): GalleryItem[] => {
    const { id, image, title, text, exports, imports } = fieldsOf(entry);
    if (typeof id !== "string" || typeof image !== "string" || id === "" || image === "") return [];
    return [
      {
        id,
        image: absolute(image, base),
        title: typeof title === "string" ? title : id,
        text: typeof text === "string" ? text : "",
        exports: texts(exports),
        imports: texts(imports),
      },
    ];
  });
  const byId = new Map(items.map((item) => [item.id, item]));
  return [...byId.values()].slice(0, MOST_ITEMS);
}

/** References of registries have no base: `ghcr.io/acme/shop:0.1.0` stays as it is, `demo/hello.wasm` is a file. */
function absolute(image: string, base: string): string {
  if (!/\.wasm(?:#.*)?$/.test(image) || /^[a-z]+:\/\//.test(image)) return image;
  return URL.canParse(image, base) ? new URL(image, base).href : image;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
