/**
 * Publishing at a lower cost than nats.ws 1.30.3 has: it encodes each line into an array of its own and copies all parts
 * together at the end of the turn (`protocol.ts`, `publish` and `flushPending`). A call by wRPC is answered with three small
 * messages, of which that is most of the work; of a stream each byte would leave two arrays behind. Here messages are
 * written into one buffer, which the socket takes as it is.
 */
import type { MsgHdrs, NatsConnection, PublishOptions } from "nats.ws";
import type { NatsSocket } from "./nats-socket.ts";

/** What is used of the library's inside; its version is fixed in package.json. */
interface Protocol {
  /** What the library has not sent yet. */
  readonly outbound: { size(): number };
  flushPending(): void;
  sendCommand(command: string | Uint8Array, ...payloads: Uint8Array[]): void;
  /** Sends a PING past `sendCommand`. */
  flush(...pong: unknown[]): Promise<void>;
}

/** Larger messages leave by the library's own way. Two of a stream fit. */
const CAPACITY_BYTES = 132 * 1024;
/** Most connections never send more in one turn. */
const FIRST_CAPACITY_BYTES = 16 * 1024;
/** Verb, spaces, two numbers and line ends. */
const LINE_BYTES = 64;
const NO_HEADERS = new Uint8Array(0);
const CRLF = "\r\n";

/** Changes how `connection` publishes, and nothing else: not what is sent, nor in which order with other commands. */
export function publishInBatches(
  connection: NatsConnection,
  socket: Pick<NatsSocket, "sendCopy">,
): void {
  const protocol = protocolOf(connection);
  if (protocol === undefined) return;
  const publishOne = connection.publish.bind(connection);
  const sendCommand = protocol.sendCommand.bind(protocol);
  const flushLibrary = protocol.flush.bind(protocol);
  const encoder = new TextEncoder();
  let buffer = new Uint8Array(FIRST_CAPACITY_BYTES);
  let at = 0;

  const flush = (): void => {
    if (at === 0) return;
    const batch = buffer.subarray(0, at);
    at = 0;
    // What the library was given before goes before.
    protocol.flushPending();
    if (protocol.outbound.size() === 0) socket.sendCopy(batch);
    else sendCommand(batch.slice());
  };
  const write = (text: string): void => {
    at += encoder.encodeInto(text, at === 0 ? buffer : buffer.subarray(at)).written;
  };
  const copy = (bytes: Uint8Array): void => {
    buffer.set(bytes, at);
    at += bytes.length;
  };
  const room = (most: number): void => {
    if (at + most > CAPACITY_BYTES) flush();
    if (at === 0) queueMicrotask(flush);
    if (at + most <= buffer.length) return;
    const grown = new Uint8Array(Math.min(CAPACITY_BYTES, Math.max(at + most, buffer.length * 2)));
    grown.set(buffer.subarray(0, at));
    buffer = grown;
  };

  // Commands of the library, such as SUB and PING, leave behind what was published before.
  protocol.sendCommand = (...command) => {
    flush();
    sendCommand(...command);
  };
  protocol.flush = (...pong) => {
    flush();
    return flushLibrary(...pong);
  };
  connection.publish = (subject, data, options: PublishOptions = {}) => {
    const { headers, reply = "" } = options;
    const head = headers === undefined ? NO_HEADERS : bytesOf(headers);
    // The library knows what to throw on a connection that is closed, and how to take other kinds of data.
    const plain = data instanceof Uint8Array && !connection.isClosed() && !connection.isDraining();
    const bytes = head.length + (data?.length ?? 0);
    // UTF-8 takes at most three bytes for each unit of a string.
    const most = bytes + 3 * (subject.length + reply.length) + LINE_BYTES;
    if (!plain || most > CAPACITY_BYTES) return publishOne(subject, data, options);
    room(most);
    const to = reply === "" ? subject : `${subject} ${reply}`;
    if (headers === undefined) {
      if (bytes === 0) return write(`PUB ${to} 0${CRLF}${CRLF}`);
      write(`PUB ${to} ${bytes}${CRLF}`);
    } else {
      write(`HPUB ${to} ${head.length} ${bytes}${CRLF}`);
      copy(head);
    }
    copy(data);
    write(CRLF);
  };
}

function bytesOf(headers: MsgHdrs): Uint8Array {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library's own headers have this too, untyped
  return (headers as unknown as { encode(): Uint8Array }).encode();
}

/** `undefined` if the library is not the one that this was written for. */
function protocolOf(connection: NatsConnection): Protocol | undefined {
  const protocol: unknown = Reflect.get(connection, "protocol");
  if (typeof protocol !== "object" || protocol === null) return undefined;
  const { flush, flushPending, outbound, sendCommand } = protocol as Partial<Protocol>;
  const known =
    [flush, flushPending, sendCommand].every((each) => typeof each === "function") &&
    typeof outbound === "object" &&
    "size" in outbound;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has what is used
  return known ? (protocol as Protocol) : undefined;
}
