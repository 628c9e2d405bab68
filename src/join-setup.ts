/** What of a page's options its node gets: everything that can cross at once, and the rest when it is asked for. */
import type { BusName, NodeSetup } from "./channels/node.ts";
import type { Credentials } from "./core/credentials.ts";
import type { NodeOptions } from "./core/node-options.ts";
import type { RegistryLogins } from "./core/registry.ts";
import type { JoinOptions } from "./lattice-node.ts";

/** Everything of the options that can cross into the worker. */
export function setupOf(
  options: JoinOptions,
  startedMs: number,
  labels: NodeOptions["labels"] = {},
): NodeSetup {
  const {
    credentials,
    rpcCredentials,
    clusterSeed,
    workers: _base,
    images = {},
    livingLabels: _living,
    watchdogMs: _watchdog,
    signal: _signal,
    ...rest
  } = options;
  const workers = workersOf(options);
  const { registries, ...crossing } = images;
  const credentialed: BusName[] = [];
  if (credentials !== undefined) credentialed.push("control");
  if ((rpcCredentials ?? credentials) !== undefined) credentialed.push("rpc");
  return {
    ...rest,
    labels: { ...rest.labels, ...labels },
    timeOrigin: performance.timeOrigin,
    startedMs,
    credentialed,
    registered: registries !== undefined,
    seeded: clusterSeed !== undefined,
    images:
      crossing.proxy === undefined ? crossing : { ...crossing, proxy: absolute(crossing.proxy) },
    shown: document.visibilityState !== "hidden",
    ...(workers === undefined ? {} : { workers }),
  };
}

export function workersOf({ workers }: JoinOptions): string | undefined {
  return workers === undefined ? undefined : new URL(workers, document.baseURI).href;
}

export async function credentialsFor(
  options: JoinOptions,
  bus: BusName,
): Promise<Credentials | undefined> {
  const given =
    bus === "rpc" ? (options.rpcCredentials ?? options.credentials) : options.credentials;
  return typeof given === "function" ? given() : given;
}

export async function registriesOf({ images }: JoinOptions): Promise<RegistryLogins | undefined> {
  const given = images?.registries;
  return typeof given === "function" ? given() : given;
}

export async function clusterSeedOf({ clusterSeed }: JoinOptions): Promise<string | undefined> {
  return typeof clusterSeed === "function" ? clusterSeed() : clusterSeed;
}

export async function imageOf(
  image: string | Blob | Uint8Array,
  id: string,
): Promise<{ image: string; bytes?: Uint8Array }> {
  if (typeof image === "string") return { image: absolute(image) };
  if (image instanceof Uint8Array) return { image: `bytes:${id}`, bytes: image };
  const name = image instanceof File ? image.name : `bytes:${id}`;
  return { image: name, bytes: new Uint8Array(await image.arrayBuffer()) };
}

/** Relative addresses are the page's; the worker would read them as its own. */
function absolute(reference: string): string {
  return /^\.{0,2}\//.test(reference) ? new URL(reference, document.baseURI).href : reference;
}
