/** All that `npm start` runs, brought up in order and ended in the reverse order. */
import { join } from "node:path";

import { LatticeError } from "../core/error.ts";
import type { StartOptions } from "./arguments.ts";
import { openGateway } from "./gateway.ts";
import { openWorkloadPort } from "./http-port.ts";
import { tryLock } from "./locks.ts";
import { findNatsServer, launchNatsServer, type NatsServer } from "./nats-server.ts";
import { makeKnown, type Addresses } from "./running.ts";
import type { Machine } from "./tools.ts";

export interface LatticeParts {
  readonly options: StartOptions;
  /** The built files. */
  readonly dist: string;
  /** Where things are kept between runs. */
  readonly data: string;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

export interface Lattice extends AsyncDisposable {
  readonly addresses: Addresses;
  /** Resolves, with why, if the server ends by itself; never for a server that is not ours. */
  readonly ended: Promise<string>;
}

export async function openLattice(parts: LatticeParts): Promise<Lattice> {
  const { options, dist, data, machine } = parts;
  const ends: (() => PromiseLike<void> | void)[] = [];
  const end = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- the last thing that began ends first
    for (let last = ends.pop(); last !== undefined; last = ends.pop()) await last();
  };
  try {
    // Before anything listens: a missing server is told at once.
    const binary = options.servers === undefined ? findNatsServer(machine) : undefined;
    const say = (line: string): void => machine.say(line);
    const { workloadPort: port } = options;
    const workloads =
      port === undefined ? undefined : await openWorkloadPort({ ...options, port, say });
    if (workloads !== undefined) ends.push(() => workloads[Symbol.asyncDispose]());
    const workloadPort = workloads?.port;
    const gateway = await openGateway({ ...options, workloadPort, folder: dist, say });
    ends.push(() => gateway[Symbol.asyncDispose]());
    const server =
      binary === undefined ? undefined : await launch(binary, gateway.site.origins, parts, ends);
    const addresses = addressesOf(gateway, server, { theirs: options.servers, workloadPort });
    const target = server === undefined ? options.servers : new URL(server.ws);
    if (target !== undefined) {
      gateway.leadTo(target, server === undefined ? "theirs" : "ours");
      workloads?.leadTo(target);
    }
    const known = makeKnown(data, { ...addresses, lattice: options.lattice });
    ends.push(() => known[Symbol.dispose]());
    const never = new Promise<string>(() => undefined);
    return { addresses, ended: server?.ended ?? never, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function launch(
  binary: string,
  origins: readonly string[],
  { options, data, machine, signal }: LatticeParts,
  ends: (() => PromiseLike<void> | void)[],
): Promise<NatsServer> {
  const store = options.store ?? join(data, "jetstream");
  // Two servers on one store would corrupt it.
  const lock = tryLock(`${store}.lock`);
  const storeDir = lock === undefined ? undefined : store;
  if (lock === undefined) {
    if (options.store !== undefined) {
      throw new LatticeError("conflict", `another npm start uses the store ${store}`);
    }
    machine.say(`another npm start uses ${store}: what JetStream keeps is lost when this one ends`);
  } else {
    ends.push(() => lock[Symbol.dispose]());
  }
  const server = await launchNatsServer({ binary, storeDir, origins, signal });
  ends.push(() => server[Symbol.asyncDispose]());
  lock?.alsoFor(server.pid);
  return server;
}

function addressesOf(
  gateway: { readonly site: { readonly page: string }; readonly ws: string },
  server: NatsServer | undefined,
  {
    theirs,
    workloadPort,
  }: { readonly theirs: URL | undefined; readonly workloadPort: number | undefined },
): Addresses {
  const { protocol, hostname } = new URL(gateway.site.page);
  const url = theirs?.href.replace(/\/$/, "") ?? null;
  const tcp = theirs?.protocol === "nats:" || theirs?.protocol === "tls:";
  return {
    page: gateway.site.page,
    nats: server?.tcp ?? (tcp ? url : null),
    ws: gateway.ws,
    wsDirect: server?.ws ?? (tcp ? null : url),
    workloads: workloadPort === undefined ? null : `${protocol}//${hostname}:${workloadPort}/`,
  };
}
