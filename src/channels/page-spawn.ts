/**
 * Workers that the page starts for its host worker.
 *
 * In Firefox `new Worker()` within a worker may never return: the thread waits for its page on a condition variable on
 * which the new worker's thread waits as well, and only one of them is woken (seen in 153 ESR within a dozen workers
 * when the page is busy). Workers of a page start without that wait.
 */
import type { PageMethods } from "./node.ts";
import type { Spawn } from "./spawn.ts";

import { asLatticeError, LatticeError } from "../core/error.ts";
import { transferring } from "./port.ts";
import { scriptAddress, spawn } from "./spawn.ts";

/** True where workers must not start workers. */
export function startsWorkersInPage({ userAgent }: { readonly userAgent: string }): boolean {
  return userAgent.includes("Gecko/"); // the others are "like Gecko", without a version
}

/** Starts workers in `page` and talks with them through a channel of their own. */
export function createPageSpawn({ work }: Pick<PageMethods, "work">): Spawn {
  return (url, { name, base, onLost }) => {
    const { port1, port2 } = new MessageChannel();
    const ended = new AbortController();
    const script = scriptAddress(url, base);
    work(transferring({ script, name, port: port2 }, [port2]), ended.signal).catch(
      (thrown: unknown) => {
        if (!ended.signal.aborted) onLost(asLatticeError(thrown, "worker-lost"));
      },
    );
    return {
      port: port1,
      terminate() {
        ended.abort(new LatticeError("closed", `the ${name} worker has ended`));
        port1.close();
      },
    };
  };
}

/** The page's side: has a worker until either signal aborts. Rejects when the worker is lost. */
export function createPageWork(lifetime: AbortSignal): PageMethods["work"] {
  return ({ script, name, port }, signal) =>
    new Promise<never>((_, reject) => {
      const worker = spawn(script, { name, port, onLost: reject });
      const either = AbortSignal.any(signal === undefined ? [lifetime] : [lifetime, signal]);
      const end = (): void => {
        worker.terminate();
        reject(asLatticeError(either.reason, "closed"));
      };
      if (either.aborted) end();
      else either.addEventListener("abort", end, { once: true });
    });
}
