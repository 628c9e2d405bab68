/** A TCP proxy that is a bad network: slow, silent, lossy or cut, each direction by itself, switchable while in use. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./launch-nats.ts";

/** `up`: from client to server. */
export type Direction = "up" | "down";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: number;
  /** Connections that are open. */
  readonly open: number;
  /** Bytes passed on so far. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Holds each chunk back for `ms`, in one direction or both. */
  delay(ms: number, direction?: Direction): void;
  /** Reads nothing more, so that the sender's buffers fill; all stays open. New connections are taken and stalled too. */
  stall(direction?: Direction): void;
  /** Reads and throws away. */
  drop(direction?: Direction): void;
  /** Ends one direction with a FIN and leaves the other one as it is. */
  cut(direction: Direction): void;
  /** Ends stalling, dropping and delays. */
  resume(): void;
  /** Closes all connections with a RST. */
  reset(): void;
  /** Closes all connections and takes none until {@link TcpProxy.accept}. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Resolves with the next connection. */
  nextConnection(signal: AbortSignal): Promise<void>;
}

type Mode = "pass" | "stall" | "drop";

interface Pipe {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  apply(): void;
}

/** Passes connections to a free port of its own on to `targetPort`, both on loopback. */
export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const mode: Record<Direction, Mode> = { up: "pass", down: "pass" };
  const delayMs: Record<Direction, number> = { up: 0, down: 0 };
  const bytes: Record<Direction, number> = { up: 0, down: 0 };
  const pipes = new Set<Pipe>();
  const port = await freePort();
  let connections = 0;

  const both = (direction: Direction | undefined, set: (direction: Direction) => void): void => {
    for (const each of direction === undefined ? (["up", "down"] as const) : [direction]) set(each);
    for (const pipe of pipes) pipe.apply();
  };
  const openPipe = (direction: Direction, from: Socket, to: Socket): Pipe => {
    let last = Promise.resolve();
    const pass = (chunk: Buffer): void => {
      bytes[direction] += chunk.length;
      if (!to.destroyed && !to.writableEnded) to.write(chunk);
    };
    from.on("data", (chunk: Buffer) => {
      if (mode[direction] === "drop") return;
      const due = performance.now() + delayMs[direction];
      if (due <= performance.now()) return void (last = last.then(() => pass(chunk)));
      last = last.then(() => until(due)).then(() => pass(chunk));
    });
    from.on("end", () => void (last = last.then(() => void to.end())));
    const apply = (): void => {
      if (mode[direction] === "stall") from.pause();
      else from.resume();
    };
    apply();
    return { direction, from, to, apply };
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections++;
    const upstream = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const ends = [openPipe("up", client, upstream), openPipe("down", upstream, client)];
    for (const pipe of ends) pipes.add(pipe);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      const other = socket === client ? upstream : client;
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        for (const pipe of ends) pipes.delete(pipe);
        other.destroy();
      });
    }
  });
  const listen = async (): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const ended = once(server, "close");
    server.close();
    for (const { from } of pipes) from.destroy();
    await ended;
  };

  await listen();
  return {
    port,
    bytes,
    refuse,
    get connections() {
      return connections;
    },
    get open() {
      return pipes.size / 2;
    },
    delay: (ms, direction) => both(direction, (each) => (delayMs[each] = ms)),
    stall: (direction) => both(direction, (each) => (mode[each] = "stall")),
    drop: (direction) => both(direction, (each) => (mode[each] = "drop")),
    resume() {
      both(undefined, (each) => {
        mode[each] = "pass";
        delayMs[each] = 0;
      });
    },
    cut(direction) {
      for (const pipe of pipes) if (pipe.direction === direction) pipe.to.end();
    },
    reset() {
      for (const { from } of pipes) from.resetAndDestroy();
    },
    async accept() {
      if (!server.listening) await listen();
    },
    async nextConnection(signal) {
      await once(server, "connection", { signal });
    },
    [Symbol.asyncDispose]: refuse,
  };
}

const until = (due: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
