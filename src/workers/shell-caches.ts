/**
 * The caches of the shell: one for each build that is kept, complete or not there at all, and one for the state. Files are
 * kept as the server gave them, headers and all: the policies of pages and workers hold offline too.
 */
import type { ShellState, ShellVersion } from "../core/shell.ts";

import { readShellVersion } from "../core/shell.ts";
import { keptBuilds, readShellState } from "./shell-state.ts";

const PREFIX = "inlay shell ";
const STATE = "inlay shell state";
/** Names with a hash of the content: the same name is the same file in every build. */
export const HASHED: RegExp = /^(?:assets|workers)\/.+-[\w-]{8}\.\w+$/;
/** Files that are fetched at a time. */
const LANES = 4;

export interface ShellCaches {
  readState(): Promise<ShellState>;
  /** Also drops the caches of builds that are in it no more. */
  writeState(state: ShellState): Promise<void>;
  /** Fetches what `build` needs; it is all there afterwards, or nothing. */
  stage(build: string | undefined): Promise<ShellVersion>;
  /** The kept file of `build`. */
  file(build: string | undefined, path: string): Promise<Response | undefined>;
  /** A file with a hash in its name, of whichever build. */
  hashed(path: string): Promise<Response | undefined>;
  /** Keeps a large file that was needed, if `build` lists it and it has the hash that stands there. */
  keepLater(build: string | undefined, path: string, response: Response): Promise<void>;
}

/** `base` is the site's root, ending in `/`. */
export function openShellCaches(base: string): ShellCaches {
  const at = (path: string): string => new URL(path, base).href;
  const stateUrl = at("inlay-shell-state");
  const ours = async (): Promise<readonly string[]> =>
    (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== STATE);

  const hashed = async (path: string): Promise<Response | undefined> => {
    for (const name of await ours()) {
      // oxlint-disable-next-line no-await-in-loop -- the first that has it
      const found = await (await caches.open(name)).match(at(path));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const obtain = async (path: string, integrity: string): Promise<Response> => {
    const here = HASHED.test(path) ? await hashed(path) : undefined;
    if (here !== undefined && (await hasHash(here, integrity))) return here;
    // oxlint-disable-next-line no-restricted-globals -- the site's own files
    const response = await fetch(at(path), { cache: "no-cache", integrity });
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
    return plain(response);
  };
  const latest = async (): Promise<ShellVersion> => {
    // oxlint-disable-next-line no-restricted-globals -- the site's own files
    const response = await fetch(at("version.json"), { cache: "no-store" });
    const version = response.ok ? readShellVersion(await response.json()) : undefined;
    if (version === undefined) throw new Error("version.json names no build");
    return version;
  };
  return {
    hashed,
    async readState() {
      const kept = await (await caches.open(STATE)).match(stateUrl);
      return readShellState(kept === undefined ? undefined : await kept.json());
    },
    async writeState(state) {
      await (await caches.open(STATE)).put(stateUrl, Response.json(state));
      const keep = keptBuilds(state).map((build) => PREFIX + build);
      const over = (await ours()).filter((name) => !keep.includes(name));
      await Promise.all(over.map((name) => caches.delete(name)));
    },
    async stage(build) {
      const version = await latest();
      if (build !== undefined && version.build !== build) {
        throw new Error(`the site has build ${version.build}, not ${build}`);
      }
      const name = PREFIX + version.build;
      const cache = await caches.open(name);
      try {
        await inLanes(Object.entries(version.files), async ([path, integrity]) => {
          if ((await cache.match(at(path))) !== undefined) return;
          await cache.put(at(path), await obtain(path, integrity));
        });
        for (const [path, integrity] of Object.entries(version.later)) {
          // oxlint-disable-next-line no-await-in-loop -- few, and mostly none
          const here = HASHED.test(path) ? await hashed(path) : undefined;
          // oxlint-disable-next-line no-await-in-loop -- as above
          if (here !== undefined && (await hasHash(here, integrity))) {
            // oxlint-disable-next-line no-await-in-loop -- as above
            await cache.put(at(path), here);
          }
        }
        await cache.put(at("version.json"), Response.json(version));
      } catch (cause) {
        // A build that has not been complete before is worth nothing.
        if ((await cache.match(at("version.json"))) === undefined) await caches.delete(name);
        throw cause;
      }
      return version;
    },
    async file(build, path) {
      if (build === undefined || !(await caches.has(PREFIX + build))) return undefined;
      return (await caches.open(PREFIX + build)).match(at(path));
    },
    async keepLater(build, path, response) {
      if (build === undefined || !(await caches.has(PREFIX + build))) return;
      const cache = await caches.open(PREFIX + build);
      const version = readShellVersion(await (await cache.match(at("version.json")))?.json());
      if (version === undefined || !Object.hasOwn(version.later, path)) return;
      const integrity = version.later[path];
      if (integrity !== undefined && (await hasHash(response, integrity))) {
        await cache.put(at(path), response);
      }
    },
  };
}

/** Whether the body is what `integrity` (`sha256-…`) says; `response` can be read afterwards. */
async function hasHash(response: Response, integrity: string): Promise<boolean> {
  const body = await response.clone().arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return integrity === `sha256-${btoa(String.fromCharCode(...hash))}`;
}

/** A page may not be answered with what came by a redirect. */
async function plain(response: Response): Promise<Response> {
  if (!response.redirected) return response;
  const { status, statusText, headers } = response;
  return new Response(await response.blob(), { status, statusText, headers });
}

async function inLanes<T>(all: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const lane = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- a lane takes one after the other
    for (const each of left) await work(each);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
