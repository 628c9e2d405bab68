/**
 * The page's side of the shell: which build it is of, whether the site has a newer one, and the service worker that keeps the
 * shell. A page that was not built (development), or is not one of the site's own, has none of it.
 */
import type { ShellReply, ShellRequest, ShellState, ShellVersion } from "../core/shell.ts";

import { readShellVersion } from "../core/shell.ts";
import { whenQuiet } from "./when-quiet.ts";

export interface Shell {
  /** Of this page. */
  readonly build: string;
  /** What the site has now; `undefined` while it does not answer. */
  latest(): Promise<ShellVersion | undefined>;
  /** Asks the service worker. `undefined` where there is none, or it does not answer in time. */
  ask(request: ShellRequest): Promise<ShellReply | undefined>;
}

const FILE_PATIENCE_MS = 15_000;
/** Staging fetches about a megabyte. */
const WORKER_PATIENCE_MS = 120_000;

/** The shell that this page belongs to; `undefined` for a page that was not built. */
export function shellOf(document: Document): Shell | undefined {
  const meta = document.querySelector('meta[name="inlay-build"]');
  const build = meta?.getAttribute("content") ?? "";
  if (build === "") return undefined;
  return {
    build,
    async latest() {
      try {
        // oxlint-disable-next-line no-restricted-globals -- the page's own file, not an image
        const response = await fetch(new URL("version.json", document.baseURI), {
          cache: "no-store",
          signal: AbortSignal.timeout(FILE_PATIENCE_MS),
        });
        return response.ok ? readShellVersion(await response.json()) : undefined;
      } catch {
        return undefined; // the site is not there at the moment: the next look tells
      }
    },
    ask: askWorker,
  };
}

/**
 * Registers the service worker when the page has nothing better to do. Resolves when it is at work, or with `false` where the
 * browser has none or refuses it: then pages open with a network only.
 */
export async function registerShell(): Promise<boolean> {
  if (!isSecureContext || !("serviceWorker" in navigator)) return false;
  await whenQuiet();
  try {
    await navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI), {
      updateViaCache: "none",
    });
    await navigator.serviceWorker.ready;
    return true;
  } catch {
    return false; // private windows of some browsers; storage that is full
  }
}

async function askWorker(request: ShellRequest): Promise<ShellReply | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration();
  const worker = registration?.active;
  if (worker === undefined || worker === null) return undefined;
  const { port1, port2 } = new MessageChannel();
  try {
    return await new Promise((resolve) => {
      const late = setTimeout(() => resolve(undefined), WORKER_PATIENCE_MS);
      const heard = ({ data }: MessageEvent<unknown>): void => {
        clearTimeout(late);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of this origin's own worker; read with care
        resolve(data as ShellReply);
      };
      port1.addEventListener("message", heard);
      port1.start();
      worker.postMessage(request, [port2]);
    });
  } finally {
    port1.close();
  }
}

/** The state that came with `reply`, if it did. */
export function stateOf(reply: ShellReply | undefined): ShellState | undefined {
  return reply?.ok === true ? reply.state : undefined;
}
