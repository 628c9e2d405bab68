/** The `ws` package as a bus's socket: Node 20 has no WebSocket of its own. */
import { WebSocket } from "ws";
import type { SocketFactory } from "../../src/bus/nats-socket.ts";

export interface NodeWebSocketOptions {
  /** Takes certificates that nobody signed. */
  readonly insecure?: boolean;
  /** Sent as `Origin`, as a page would. */
  readonly origin?: string;
}

/** A factory for {@link openNatsBus}. */
export function nodeWebSocket(options: NodeWebSocketOptions = {}): SocketFactory {
  return (url) =>
    new WebSocket(url, {
      perMessageDeflate: false,
      ...(options.insecure === true ? { rejectUnauthorized: false } : {}),
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    });
}
