/**
 * Entry of the service worker: opens the site's own pages without a network, and gives a kiosk one build until another has
 * been staged, and the old one back if the new one does not serve. Pages register it; the script tag never does.
 *
 * `index.html` is the server's newest while the server answers. `kiosk.html` is the current build, whatever the server has.
 * Everything that is no file of the shell goes to the network as if there were no worker.
 */
import type { ShellReply, ShellRequest, ShellState } from "../core/shell.ts";

import { HASHED, openShellCaches } from "./shell-caches.ts";
import { adopted, expired, kept, opened, staged, tried } from "./shell-state.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this file runs as a service worker only
const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const base = scope.registration.scope;
const shell = openShellCaches(base);

/** A server that has not begun to answer by then is as good as none. */
const PAGE_PATIENCE_MS = 4_000;
/** Files without a hash in their names that pages of the shell ask for. */
const PLAIN: ReadonlySet<string> = new Set([
  "favicon.svg",
  "index.webmanifest",
  "kiosk.webmanifest",
  "icons/inlay-192.png",
  "icons/inlay-512.png",
  "icons/inlay-maskable-512.png",
]);
const PAGES: Readonly<Partial<Record<string, "index.html" | "kiosk.html">>> = {
  "": "index.html",
  index: "index.html",
  "index.html": "index.html",
  kiosk: "kiosk.html",
  "kiosk.html": "kiosk.html",
};

/** Changes of the state one after the other: each reads what the one before has written. */
let changing: Promise<unknown> = Promise.resolve();
function change(step: (state: ShellState) => ShellState): Promise<ShellState> {
  const changed = changing.then(async () => {
    const before = await shell.readState();
    const after = step(before);
    if (after !== before) await shell.writeState(after);
    return after;
  });
  changing = changed.catch(() => undefined); // whoever asked for the change hears of it
  return changed;
}

scope.addEventListener("install", (event) => {
  const install = async (): Promise<void> => {
    const { build } = await shell.stage(undefined);
    await change((state) => staged(state, build));
    // Pages and caches of other builds are this worker's as well: there is nothing to wait for.
    await scope.skipWaiting();
  };
  event.waitUntil(install());
});

scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(base)) return;
  const path = new URL(request.url).pathname.slice(new URL(base).pathname.length);
  if (request.mode === "navigate") {
    const page = PAGES[path];
    if (page === "index.html") event.respondWith(indexPage(request));
    if (page === "kiosk.html") event.respondWith(kioskPage(event));
  } else if (HASHED.test(path)) event.respondWith(hashedFile(event, path));
  else if (PLAIN.has(path)) event.respondWith(plainFile(request, path));
});

async function indexPage(request: Request): Promise<Response> {
  const kept = async (): Promise<Response | undefined> =>
    shell.file((await shell.readState()).current, "index.html");
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), PAGE_PATIENCE_MS);
  });
  // oxlint-disable-next-line no-restricted-globals -- the site's own page
  const fetched = fetch(request);
  const first = await Promise.race([fetched, late]).catch(() => undefined);
  return first ?? (await kept()) ?? fetched;
}

async function kioskPage(event: FetchEvent): Promise<Response> {
  const state = await change((before) => opened(before, Date.now()));
  const page = await shell.file(state.current, "kiosk.html");
  // oxlint-disable-next-line no-restricted-globals -- the site's own page
  if (page === undefined) return fetch(event.request);
  if (state.trial !== undefined) event.waitUntil(guard(state));
  return page;
}

/** The way back for a build whose page does not even run: nobody but this worker is left to open the old one. */
async function guard({ current, trial }: ShellState): Promise<void> {
  const waitMs = (trial?.until ?? 0) - Date.now();
  await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, 0)));
  let over = false;
  await change((state) => {
    const after = expired(state, current, Date.now());
    over = after !== state;
    return after;
  });
  if (!over) return;
  const windows = await scope.clients.matchAll({ type: "window" });
  const kiosks = windows.filter(({ url }) => /\/kiosk(?:\.html)?(?:[?#]|$)/.test(url));
  await Promise.allSettled(kiosks.map((client) => client.navigate(client.url)));
}

async function hashedFile(event: FetchEvent, path: string): Promise<Response> {
  const found = await shell.hashed(path);
  if (found !== undefined) return found;
  // oxlint-disable-next-line no-restricted-globals -- the site's own file
  const response = await fetch(event.request);
  if (response.ok && response.type === "basic") {
    const copy = response.clone();
    const keep = async (): Promise<void> =>
      shell.keepLater((await shell.readState()).current, path, copy);
    event.waitUntil(keep().catch(() => undefined)); // a full disk keeps nothing, and the page has its file
  }
  return response;
}

async function plainFile(request: Request, path: string): Promise<Response> {
  try {
    // oxlint-disable-next-line no-restricted-globals -- the site's own file
    return await fetch(request);
  } catch (cause) {
    const kept = await shell.file((await shell.readState()).current, path);
    if (kept === undefined) throw cause;
    return kept;
  }
}

scope.addEventListener("message", (event) => {
  const [port] = event.ports;
  // Only this origin's pages reach this worker; it obeys what its own build knows.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- judged by `type` in `obey`
  const request = event.data as ShellRequest;
  const reply = (message: ShellReply): void => port?.postMessage(message);
  event.waitUntil(
    obey(request).then(
      (state) => reply({ ok: true, state }),
      (thrown: unknown) => reply({ ok: false, error: String(thrown) }),
    ),
  );
});

async function obey(request: ShellRequest): Promise<ShellState> {
  switch (request.type) {
    case "stage": {
      const { build } = await shell.stage(request.build);
      return change((state) => staged(state, build));
    }
    case "try": {
      const { build, withinMs } = request;
      if ((await shell.file(build, "kiosk.html")) === undefined) {
        throw new Error(`build ${build} is not staged`);
      }
      return change((state) => tried(state, build, Date.now() + withinMs));
    }
    case "adopt":
      if ((await shell.file(request.build, "index.html")) === undefined) return shell.readState();
      return change((state) => adopted(state, request.build));
    case "keep":
      return change((state) => kept(state, request.build));
    case "state":
      return shell.readState();
    default:
      throw new Error("a request of another build, which this worker does not know");
  }
}
