/** As little of a NATS client as shows that a server is at the other end. */
import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

export interface Spoken {
  readonly info: Readonly<Record<string, unknown>>;
  readonly pong: string;
  /** Lengths of the WebSocket messages that came in. */
  readonly frames: readonly number[];
}

/** Connects, says CONNECT, `say` and PING, and waits for PONG. */
export async function speakNats(
  url: string,
  { say = "", ...options }: ClientOptions & { readonly say?: string } = {},
): Promise<Spoken> {
  const socket = new WebSocket(url, { handshakeTimeout: 5_000, ...options });
  const frames: number[] = [];
  let heard = "";
  const ponged = new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer, binary) => {
      if (!binary) reject(new Error("NATS speaks in binary frames"));
      frames.push(data.length);
      if (heard === "") socket.send(Buffer.from(`CONNECT {"verbose":false}\r\n${say}PING\r\n`));
      heard += data.toString("latin1");
      if (heard.endsWith("PONG\r\n")) resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed after: ${heard}`)));
  });
  try {
    await ponged;
    const info: unknown = JSON.parse(/^INFO (\{.*?\})\s*\r\n/.exec(heard)?.[1] ?? "null");
    if (typeof info !== "object" || info === null) throw new Error(`no INFO in: ${heard}`);
    return { info: { ...info }, pong: heard.slice(-6).trim(), frames };
  } finally {
    socket.terminate();
  }
}

/** The status with which a WebSocket handshake is answered. */
export async function handshake(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const socket = new WebSocket(url, { headers: { ...headers }, handshakeTimeout: 5_000 });
  socket.on("error", () => {
    // The refusal itself; the response before it is what counts.
  });
  const [first] = await Promise.race([
    once(socket, "upgrade").then(() => [101]),
    once(socket, "unexpected-response").then(([, response]) => [response.statusCode]),
  ]);
  socket.terminate();
  return first;
}
