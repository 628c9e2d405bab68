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

export interface NativeV0Host extends AsyncDisposable {
  readonly id: string;
  /** Subjects of lattice-wide requests that it has answered. */
  readonly answered: readonly string[];
}

/** A native host of 0.82 as others see it: it answers pings and is in the lattice-wide queue groups. It runs nothing. */
export async function startNativeV0Host(
  { nats }: NativePeer,
  lattice: string,
  id: string,
): Promise<NativeV0Host> {
  const at = (tail: string): string => `wasmbus.ctl.${lattice}.${tail}`;
  const answered: string[] = [];
  const labels = { "hostcore.arch": "x86_64", "hostcore.os": "linux", "hostcore.osfamily": "unix" };
  const say = (name: string, data: object): void =>
    nats.publish(
      `wasmbus.evt.${lattice}.${name}`,
      JSON.stringify({ type: `com.wasmcloud.lattice.${name}`, source: id, data }),
    );
  const shared = (subject: string, queue: string) =>
    nats.subscribe(at(subject), {
      queue: at(queue),
      callback: (_, message) => {
        answered.push(message.subject);
        message.respond(JSON.stringify({ links: [], claims: [] }));
      },
    });
  const subscriptions = [
    nats.subscribe(at("ping.hosts"), {
      callback: (_, message) => void message.respond(JSON.stringify({ id, labels, lattice })),
    }),
    nats.subscribe(at(`get.${id}.inv`), {
      callback: (_, message) => void message.respond(JSON.stringify({ host_id: id })),
    }),
    shared("linkdefs.*", "linkdefs"),
    shared("get.*", "get"),
    shared("config.>", "config"),
    shared("get.config.>", "get.config"),
  ];
  await nats.flush();
  say("host_started", { labels, friendly_name: "solid-rock-0002", uptime_seconds: 0 });
  await nats.flush();
  return {
    id,
    answered,
    async [Symbol.asyncDispose]() {
      say("host_stopped", { labels });
      for (const subscription of subscriptions) subscription.unsubscribe();
      await nats.flush();
    },
  };
}
