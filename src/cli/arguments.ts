/** The options of `npm start`, checked. Anything that cannot be used is a `bad-input`: exit code 2. */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

import { LatticeError, messageOf } from "../core/error.ts";
import { latticeId, type LatticeId } from "../core/ids.ts";

export const START_USAGE = `npm start -- [options]
  --port N          port of the page; 0 for any free one (default 8080, or any if that is taken)
  --host ADDR       address to listen on (default 127.0.0.1); beyond loopback it needs TLS
  --tls-cert FILE   certificate chain in PEM
  --tls-key FILE    its private key in PEM
  --servers URL     a running NATS server (nats://, tls://, ws:// or wss://); none is started then
  --lattice NAME    lattice that the page joins (default "default")
  --store FOLDER    where the server that is started keeps JetStream's data (default .data/jetstream)
  --workload-port N a port for HTTP to workloads of wasmCloud v2 in tabs; 0 for any free one (default: none)
  --images HOST     an OCI registry that pages may read through this gateway (ghcr.io, localhost:5000); repeats
  --isolate         serve the page cross-origin isolated (COOP and COEP)
  --json            print one line of JSON with the addresses on stdout`;

export interface StartOptions {
  /** Absent: {@link DEFAULT_PORT}, or any free one if that is taken. */
  readonly port: number | undefined;
  /** For HTTP to workloads of v2; 0 for any free one. */
  readonly workloadPort: number | undefined;
  readonly host: string;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** A running server; absent when one is to be started. */
  readonly servers: URL | undefined;
  readonly lattice: LatticeId;
  /** Where JetStream's data is kept; absent: with all else that is kept between runs. */
  readonly store: string | undefined;
  /** Hosts of registries that pages may read through the gateway. */
  readonly images: readonly string[];
  readonly isolate: boolean;
  readonly json: boolean;
}

export const DEFAULT_PORT = 8080;

/** @throws {LatticeError} `bad-input` for options that are unknown, malformed or do not go together. */
export function readStartArguments(args: readonly string[]): StartOptions {
  const { values } = parseStrictly({
    args: [...args],
    options: {
      port: { type: "string" },
      "workload-port": { type: "string" },
      host: { type: "string" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      servers: { type: "string" },
      lattice: { type: "string" },
      store: { type: "string" },
      images: { type: "string", multiple: true },
      isolate: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  const host = (values.host ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1");
  const tls = readTls(values["tls-cert"], values["tls-key"]);
  if (tls === undefined && !isLoopback(host)) {
    throw new LatticeError(
      "bad-input",
      `--host ${host} can be reached by other machines, and browsers give pages nothing of what a node needs ` +
        "without TLS: add --tls-cert FILE and --tls-key FILE, or stay on 127.0.0.1",
    );
  }
  if (values.store === "")
    throw new LatticeError("bad-input", "--store wants the path of a folder");
  if (values.store !== undefined && values.servers !== undefined) {
    throw new LatticeError(
      "bad-input",
      "--store is for a server that is started: --servers starts none",
    );
  }
  return {
    port: readPort("--port", values.port),
    workloadPort: readPort("--workload-port", values["workload-port"]),
    host,
    tls,
    servers: values.servers === undefined ? undefined : readServer(values.servers),
    lattice: latticeId(values.lattice ?? "default"),
    store: values.store === undefined ? undefined : resolve(values.store),
    images: (values.images ?? []).map(readRegistry),
    isolate: values.isolate ?? false,
    json: values.json ?? false,
  };
}

/** `parseArgs` whose complaints are `bad-input`. */
export function parseStrictly<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new LatticeError("bad-input", messageOf(cause), { cause });
  }
}

/**
 * The URL of a NATS server; `host:4222` stands for `nats://host:4222`, as other NATS tools have it.
 *
 * @throws {LatticeError} `bad-input`, also for credentials: those are each client's own.
 */
export function readServer(text: string): URL {
  const full = text.includes("://") ? text : `nats://${text}`;
  if (!URL.canParse(full)) {
    throw new LatticeError("bad-input", `server "${text}" is no URL`);
  }
  const url = new URL(full);
  if (!["ws:", "wss:", "nats:", "tls:"].includes(url.protocol) || url.hostname === "") {
    throw new LatticeError(
      "bad-input",
      `server "${text}" must be nats://host:port, tls://host:port, ws://host:port or wss://host:port`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new LatticeError(
      "bad-input",
      "a server's URL must not hold credentials: each client shows its own, give them to the page",
    );
  }
  return url;
}

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

function readPort(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new LatticeError("bad-input", `${option} "${text}" must be a number from 0 to 65535`);
}

function readTls(certFile: string | undefined, keyFile: string | undefined): StartOptions["tls"] {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new LatticeError("bad-input", "--tls-cert and --tls-key go together");
  }
  return { certFile, keyFile };
}

/**
 * `ghcr.io`, `localhost:5000` as the host that answers. Docker Hub's is not the one in names.
 *
 * @throws {LatticeError} `bad-input`
 */
function readRegistry(text: string): string {
  const lower = text.toLowerCase();
  const url = URL.canParse(`https://${lower}`) ? new URL(`https://${lower}`) : undefined;
  if (
    url === undefined ||
    url.host !== lower.replace(/:443$/, "") ||
    !/^[^/@?#\s*]+$/.test(lower)
  ) {
    throw new LatticeError(
      "bad-input",
      `--images "${text}" must be the name of a registry, with its port if it has one: ghcr.io, localhost:5000`,
    );
  }
  return url.host === "docker.io" ? "index.docker.io" : url.host;
}
