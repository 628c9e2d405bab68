/** Where running instances of `npm start` leave their addresses, so that `npm run call` finds them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LatticeError } from "../core/error.ts";
import { latticeId, type LatticeId } from "../core/ids.ts";
import { isAlive } from "./locks.ts";

/** The line that `npm start -- --json` prints. */
export interface Addresses {
  /** Base address of the page, ending in `/`. */
  readonly page: string;
  /** TCP address of the server, as wash and native hosts need it. */
  readonly nats: string | null;
  /** The pass-through on the page's port. */
  readonly ws: string;
  /** The server's own WebSocket listener. */
  readonly wsDirect: string | null;
  /** Base address of the port for HTTP to workloads of v2, ending in `/`. */
  readonly workloads: string | null;
}

export interface Running extends Addresses {
  readonly lattice: string;
}

/** Makes an instance known until the result is disposed. */
export function makeKnown(data: string, running: Running): Disposable {
  const folder = join(data, "running");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${process.pid}.json`);
  writeFileSync(file, `${JSON.stringify(running)}\n`);
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

/** The instance that was started last and still runs. Files of dead ones are removed on the way. */
export function findRunning(data: string): Running | undefined {
  const folder = join(data, "running");
  const found: { readonly startedMs: number; readonly running: Running }[] = [];
  for (const name of list(folder)) {
    const file = join(folder, name);
    if (!isAlive(Number.parseInt(name, 10))) {
      rmSync(file, { force: true });
      continue;
    }
    const running = parse(readFileSync(file, "utf8"));
    if (running !== undefined) found.push({ startedMs: statSync(file).mtimeMs, running });
  }
  return found.sort((a, b) => b.startedMs - a.startedMs)[0]?.running;
}

/**
 * The server and lattice that were named, else those of the `npm start` that runs in this checkout.
 *
 * @throws {LatticeError} `no-servers` if there are neither.
 */
export function whereTo(
  {
    servers,
    lattice,
  }: { readonly servers: string | undefined; readonly lattice: LatticeId | undefined },
  data: string,
): { readonly server: string; readonly lattice: LatticeId } {
  if (servers !== undefined) {
    const server = servers.includes("://") ? servers : `nats://${servers}`;
    return { server, lattice: lattice ?? latticeId("default") };
  }
  const running = findRunning(data);
  if (running === undefined) {
    throw new LatticeError("no-servers", "no npm start runs in this checkout: pass --servers URL");
  }
  return {
    server: running.wsDirect ?? running.nats ?? running.ws,
    lattice: lattice ?? latticeId(running.lattice),
  };
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    // No folder: nothing was ever started here.
    return [];
  }
}

/** `undefined` while the file is being written. */
function parse(text: string): Running | undefined {
  if (!text.endsWith("}\n")) return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written whole by `makeKnown` of this program
  return JSON.parse(text) as Running;
}
