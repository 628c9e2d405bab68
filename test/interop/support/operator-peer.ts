/** The peer that reads and writes as wasmCloud v2's operator does: `go/operator`, asked line by line. */
import type { PeerProcess } from "./peer-process.ts";

import { startServing } from "./peer-process.ts";
import { goPeer } from "./places.ts";

/** What it says of a message. */
export interface Told {
  readonly subject?: unknown;
  /** What went out, as it was written. */
  readonly sent?: unknown;
  /** What came in, as Go writes it again. */
  readonly message?: unknown;
  /** Why it was not taken, or did not come. */
  readonly problem?: unknown;
}

export interface OperatorPeer extends AsyncDisposable {
  /** Sends a command to a host; the request is written by Go. */
  command(host: string, name: string, request?: object): Promise<Told>;
  /** Has a message of this type read and written again. */
  transcode(type: string, request: unknown): Promise<Told>;
  /** The first heartbeat of a host, past or to come. */
  heartbeat(host: string): Promise<Told>;
  /** All heartbeats so far. */
  heartbeats(): readonly Told[];
}

/** Connected to the server at `url` (`nats://…`). */
export async function startOperatorPeer(url: string): Promise<OperatorPeer> {
  const peer: PeerProcess = await startServing(goPeer("operator"), [url]);
  let asked = 0;
  const ask = (question: object): Promise<Told> => {
    const n = ++asked;
    peer.send(JSON.stringify({ n, ...question }));
    return peer.next((line) => line["n"] === n);
  };
  return {
    command: (host, name, request = {}) => ask({ do: name, host, request }),
    transcode: (type, request) => ask({ do: "transcode", type, request }),
    heartbeat: (host) =>
      peer.next(({ subject }: Told) => subject === `runtime.operator.heartbeat.${host}`),
    heartbeats: () => peer.lines.filter(({ subject }: Told) => typeof subject === "string"),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
