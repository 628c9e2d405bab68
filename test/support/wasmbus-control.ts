/** A client of the 0.82 control interface, by hand: subjects and JSON as `wash` of that time sends them. */
import type { LatticeHost } from "./lattice-host.ts";
import type { Listener, NativePeer } from "./native-peer.ts";

import { eventOf } from "./lattice-events.ts";

export interface ControlClient {
  /** `wasmbus.ctl.{lattice}.{tail}`. */
  readonly ask: (tail: string, body?: unknown) => Promise<unknown>;
  /** A command to a host. */
  readonly command: (
    node: Pick<LatticeHost, "id">,
    name: string,
    body: unknown,
  ) => Promise<unknown>;
  /** Events on their own subjects. */
  readonly events: () => Promise<Listener>;
}

export const ACCEPTED = { accepted: true, error: "" };

export function controlClient(peer: NativePeer, lattice: string): ControlClient {
  const ask = (tail: string, body?: unknown): Promise<unknown> =>
    peer.ask(`wasmbus.ctl.${lattice}.${tail}`, body);
  return {
    ask,
    command: ({ id }, name, body) => ask(`cmd.${id}.${name}`, body),
    events: () => peer.listen(`wasmbus.evt.${lattice}.*`),
  };
}

/** What the next event of this type, by this host, tells. */
export async function told(
  heard: Listener,
  type: string,
  node: Pick<LatticeHost, "id">,
  wanted: (data: object) => boolean = () => true,
): Promise<unknown> {
  const mine = eventOf(type, node.id);
  const event = await heard.next((json) => mine(json) && wanted(dataOf(json)));
  return dataOf(event);
}

function dataOf(event: unknown): object {
  if (typeof event !== "object" || event === null || !("data" in event)) return {};
  return typeof event.data === "object" && event.data !== null ? event.data : {};
}
