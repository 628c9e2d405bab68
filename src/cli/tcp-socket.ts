/** A connection over TCP in the shape of a WebSocket, for a bus in Node whose server has no WebSocket listener. */
import type { Socket } from "node:net";

import { WebSocket } from "ws";

import type { SocketFactory, SocketLike } from "../bus/nats-socket.ts";
import { messageOf } from "../core/error.ts";
import { openNats } from "./nats-stream.ts";

/** Makes WebSockets for `ws:` and `wss:`, and connections over TCP for the other schemes of NATS. */
export const nodeSocket: SocketFactory = (address) => {
  const url = new URL(address);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return new TcpSocket(url);
  return new WebSocket(url, { perMessageDeflate: false });
};

type EventName = "message" | "close" | "error";
type Listener = (event: object) => void;

/** As WebSocket counts them. */
const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

class TcpSocket implements SocketLike {
  binaryType = "arraybuffer";
  readonly #listeners: Record<EventName, Listener[]> = { message: [], close: [], error: [] };
  readonly #ended = new AbortController();
  #socket: Socket | undefined;

  constructor(url: URL) {
    void this.#open(url); // tells its failure by events, as a WebSocket does
  }

  get readyState(): number {
    if (this.#ended.signal.aborted) return CLOSED;
    return this.#socket === undefined ? CONNECTING : OPEN;
  }

  get bufferedAmount(): number {
    return this.#socket?.writableLength ?? 0;
  }

  addEventListener(type: EventName, listener: Listener): void {
    this.#listeners[type].push(listener);
  }

  send(data: ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    this.#socket?.write(new Uint8Array(data));
  }

  close(): void {
    this.#end(1000);
  }

  async #open(url: URL): Promise<void> {
    try {
      const { socket, info } = await openNats(url, this.#ended.signal);
      this.#socket = socket;
      socket.on("error", (error) => this.#fail(error));
      socket.on("close", () => this.#end(1006));
      this.#receive(info);
      socket.on("data", (chunk) => this.#receive(Buffer.from(chunk)));
    } catch (error) {
      this.#fail(error);
    }
  }

  #receive(bytes: Buffer): void {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#tell("message", { data: buffer.slice(byteOffset, byteOffset + byteLength) });
  }

  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#tell("error", { message: messageOf(error) });
    this.#end(1006);
  }

  #end(code: number): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error("closed by this side"));
    this.#socket?.destroy();
    this.#tell("close", { code });
  }

  #tell(type: EventName, event: object): void {
    for (const listener of this.#listeners[type]) listener(event);
  }
}
