/** Servers of HTTP, with TLS or without: how each port of `npm start` comes to listen, and ends. */
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

import { LatticeError } from "../core/error.ts";
import type { StartOptions } from "./arguments.ts";

export interface ListenerOptions extends Pick<StartOptions, "host" | "tls"> {
  /** 0 takes any free one. */
  readonly port: number;
  /** Whether any other port does as well if that one is taken. */
  readonly yields?: boolean;
  /** The option that gave the port, for the words of an error. */
  readonly option: string;
  readonly server?: ServerOptions;
}

export interface Listener extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  /** In PEM, where it speaks TLS. */
  readonly certificate: string | undefined;
}

/**
 * Listens. Connections are cut when the listener is disposed, also those that were upgraded.
 *
 * @throws {LatticeError} `conflict` if the port is taken; `bad-input` for an address or certificate of no use.
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const pem = options.tls === undefined ? undefined : readPem(options.tls);
  const server =
    pem === undefined ? createServer(options.server ?? {}) : createSecure(pem, options.server);
  const sockets = keepSockets(server);
  const port = await listen(server, options);
  return {
    server,
    port,
    certificate: pem?.cert,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listen(
  server: Server,
  { host, port, yields = false, option }: ListenerOptions,
): Promise<number> {
  const on = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(wanted, host, () => {
        server.off("error", reject);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is never a string
        resolve((server.address() as AddressInfo).port);
      });
    });
  try {
    return await on(port);
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (taken && yields) return on(0);
    if (taken) {
      throw new LatticeError(
        "conflict",
        `port ${port} of ${host} is taken; ${option} 0 takes a free one`,
      );
    }
    throw new LatticeError("bad-input", `cannot listen on ${host}`, { cause });
  }
}

interface Pem {
  readonly cert: string;
  readonly key: string;
}

function readPem(tls: NonNullable<StartOptions["tls"]>): Pem {
  try {
    return { cert: readFileSync(tls.certFile, "utf8"), key: readFileSync(tls.keyFile, "utf8") };
  } catch (cause) {
    throw new LatticeError("bad-input", "the certificate or its key cannot be read", { cause });
  }
}

function createSecure(pem: Pem, options: ServerOptions = {}): Server {
  try {
    return createTlsServer({ ...options, ...pem });
  } catch (cause) {
    throw new LatticeError("bad-input", "the certificate and key are of no use", { cause });
  }
}

/** Upgraded connections are the server's no more: `close` would wait for them for ever. */
function keepSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}
