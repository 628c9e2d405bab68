/** Fetches what the site offers to be started: `gallery.json` beside the page, then `gallery` of its `inlay.json`. */
import type { GalleryItem } from "./state/gallery.ts";

import { readGallery } from "./state/gallery.ts";

/** Longest wait for files that static hosting may not have. */
const TIMEOUT_MS = 5000;

/** Does not fail: without a file there is nothing to offer. */
export async function loadGallery(): Promise<readonly GalleryItem[]> {
  const [own, site] = await Promise.all([
    listIn("gallery.json", "components"),
    listIn("inlay.json", "gallery"),
  ]);
  return readGallery([...own, ...site], document.baseURI);
}

async function listIn(file: string, key: string): Promise<readonly unknown[]> {
  try {
    // oxlint-disable-next-line no-restricted-globals -- the page's own file, not an image
    const response = await fetch(new URL(file, document.baseURI), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const parsed: unknown = response.ok ? await response.json() : undefined;
    const list: unknown =
      typeof parsed === "object" && parsed !== null ? Reflect.get(parsed, key) : undefined;
    return Array.isArray(list) ? list : [];
  } catch {
    return []; // absent, or not JSON
  }
}
