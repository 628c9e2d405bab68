/**
 * A TCP connection to a NATS server, up to its first line: TLS starts after that, if it does. What follows is the
 * same stream of bytes that WebSocket listeners carry in binary frames.
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { LatticeError } from "../core/error.ts";
import { addressOf, serverName } from "./pass-through.ts";

/** INFO of a big cluster lists its members; more than this is no NATS server. */
const MAX_INFO_BYTES = 256 * 1024;

export interface NatsStream {
  readonly socket: Socket;
  /** The server's INFO line, without what leads past the bridge. */
  readonly info: Buffer;
}

/**
 * A connection whose INFO was read, in TLS if the server or the URL wants it.
 *
 * @throws {LatticeError} `bad-message` if no NATS server speaks there.
 */
export async function openNats(url: URL, signal: AbortSignal): Promise<NatsStream> {
  const address = addressOf(url, 4222);
  const plain = connectTcp(address);
  plain.setNoDelay(true);
  plain.setKeepAlive(true, 30_000);
  plain.on("error", () => {
    // Whoever reads at that moment hears it; without any listener it would end the process.
  });
  const abort = (): unknown => plain.destroy(asError(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const { fields, rest } = await readInfo(plain);
    const secure = url.protocol === "tls:" || fields["tls_required"] === true;
    if (!secure) return { socket: plain, info: infoLine(fields, rest) };
    const socket = connectTls({ socket: plain, host: address.host, ...serverName(address.host) });
    await once(socket, "secureConnect");
    return { socket, info: infoLine(fields, rest) };
  } catch (error) {
    plain.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

type Info = Readonly<Record<string, unknown>>;

async function readInfo(socket: Socket): Promise<{ readonly fields: Info; readonly rest: Buffer }> {
  let gathered: Buffer = Buffer.alloc(0);
  while (gathered.length < MAX_INFO_BYTES) {
    // oxlint-disable-next-line no-await-in-loop -- one stream, read in order
    gathered = Buffer.concat([gathered, await readChunk(socket)]);
    const end = gathered.indexOf("\r\n");
    if (end === -1) continue;
    const line = gathered.subarray(0, end).toString();
    return { fields: parseInfo(line), rest: gathered.subarray(end + 2) };
  }
  throw notNats("no line ended");
}

/** The next bytes; the socket stays paused after them, so that TLS can take over or a pipe can follow. */
async function readChunk(socket: Socket): Promise<Buffer> {
  for (;;) {
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) return chunk;
    if (socket.readableEnded || socket.destroyed) {
      throw socket.errored ?? notNats("the connection was closed");
    }
    // oxlint-disable-next-line no-await-in-loop -- one stream, read in order
    await Promise.race([once(socket, "readable"), once(socket, "end"), once(socket, "close")]);
  }
}

function parseInfo(line: string): Info {
  const json = /^INFO\s+(\{.*\})\s*$/.exec(line)?.[1];
  if (json === undefined) throw notNats(`it began with "${line.slice(0, 40)}"`);
  try {
    const fields: unknown = JSON.parse(json);
    return typeof fields === "object" && fields !== null ? { ...fields } : {};
  } catch (cause) {
    throw new LatticeError("bad-message", "INFO is no JSON", { cause });
  }
}

/** TLS is the bridge's affair, and other members of a cluster cannot be dialled from a page by their TCP addresses. */
function infoLine(fields: Info, rest: Buffer): Buffer {
  const hidden = ["tls_required", "tls_verify", "tls_available", "connect_urls", "ws_connect_urls"];
  const shown = Object.entries(fields).filter(([name]) => !hidden.includes(name));
  return Buffer.concat([
    Buffer.from(`INFO ${JSON.stringify(Object.fromEntries(shown))}\r\n`),
    rest,
  ]);
}

function notNats(why: string): LatticeError {
  return new LatticeError("bad-message", `no NATS server speaks there: ${why}`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
