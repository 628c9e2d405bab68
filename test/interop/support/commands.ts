/** Commands to a peer: each a JSON array on a line of its standard input, answered by one line, `{"did": NAME, …}`. */
import type { PeerProcess } from "./peer-process.ts";

/** @throws what the peer says. */
export type RunCommand = <T>(name: string, ...args: readonly unknown[]) => Promise<T>;

/** One command at a time, in the order in which they are given. */
export function commandsOf(peer: PeerProcess): RunCommand {
  let seen = peer.lines.length;
  let last: Promise<unknown> = Promise.resolve();
  const run = async <T>(command: readonly unknown[]): Promise<T> => {
    const from = seen;
    peer.send(JSON.stringify(command));
    const answer = await peer.next((line) => "did" in line && peer.lines.indexOf(line) >= from);
    seen = peer.lines.indexOf(answer) + 1;
    if (typeof answer["error"] === "string") throw new Error(answer["error"]);
    return answer["value"] as T;
  };
  return <T>(...command: readonly unknown[]): Promise<T> => {
    const next = last.then(() => run<T>(command));
    last = next.catch(() => undefined);
    return next;
  };
}
