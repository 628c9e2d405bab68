/** Starts module workers, also from files of another origin, and tells when one is lost. */
import type { Port } from "./port.ts";

import { LatticeError } from "../core/error.ts";

export interface SpawnOptions {
  /** Shown by the browser's tools, and in errors. */
  readonly name: string;
  /** Where the worker files lie, if not where the bundler put them. */
  readonly base?: string | undefined;
  /** Given, the worker talks through it, and not with who starts it. */
  readonly port?: MessagePort;
  /** Called once when the worker cannot be loaded, throws, or gets a message that it cannot read. */
  readonly onLost: (reason: LatticeError) => void;
}

export interface Spawned {
  readonly port: Port;
  /** Ends the worker at once. What is pending on its channel is for the caller to reject. */
  terminate(): void;
}

/** How {@link spawn} looks to those who may start workers by other means. */
export type Spawn = (url: string, options: Omit<SpawnOptions, "port">) => Spawned;

/**
 * Starts the worker at `url`, as an import with `?worker&url` gives it.
 *
 * Browsers start workers only from the page's own origin; a file of another one is imported by a worker made of a blob,
 * which needs CORS on the file and `worker-src blob:` under a content security policy.
 */
export function spawn(url: string, options: SpawnOptions): Spawned {
  const { name, base, port, onLost } = options;
  const script = scriptAddress(url, base);
  const foreign = new URL(script).origin !== self.origin;
  const address = foreign ? blobAddress(script) : script;
  const worker = new Worker(address, { type: "module", name });
  const settled = new AbortController();
  const settle = (): void => {
    settled.abort();
    if (foreign) URL.revokeObjectURL(address);
  };
  const lose = (why: string): void => {
    if (settled.signal.aborted) return;
    settle();
    worker.terminate();
    onLost(new LatticeError("worker-lost", `the ${name} worker ${why}`));
  };
  const { signal } = settled;
  const failed = (event: ErrorEvent): void => {
    event.preventDefault();
    // A script that cannot be loaded gives an event without a message.
    lose(event.message ? `failed: ${event.message}` : `could not be started from ${script}`);
  };
  worker.addEventListener("error", failed, { signal });
  worker.addEventListener("messageerror", () => lose("got a message it cannot read"), { signal });
  worker.postMessage(OPENING, port === undefined ? [] : [port]);
  return {
    port: worker,
    terminate() {
      settle();
      worker.terminate();
    },
  };
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
  const script = new URL(url, import.meta.url);
  if (base === undefined) return script.href;
  const file = script.pathname.slice(script.pathname.lastIndexOf("/") + 1);
  return new URL(file + script.search, base.endsWith("/") ? base : `${base}/`).href;
}

function blobAddress(script: string): string {
  const source = `import ${JSON.stringify(script)};`;
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}
