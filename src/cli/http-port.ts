/**
 * `npm start -- --workload-port N`: a port for HTTP to workloads of wasmCloud v2, whose hosts in tabs can listen on none. Hosts
 * of a tab say it is theirs, so that requests come here as they come to `wash host`: from anybody with the `Host` of a
 * workload, and from the runtime gateway, which adds which workload it chose (`runtime-gateway/proxy.go` @ v2.7.0).
 *
 * What is refused is refused as upstream's hosts do (`crates/wash-runtime/src/host/http.rs` @ v2.7.0). The port shares its origin with
 * nothing else, so heads pass as they are, but for what is meant for the next hop.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

import { messageOf } from "../core/error.ts";
import type { EntityId, LatticeId } from "../core/ids.ts";
import { hostTarget, ingressLattice, setTarget } from "../dialects/v2/ingress-names.ts";
import type { StartOptions } from "./arguments.ts";
import { createHttpExchange, type HttpExchange, type Passage, refuse } from "./http-exchange.ts";
import type { HttpRules } from "./http-messages.ts";
import { createKnownHosts, type KnownHosts } from "./known-hosts.ts";
import { machineClock } from "./lattice-client.ts";
import { openListener } from "./listener.ts";

export interface WorkloadPortOptions extends Pick<StartOptions, "host" | "lattice" | "tls"> {
  /** 0 takes any free one. */
  readonly port: number;
  /** Milliseconds without anything moving, either way, until a request is given up. Default a minute. */
  readonly idleMs?: number;
  /** Hears what goes wrong while the port is open. */
  readonly say: (line: string) => void;
}

export interface WorkloadPort extends AsyncDisposable {
  readonly port: number;
  /** From now on requests go to the server at `url`; before, they are refused. */
  leadTo(url: URL): void;
}

/**
 * @throws {LatticeError} `conflict` if the port is taken; `bad-input` for an address or certificate of no use.
 */
export async function openWorkloadPort(options: WorkloadPortOptions): Promise<WorkloadPort> {
  const { host, tls, port, say } = options;
  const listener = await openListener({
    host,
    tls,
    port,
    option: "--workload-port",
    // The reason of a refusal is told here, and a body may flow for as long as it moves.
    server: { requireHostHeader: false, requestTimeout: 0, headersTimeout: HEAD_MS },
  });
  const known = createKnownHosts(machineClock);
  let exchange: HttpExchange | undefined;
  listener.server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const scheme = tls === undefined ? "HTTP" : "HTTPS";
    answer(request, response, { exchange, known, scheme }).catch((error: unknown) => {
      if (!response.destroyed) say(`workloads, ${request.url ?? ""}: ${messageOf(error)}`);
      response.destroy();
    });
  });
  return {
    port: listener.port,
    leadTo(url) {
      exchange = createHttpExchange(exchangeOptions(url, options));
    },
    async [Symbol.asyncDispose]() {
      await exchange?.[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

const HEAD_MS = 60_000;
/** A tab that is full has room again as soon as a call ends; what moves takes longer, and is asked for again. */
const RETRY_SECONDS = 2;

const RULES: HttpRules = {
  notForComponents: new Set(),
  notFromComponents: new Set(),
  added: [],
  amend: () => undefined,
};

function exchangeOptions(
  server: URL,
  { lattice, idleMs }: { readonly lattice: LatticeId; readonly idleMs?: number },
): Parameters<typeof createHttpExchange>[0] {
  return {
    server,
    lattice: ingressLattice(lattice),
    name: "inlay gateway, workloads",
    ...(idleMs === undefined ? {} : { idleMs }),
    // The component's own failures, as hosts of upstream answer them.
    statuses: { incomplete: 500, "bad-message": 500 },
  };
}

interface Way extends Pick<Passage, "scheme"> {
  readonly exchange: HttpExchange | undefined;
  readonly known: KnownHosts;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { exchange, known, scheme }: Way,
): Promise<void> {
  // A whole URL speaks for itself, whatever `Host` says (RFC 9112, section 3.2.2).
  const [start = "", named] = /^https?:\/\/([^/?#]*)/i.exec(request.url ?? "") ?? [];
  const path = (request.url ?? "").slice(start.length);
  const authority = named ?? request.headers.host ?? "";
  if (authority === "") return refuse(response, [400, "the request has no Host"], RULES);
  const host = targetOf(authority);
  if (host === undefined) {
    return refuse(response, [400, "Host is not the name of a host"], RULES);
  }
  if (exchange === undefined) {
    return refuse(response, [503, "there is no way into the lattice yet", RETRY_SECONDS], RULES);
  }
  const chosen = request.headers["x-workload-id"];
  const set = typeof chosen === "string" ? setTarget(chosen, authority) : undefined;
  await exchange.pass(request, response, {
    targets: set === undefined ? [host] : [set, host],
    met: () => known.answered(host),
    absent() {
      if (known.has(host)) {
        return [503, "no workload of this Host has room, or is there at the moment", RETRY_SECONDS];
      }
      // Whoever chose it knows of a workload, by its operator.
      return chosen === undefined
        ? [404, "no workload has this Host"]
        : [503, "nobody runs this workload, or another one that has this Host", RETRY_SECONDS];
    },
    scheme,
    authority,
    path: path.startsWith("?") || path === "" ? `/${path}` : path,
    rules: RULES,
  });
}

/** `undefined` for what can name nobody. */
function targetOf(authority: string): EntityId | undefined {
  try {
    return hostTarget(authority);
  } catch {
    return undefined;
  }
}
