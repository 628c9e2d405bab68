/** What calls cost a node's connections, by the server's own count (`/connz` of nats-server's monitoring). */
import type { Ask } from "./callers.ts";
import { round } from "./statistics.ts";

/** Per call. Bytes are those of payloads and headers: the server counts no subjects and no frames. */
export interface Traffic {
  readonly messages: number;
  readonly bytes: number;
}

interface Connection {
  readonly name?: string;
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly in_bytes: number;
  readonly out_bytes: number;
}

const CALLS = 100;

/** Asks some times, with nobody else on the connections `name`: a tab has two of one name. */
export async function trafficOf(monitoring: string, name: string, ask: Ask): Promise<Traffic> {
  const before = await look(monitoring, name);
  for (let call = 0; call < CALLS; call++) await ask();
  const after = await look(monitoring, name);
  return {
    messages: round((messagesOf(after) - messagesOf(before)) / CALLS),
    bytes: Math.round((bytesOf(after) - bytesOf(before)) / CALLS),
  };
}

async function look(monitoring: string, name: string): Promise<readonly Connection[]> {
  const response = await fetch(`${monitoring}/connz?limit=1000`, {
    signal: AbortSignal.timeout(5_000),
  });
  const { connections } = (await response.json()) as { connections: readonly Connection[] };
  const found = connections.filter((each) => each.name === name);
  if (found.length === 0) throw new Error(`no connection is called "${name}"`);
  return found;
}

function messagesOf(connections: readonly Connection[]): number {
  return connections.reduce((sum, { in_msgs, out_msgs }) => sum + in_msgs + out_msgs, 0);
}

function bytesOf(connections: readonly Connection[]): number {
  return connections.reduce((sum, { in_bytes, out_bytes }) => sum + in_bytes + out_bytes, 0);
}
