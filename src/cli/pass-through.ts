/**
 * A WebSocket upgrade piped as it is to a server's WebSocket listener: after the handshake no frame is looked at.
 */
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

import { messageOf } from "../core/error.ts";

/** Takes over the connection of an upgrade request that was let in. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface PassThroughOptions {
  /** `ws:` or `wss:`. */
  readonly url: URL;
  /** Sent when the browser sent an `Origin`; absent: none is sent, for the server knows nothing of our pages. */
  readonly origin?: string;
  /** Hears why a connection could not be made. */
  readonly onFailure: (reason: string) => void;
}

const CONNECT_MS = 10_000;

/** What of the browser's handshake the server needs. No cookies: those of other local services are among them. */
const KEPT = [
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
] as const;

/** Gives the handler that pipes upgrades to `url`. */
export function createPassThrough(options: PassThroughOptions): Upgrade {
  return (request, socket, head) => {
    const upstream = open(options.url);
    upstream.setNoDelay(true);
    upstream.setKeepAlive(true, 30_000);
    upstream.setTimeout(CONNECT_MS, () => upstream.destroy(new Error("no connection in time")));
    upstream.once(options.url.protocol === "wss:" ? "secureConnect" : "connect", () => {
      upstream.setTimeout(0);
      upstream.write(handshake(request, options));
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", (error) => {
      options.onFailure(`${options.url.host}: ${messageOf(error)}`);
      refuse(socket, 502, "Bad Gateway");
    });
    // `close` follows every end, and the other side has nobody to talk to then.
    upstream.on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    socket.on("error", () => upstream.destroy());
  };
}

const REFUSED_LIMIT_MS = 5000;

/** Ends an upgrade with an HTTP status, if nothing was written yet. */
export function refuse(socket: Duplex, status: number, reason: string): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  // A client that keeps its half open keeps nothing here.
  const late = setTimeout(() => socket.destroy(), REFUSED_LIMIT_MS);
  late.unref();
  socket.once("close", () => clearTimeout(late));
}

export function addressOf(url: URL, defaultPort: number): { host: string; port: number } {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? defaultPort : Number(url.port),
  };
}

/** TLS asks for the name of the server, and addresses are none (RFC 6066, section 3). */
export function serverName(host: string): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function open(url: URL): Socket {
  if (url.protocol === "ws:") return connectTcp(addressOf(url, 80));
  const address = addressOf(url, 443);
  return connectTls({ ...address, ...serverName(address.host), ALPNProtocols: ["http/1.1"] });
}

/**
 * A fresh request. nats-server tells its protocols apart by the path, so it is the configured one whatever was asked;
 * and it cuts what it sends to agents called `Mozilla` into frames of 4096 bytes (nats-server `server/websocket.go`,
 * v2.9), which costs half of the throughput.
 */
function handshake(request: IncomingMessage, { url, origin }: PassThroughOptions): string {
  const kept = KEPT.flatMap((name) => {
    const value = request.headers[name];
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const from = origin !== undefined && request.headers.origin !== undefined;
  return [
    `GET ${url.pathname === "" ? "/" : url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    "connection: Upgrade",
    "upgrade: websocket",
    "user-agent: inlay-gateway",
    ...(from ? [`origin: ${origin}`] : []),
    ...kept,
    "\r\n",
  ].join("\r\n");
}
