/**
 * The one port of `npm start`: the built files, `inlay.json` for the page, `/nats` as a way to a NATS server and
 * `/-/images/` as one to registries, both for pages from here and programs, and for nobody else; and `/~/{component}/` as a
 * way to components that answer HTTP.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { messageOf } from "../core/error.ts";
import { DEFAULT_PORT, type StartOptions } from "./arguments.ts";
import { createHttpRoute, type HttpRoute, ROUTE } from "./http-route.ts";
import { createImageProxy, type ImageProxy, IMAGES_PATH } from "./image-proxy.ts";
import { openListener } from "./listener.ts";
import { createPassThrough, refuse, type Upgrade } from "./pass-through.ts";
import { createSite, type Site } from "./site.ts";
import { commonHeaders, serveFile } from "./static-files.ts";
import { createTcpBridge } from "./tcp-bridge.ts";

export type GatewayOptions = Pick<
  StartOptions,
  "host" | "images" | "isolate" | "lattice" | "port" | "tls"
> & {
  /** The built files. */
  readonly folder: string;
  /** Port for HTTP to workloads of v2, where there is one. */
  readonly workloadPort?: number | undefined;
  /** Hears what goes wrong while the gateway runs. */
  readonly say: (line: string) => void;
};

export interface Gateway extends AsyncDisposable {
  readonly site: Site;
  /** Address of the pass-through: `ws://127.0.0.1:8080/nats`. */
  readonly ws: string;
  /** From now on `/nats` and `/~/` lead to the server at `url`; before, they are refused. */
  leadTo(url: URL, whose: "ours" | "theirs"): void;
}

const NATS_PATH = "/nats";

/** @throws {LatticeError} `conflict` if the port is taken; `bad-input` for an address or certificate of no use. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { host, tls, say } = options;
  const listener = await openListener({
    host,
    tls,
    port: options.port ?? DEFAULT_PORT,
    yields: options.port === undefined,
    option: "--port",
  });
  const { server, port, certificate } = listener;
  const site = createSite({ host, port, certificate });
  const ws = `${site.page.replace(/^http/, "ws").slice(0, -1)}${NATS_PATH}`;
  const way: { upgrade?: Upgrade; http?: HttpRoute } = {};
  const images = createImageProxy({ registries: options.images, site, say });

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const answered = request.url?.startsWith(ROUTE)
      ? intoLattice(request, response, way.http)
      : respond(request, response, { ...options, site, proxy: images });
    answered.catch((error: unknown) => {
      if (!response.destroyed) say(`${request.url ?? ""}: ${messageOf(error)}`);
      response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Node listens no more to a socket that asks for an upgrade, and one that is reset would end the process.
    socket.on("error", () => socket.destroy());
    const [status, reason] = judge(request, site, way.upgrade !== undefined);
    if (status !== 101 || way.upgrade === undefined) {
      refuse(socket, status, reason);
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    way.upgrade(request, socket, head);
  });
  return {
    site,
    ws,
    leadTo(url, whose) {
      const onFailure = (reason: string): void => say(`/nats: ${reason}`);
      const origin = site.origins[0];
      if (url.protocol === "nats:" || url.protocol === "tls:") {
        way.upgrade = createTcpBridge({ url, onFailure });
      } else {
        const from = whose === "ours" && origin !== undefined ? { origin } : {};
        way.upgrade = createPassThrough({ url, onFailure, ...from });
      }
      way.http = createHttpRoute({ server: url, lattice: options.lattice, site });
    },
    async [Symbol.asyncDispose]() {
      await way.http?.[Symbol.asyncDispose]();
      images[Symbol.dispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** What becomes of an upgrade request: `101` lets it in. */
function judge(request: IncomingMessage, site: Site, open: boolean): readonly [number, string] {
  const { origin, host, upgrade } = request.headers;
  if (request.url !== NATS_PATH) return [404, "Not Found"];
  if (!site.isOwnHost(host)) return [421, "Misdirected Request"];
  if (origin !== undefined && !site.isOwnOrigin(origin)) return [403, "Forbidden"];
  if (upgrade?.toLowerCase() !== "websocket") return [400, "Bad Request"];
  return open ? [101, "Switching Protocols"] : [503, "Service Unavailable"];
}

async function intoLattice(
  request: IncomingMessage,
  response: ServerResponse,
  route: HttpRoute | undefined,
): Promise<void> {
  if (route !== undefined) return route.respond(request, response);
  response.writeHead(503, { "content-type": "text/plain; charset=utf-8" });
  response.end("there is no way into the lattice yet\n");
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions & { readonly site: Site; readonly proxy: ImageProxy },
): Promise<void> {
  for (const [name, value] of Object.entries(commonHeaders(options.isolate))) {
    if (value !== undefined) response.setHeader(name, value);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const [path = "/"] = (request.url ?? "/").split("?");
  if (path === NATS_PATH) {
    response.writeHead(426, { connection: "Upgrade", upgrade: "websocket" }).end();
    return;
  }
  if (path.startsWith(IMAGES_PATH)) return options.proxy.answer(request, response);
  if (path !== "/inlay.json") {
    await serveFile(request, response, path, options);
    return;
  }
  const body = JSON.stringify(pageDefaults(request, options));
  response.writeHead(200, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** What the page joins when its address says nothing else, under the name by which the browser knows us. */
function pageDefaults(
  request: IncomingMessage,
  {
    site,
    lattice,
    images,
    workloadPort,
  }: Pick<GatewayOptions, "images" | "lattice" | "workloadPort"> & { readonly site: Site },
): object {
  const { host } = request.headers;
  const { protocol, hostname } = new URL(site.page);
  const page = host !== undefined && site.isOwnHost(host) ? `${protocol}//${host}/` : site.page;
  return {
    servers: [`${page.replace(/^http/, "ws").slice(0, -1)}${NATS_PATH}`],
    lattice,
    ...(images.length === 0 ? {} : { images: { proxy: `${page.slice(0, -1)}${IMAGES_PATH}` } }),
    ...(workloadPort === undefined ? {} : { workloads: { hostname, httpPort: workloadPort } }),
    demo: [{ id: "hello", ref: `${page}demo/hello.wasm` }],
  };
}
