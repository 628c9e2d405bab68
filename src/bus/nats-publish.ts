/**
 * Publishing at a lower cost per message than nats.ws 1.30.3 has: it encodes each line into an array of its own and
 * copies all parts together at the end of the turn (`protocol.ts`, `publish` and `flushPending`). A call by wRPC is
 * answered with three small messages, of which that is most of the work. Here they are written into one buffer, which
 * the library gets as one command.
 */
import type { MsgHdrs, NatsConnection, PublishOptions } from "nats.ws";

/** What is used of the library's inside; its version is fixed in package.json. */
interface Protocol {
  sendCommand(command: string | Uint8Array, ...payloads: Uint8Array[]): void;
  /** Sends a PING past `sendCommand`. */
  flush(...pong: unknown[]): Promise<void>;
}

/** Larger ones leave by the library's own way: for them the second copy would cost more than it saves. */
const SMALL_BYTES = 8 * 1024;
const CAPACITY_BYTES = 64 * 1024;
const NO_HEADERS = new Uint8Array(0);
const CRLF = "\r\n";

/** Changes how `connection` publishes, and nothing else: not what is sent, nor in which order with other commands. */
export function publishInBatches(connection: NatsConnection): void {
  const protocol = protocolOf(connection);
  if (protocol === undefined) return;
  const publishOne = connection.publish.bind(connection);
  const sendCommand = protocol.sendCommand.bind(protocol);
  const flushLibrary = protocol.flush.bind(protocol);
  const encoder = new TextEncoder();
  const buffer = new Uint8Array(CAPACITY_BYTES);
  let at = 0;

  const flush = (): void => {
    if (at === 0) return;
    const batch = buffer.slice(0, at);
    at = 0;
    sendCommand(batch);
  };
  const write = (text: string): void => {
    at += encoder.encodeInto(text, at === 0 ? buffer : buffer.subarray(at)).written;
  };
  const copy = (bytes: Uint8Array): void => {
    buffer.set(bytes, at);
    at += bytes.length;
  };
  const room = (subject: string, reply: string, bytes: number): void => {
    // UTF-8 takes at most three bytes for each unit of a string.
    if (at + 3 * (subject.length + reply.length) + bytes + 64 > CAPACITY_BYTES) flush();
    if (at === 0) queueMicrotask(flush);
  };
  const isLarge = (subject: string, reply: string, bytes: number): boolean =>
    bytes + 3 * (subject.length + reply.length) > SMALL_BYTES;

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
    if (!plain || isLarge(subject, reply, bytes)) return publishOne(subject, data, options);
    room(subject, reply, bytes);
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
  const { flush, sendCommand } = protocol as Partial<Protocol>;
  const known = typeof flush === "function" && typeof sendCommand === "function";
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has the two methods that are used
  return known ? (protocol as Protocol) : undefined;
}
