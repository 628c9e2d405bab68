/**
 * WebSocket in front of a server that listens on TCP only. NATS is the same bytes on both: binary frames in, the
 * stream out.
 */
import { pipeline } from "node:stream/promises";

import { createWebSocketStream, WebSocketServer, type WebSocket } from "ws";

import { messageOf } from "../core/error.ts";
import { openNats, type NatsStream } from "./nats-stream.ts";
import { refuse, type Upgrade } from "./pass-through.ts";

export interface TcpBridgeOptions {
  /** `nats:` or `tls:`. */
  readonly url: URL;
  readonly onFailure: (reason: string) => void;
}

const CONNECT_MS = 10_000;

/** Gives the handler that answers an upgrade when the server behind it has said its INFO. */
export function createTcpBridge({ url, onFailure }: TcpBridgeOptions): Upgrade {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false });
  return (request, socket, head) => {
    // Until the handshake the client may leave.
    const left = new AbortController();
    socket.once("close", () => left.abort(new Error("the client left")));
    socket.on("error", () => left.abort());
    const giveUp = AbortSignal.any([left.signal, AbortSignal.timeout(CONNECT_MS)]);
    const answer = async (): Promise<void> => {
      const server = await openNats(url, giveUp);
      // Also when the handshake fails, which calls nobody back.
      socket.once("close", () => server.socket.destroy());
      if (socket.destroyed) server.socket.destroy();
      sockets.handleUpgrade(request, socket, head, (client) => void join(client, server));
    };
    answer().catch((error: unknown) => {
      if (!left.signal.aborted) onFailure(`${url.host}: ${messageOf(error)}`);
      refuse(socket, 502, "Bad Gateway");
    });
  };
}

async function join(client: WebSocket, { socket, info }: NatsStream): Promise<void> {
  const frames = createWebSocketStream(client);
  frames.write(info);
  try {
    await pipeline(frames, socket, frames);
  } catch {
    // One side went away, and `pipeline` has closed the other; clients redial, so there is nobody to tell.
  } finally {
    socket.destroy();
    client.terminate();
  }
}
