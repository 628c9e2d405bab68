/** A socket whose other end is a script: as much of a NATS server as one handshake needs, silent on demand. */
import type { SocketLike } from "../../src/bus/nats-socket.ts";

export interface ScriptedSocket extends SocketLike {
  /** What the client sent, as text, in order. */
  readonly sent: readonly string[];
  readonly closed: boolean;
  /** Sends `text` to the client. */
  say(text: string): void;
  /** Opens and says INFO. */
  greet(info?: object): void;
  /** Answers pings from now on, or no longer. */
  answering: boolean;
  /** Ends the connection as a network does, with code 1006; `lastWords` arrive in the very same turn. */
  breakOff(lastWords?: string): void;
  bufferedAmount: number;
}

/** A socket to a server that answers pings; it greets by itself if `greets`. */
export function scriptedSocket({ greets = true } = {}): ScriptedSocket {
  const events = new EventTarget();
  const sent: string[] = [];
  let readyState = 0;
  const deliver = (text: string): void => {
    const { buffer } = new TextEncoder().encode(text);
    events.dispatchEvent(new MessageEvent("message", { data: buffer }));
  };
  const socket: ScriptedSocket = {
    binaryType: "blob",
    bufferedAmount: 0,
    answering: true,
    sent,
    get readyState() {
      return readyState;
    },
    get closed() {
      return readyState >= 2;
    },
    addEventListener: (type, listener) => events.addEventListener(type, listener),
    send(data) {
      const text = new TextDecoder().decode(data);
      sent.push(text);
      const pings = text.split("PING\r\n").length - 1;
      if (socket.answering && pings > 0) socket.say("PONG\r\n".repeat(pings));
    },
    close() {
      readyState = 2; // the closing handshake of a silent peer does not end
    },
    say(text) {
      // A turn of its own, as with real sockets: the client's listeners come later than its dial.
      setImmediate(() => deliver(text));
    },
    greet(info = {}) {
      readyState = 1;
      const said = { version: "2.9.10", max_payload: 1024, headers: true, ...info };
      socket.say(`INFO ${JSON.stringify(said)}\r\n`);
    },
    breakOff(lastWords) {
      readyState = 3;
      setImmediate(() => {
        if (lastWords !== undefined) deliver(lastWords);
        events.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
      });
    },
  };
  if (greets) setImmediate(() => socket.greet());
  return socket;
}
