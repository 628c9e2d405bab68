/**
 * The socket under the client library, with an end that does not wait for the network.
 *
 * A WebSocket whose peer went silent keeps its close event back for as long as the browser's closing handshake takes,
 * and nats.ws 1.30.3 waits without a limit for `bufferedAmount` to reach 0 before it closes (`ws_transport.ts`,
 * `_closed`). So the library gets this one: {@link NatsSocket.sever} ends it at once, and the real one in its own time.
 */
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/error.ts";

/** What is used of a WebSocket: the browser's, the one of the `ws` package, or a bridge to TCP. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** Each kind of socket has event classes of its own; what is read of them is checked. */
  addEventListener(type: "message" | "close" | "error", listener: (event: object) => void): void;
  send(data: ArrayBuffer | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export type SocketFactory = (url: string) => SocketLike;

const OPEN = 1; // `WebSocket.OPEN`, which Node 20 does not have

export class NatsSocket {
  /** Resolves, once and never rejecting, with the reason why the socket is gone. */
  readonly gone: Promise<string>;
  /** Set by the library; the names and shapes of a WebSocket. */
  onopen: (() => void) | null = null;
  onclose: ((event: { readonly wasClean: boolean; readonly reason: string }) => void) | null = null;
  onerror: ((event: { readonly message: string; readonly error: string }) => void) | null = null;

  /** Sees the first frame before the library gets it. What it throws ends the socket. */
  prepare: ((first: ArrayBuffer) => Promise<void>) | undefined;

  readonly #socket: SocketLike;
  #resolve: (reason: string) => void = () => undefined;
  #reason: string | undefined;
  #failure: string | undefined;
  readonly #copies: boolean;

  constructor(socket: SocketLike, clock: Clock) {
    this.#socket = socket;
    this.#copies = typeof WebSocket === "function" && socket instanceof WebSocket;
    this.gone = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    // Browsers say nothing here on purpose; Node names the failure.
    socket.addEventListener("error", (event) => {
      if (!("message" in event) || typeof event.message !== "string") return;
      if (event.message !== "") this.#failure = event.message;
    });
    socket.addEventListener("close", (event) => {
      const code = "code" in event && typeof event.code === "number" ? event.code : 1006;
      const reason = this.#failure ?? `closed with code ${code}`;
      // One turn later: the library reads frames asynchronously and drops what is unread when it hears of the end,
      // which would lose the server's last word, such as a refusal of the credentials.
      clock.after(0, () => this.sever(reason));
    });
  }

  /** Whether what is sent now can leave. */
  get open(): boolean {
    return this.#reason === undefined && this.#socket.readyState === OPEN;
  }

  set binaryType(type: string) {
    this.#socket.binaryType = type;
  }

  set onmessage(receive: (event: Frame) => void) {
    let preparing: Promise<void> | undefined;
    this.#socket.addEventListener("message", (event) => {
      if (this.#reason !== undefined || !isFrame(event)) return;
      if (this.prepare === undefined) return receive(event);
      preparing ??= this.#prepare(this.prepare, event.data);
      // What comes meanwhile waits as well, in its order.
      void preparing.then(() => this.#reason === undefined && receive(event));
    });
  }

  /** Does not fail. */
  async #prepare(
    prepare: (first: ArrayBuffer) => Promise<void>,
    first: ArrayBuffer,
  ): Promise<void> {
    try {
      await prepare(first);
    } catch (thrown) {
      this.sever(messageOf(thrown));
    }
    this.prepare = undefined;
  }

  get bufferedAmount(): number {
    return this.#reason === undefined ? this.#socket.bufferedAmount : 0;
  }

  send(data: ArrayBuffer): void {
    this.#socket.send(data);
  }

  /** Sends what may change afterwards; without a connection it is lost, as the library has it. */
  sendCopy(data: Uint8Array<ArrayBuffer>): void {
    if (!this.open) return;
    // The browser's own copies at once what it cannot write (WHATWG WebSockets, "send"); others may keep what they are given.
    this.#socket.send(this.#copies ? data : data.slice());
  }

  close(): void {
    this.sever("closed by this side");
  }

  /** Ends now: nothing more is received, the library is told, the real socket closes when it can. */
  sever(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#socket.close();
    this.#resolve(reason);
    this.onerror?.({ message: reason, error: reason }); // fails a dial that waits for the server's INFO
    this.onclose?.({ wasClean: false, reason }); // fails one that waits for the first PONG, or ends a connection
  }
}

interface Frame {
  readonly data: ArrayBuffer;
}

const isFrame = (event: object): event is Frame =>
  "data" in event && event.data instanceof ArrayBuffer;
