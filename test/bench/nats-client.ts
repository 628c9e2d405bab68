/**
 * A NATS client over TCP with next to no cost of its own: what is measured is to be the other side. It speaks core
 * NATS without headers of its own, never reconnects, and copies nothing that it receives.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Received {
  readonly subject: string;
  readonly reply: string | undefined;
  /** A view of the connection's buffer. */
  readonly data: Buffer;
  /** True for the server's word that nobody subscribes to what was asked. */
  readonly nobody: boolean;
}

export interface NatsClient extends AsyncDisposable {
  publish(subject: string, data: Uint8Array, reply?: string): void;
  subscribe(subject: string, receive: (message: Received) => void): void;
  /** Resolves when the server has processed all that was sent before. */
  flush(): Promise<void>;
  /** A subject that nobody else uses, without a dot at its end. */
  newInbox(): string;
}

const LINE_END = Buffer.from("\r\n");
const LINE_FEED = 10;
const ANSWER_LIMIT_MS = 10_000;

/** Connects to `url` (`nats://host:port`). A connection that fails later ends the process: a figure would be wrong. */
export async function connectNats(url: string, name: string): Promise<NatsClient> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect", { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  let closing = false;
  socket.on("close", () => {
    if (!closing) throw new Error(`the server closed the connection of ${name}`);
  });

  const receivers = new Map<string, (message: Received) => void>();
  const pongs: (() => void)[] = [];
  const write = batching(socket);
  const options = { name, verbose: false, pedantic: false, headers: true, no_responders: true };
  write(Buffer.from(`CONNECT ${JSON.stringify({ ...options, protocol: 1, lang: "bench" })}\r\n`));
  socket.on(
    "data",
    createReader({
      message: (id, message) => receivers.get(id)?.(message),
      line(line) {
        if (line === "PING") write(Buffer.from("PONG\r\n"));
        else if (line === "PONG") pongs.shift()?.();
        else if (line.startsWith("-ERR")) throw new Error(`the server told ${name}: ${line}`);
      },
    }),
  );
  const flush = async (): Promise<void> => {
    write(Buffer.from("PING\r\n"));
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("no PONG in time")), ANSWER_LIMIT_MS);
      pongs.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  };
  await flush();
  return {
    publish(subject, data, reply) {
      const to = reply === undefined ? "" : ` ${reply}`;
      write(Buffer.from(`PUB ${subject}${to} ${data.length}\r\n`, "latin1"), data, LINE_END);
    },
    subscribe(subject, receive) {
      const id = String(receivers.size + 1);
      receivers.set(id, receive);
      write(Buffer.from(`SUB ${subject} ${id}\r\n`));
    },
    flush,
    newInbox: () => `_INBOX.bench.${crypto.randomUUID()}`,
    async [Symbol.asyncDispose]() {
      closing = true;
      socket.destroy();
      if (!socket.closed) await once(socket, "close");
    },
  };
}

/** Gives what is written in one turn of the event loop to the system in one piece. */
function batching(socket: Socket): (...parts: readonly Uint8Array[]) => void {
  let corked = false;
  return (...parts) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    for (const part of parts) socket.write(part);
  };
}

interface Heard {
  message(id: string, message: Received): void;
  line(line: string): void;
}

/** Takes the protocol apart, whatever chunks it comes in. */
function createReader(heard: Heard): (chunk: Buffer) => void {
  let left: Buffer | undefined;
  let wanted = 0;
  return (chunk) => {
    const bytes = left === undefined ? chunk : Buffer.concat([left, chunk]);
    left = undefined;
    if (bytes.length < wanted) {
      left = bytes;
      return;
    }
    wanted = 0;
    let at = 0;
    while (at < bytes.length) {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end === -1) break;
      const line = bytes.toString("latin1", at, end - 1);
      const kind = line.startsWith("MSG ") ? 0 : line.startsWith("HMSG ") ? 1 : undefined;
      if (kind === undefined) {
        heard.line(line);
        at = end + 1;
        continue;
      }
      // MSG subject id [reply] size; HMSG has the size of its headers before the size of all.
      const words = line.split(" ");
      const size = Number(words.at(-1));
      const headers = kind === 1 ? Number(words.at(-2)) : 0;
      const start = end + 1;
      if (start + size + 2 > bytes.length) {
        wanted = start - at + size + 2;
        break;
      }
      heard.message(words[2] ?? "", {
        subject: words[1] ?? "",
        reply: words.length === 5 + kind ? words[3] : undefined,
        data: bytes.subarray(start + headers, start + size),
        nobody: headers > 0 && bytes.toString("latin1", start, start + 12) === "NATS/1.0 503",
      });
      at = start + size + 2;
    }
    if (at < bytes.length) left = bytes.subarray(at);
  };
}
