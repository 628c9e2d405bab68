/** Starts module workers, also from files of another origin, and tells when one is lost. */
import type { Port } from "./port.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { pinnedOf } from "./pinned.ts";
import { trustedAddress } from "./trusted.ts";

/** By a name, since `new URL(…, import.meta.url)` tells bundlers of apps of files, and here there is none to see. */
const [OWN] = [import.meta.url];

export interface SpawnOptions {
  /** Shown by the browser's tools, and in errors. */
  readonly name: string;
  /** Where the worker files lie, if not where the bundler put them. */
  readonly base?: string | undefined;
  /** Starts the very same worker in the form that bundlers of apps look for: where the file of this module is on the page's origin. */
  readonly start?: () => Worker;
  /** Given, the worker talks through it, and not with who starts it. */
  readonly port?: MessagePort;
  /**
   * Called once, with `worker-lost`, when the worker cannot be started or loaded, throws, or gets a message that it cannot
   * read; never before {@link spawn} has returned.
   */
  readonly onLost: (reason: LatticeError) => void;
}

export interface Spawned {
  readonly port: Port;
  /** Ends the worker at once. What is pending on its channel is for the caller to reject. */
  terminate(): void;
}

/** How {@link spawn} looks to those who may start workers by other means. */
export type Spawn = (url: string, options: Omit<SpawnOptions, "port" | "start">) => Spawned;

/**
 * Starts the worker at `url`, as an import with `?worker&url` gives it.
 *
 * Browsers start workers only from the page's own origin. A file of another one becomes a worker by a blob, which needs
 * `worker-src blob:` under a content security policy: one with the file's checked text if the script tag has pinned it
 * ({@link pinnedOf}), else one that imports it, which needs CORS on the file.
 */
export function spawn(url: string, options: SpawnOptions): Spawned {
  const { name, base, start, port, onLost } = options;
  const script = scriptAddress(url, base);
  const bundled = start !== undefined && base === undefined && !isForeign(OWN);
  const foreign = !bundled && isForeign(script);
  const pinned = foreign ? pinnedOf(globalThis) : undefined;
  const settled = new AbortController();
  const { signal } = settled;
  let worker: Worker | undefined;
  const settle = (): void => {
    settled.abort();
    worker?.terminate();
  };
  const lose = (why: string): void => {
    if (signal.aborted) return;
    settle();
    onLost(new LatticeError("worker-lost", `the ${name} worker ${why}`));
  };
  const open = (started: Worker, through: MessagePort | undefined): Worker => {
    worker = started;
    const failed = (event: ErrorEvent): void => {
      event.preventDefault();
      // A script that cannot be loaded gives an event without a message.
      lose(event.message ? `failed: ${event.message}` : `could not be started from ${script}`);
    };
    started.addEventListener("error", failed, { signal });
    started.addEventListener("messageerror", () => lose("got a message it cannot read"), {
      signal,
    });
    started.postMessage(OPENING, through === undefined ? [] : [through]);
    return started;
  };
  const startAt = (address: string): Worker =>
    new Worker(trustedAddress(address), { type: "module", name });
  const refused = (thrown: unknown): void => lose(`cannot be started: ${messageOf(thrown)}`);
  if (pinned?.has(script) === true) {
    const { port1, port2 } = new MessageChannel();
    pinned
      .worker(script)
      .then((address) => void (signal.aborted || open(startAt(address), port ?? port2)))
      .catch(refused);
    return { port: port1, terminate: settle };
  }
  const opened = (begin: () => Worker): Spawned => {
    try {
      return { port: open(begin(), port), terminate: settle };
    } catch (thrown) {
      // Callers know their worker by then.
      queueMicrotask(() => refused(thrown));
      return { port: new MessageChannel().port1, terminate: settle };
    }
  };
  if (bundled) return opened(start);
  if (!foreign) return opened(() => startAt(script));
  return opened(() => {
    const address = blobAddress(script);
    signal.addEventListener("abort", () => URL.revokeObjectURL(address));
    return startAt(address);
  });
}

/** The first message to each worker; brings the port to talk through, if that is not the worker's own. */
const OPENING = "open";

/** Within a worker that {@link spawn} has started: the port to whoever it works for. */
export function portOfWorker(scope: Port): Promise<Port> {
  return new Promise((resolve) => {
    const opened = new AbortController();
    const open = ({ ports }: MessageEvent<unknown>): void => {
      opened.abort();
      resolve(ports[0] ?? scope);
    };
    scope.addEventListener("message", open, { signal: opened.signal });
  });
}

/** The file of `url`, below `base` where that is given. */
export function scriptAddress(url: string, base: string | undefined): string {
  const script = new URL(url, OWN);
  if (base === undefined) return script.href;
  const file = script.pathname.slice(script.pathname.lastIndexOf("/") + 1);
  return new URL(file + script.search, base.endsWith("/") ? base : `${base}/`).href;
}

/** Of http alone: bundlers may put the `file:` of the build in the place of a module's own address. */
function isForeign(address: string): boolean {
  const { protocol, origin } = new URL(address);
  return /^https?:$/.test(protocol) && origin !== self.origin;
}

function blobAddress(script: string): string {
  const source = `import ${JSON.stringify(script)};`;
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}
