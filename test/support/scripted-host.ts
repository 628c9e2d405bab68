/**
 * A native host as other members see it, played by hand: it answers pings and holds the lattice-wide groups, and tells of
 * its start and end.
 */
import type { NativePeer } from "./native-peer.ts";

export interface ScriptedHost {
  readonly id: string;
  /** Subjects of the lattice-wide groups that it answered, in order. */
  readonly answered: readonly string[];
  /** How often it was pinged. */
  readonly pinged: () => number;
  /** Says goodbye and is gone. */
  stop(): Promise<void>;
}

export async function startScriptedHost(
  peer: NativePeer,
  lattice = "default",
  labels: Readonly<Record<string, string>> = { "hostcore.os": "linux", "hostcore.arch": "x86_64" },
): Promise<ScriptedHost> {
  const id = `N${crypto
    .randomUUID()
    .replaceAll("-", "")
    .toUpperCase()
    .replaceAll(/[0189]/g, "A")
    .padEnd(55, "A")}`;
  const { nats } = peer;
  const prefix = `wasmbus.ctl.v1.${lattice}`;
  const answered: string[] = [];
  let pings = 0;
  const send = (reply: string | undefined, value: object): void => {
    if (reply !== undefined && reply !== "") nats.publish(reply, JSON.stringify(value));
  };
  const tell = (event: string, data: object): void =>
    nats.publish(
      `wasmbus.evt.${lattice}.${event}`,
      JSON.stringify({
        specversion: "1.0",
        id: crypto.randomUUID(),
        source: id,
        type: `com.wasmcloud.lattice.${event}`,
        time: new Date().toISOString(),
        datacontenttype: "application/json",
        data,
      }),
    );
  const host = {
    id,
    friendly_name: "wispy-river-0001",
    labels,
    lattice,
    uptime_human: "5s",
    uptime_seconds: 5,
    version: "1.9.2",
    ctl_host: "nats://127.0.0.1:4222",
    rpc_host: "nats://127.0.0.1:4222",
  };
  const subscriptions = [
    nats.subscribe(`${prefix}.host.ping`, {
      callback: (_, message) => {
        pings++;
        send(message.reply, { success: true, message: "", response: host });
      },
    }),
    nats.subscribe(`${prefix}.host.get.${id}`, {
      callback: (_, message) =>
        send(message.reply, {
          success: true,
          message: "",
          response: { components: [], providers: [] },
        }),
    }),
    ...[
      { subject: "link.*", queue: "link" },
      { subject: "config.>", queue: "config" },
      { subject: "claims.get", queue: "claims" },
    ].map(({ subject, queue }) =>
      nats.subscribe(`${prefix}.${subject}`, {
        queue: `${prefix}.${queue}`,
        callback: (_, message) => {
          answered.push(message.subject.slice(prefix.length + 1));
          send(message.reply, { success: true, message: "answered by a native host" });
        },
      }),
    ),
  ];
  await nats.flush();
  tell("host_started", {
    friendly_name: host.friendly_name,
    labels,
    uptime_seconds: 0,
    version: "1.9.2",
  });
  await nats.flush();
  return {
    id,
    answered,
    pinged: () => pings,
    async stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
      tell("host_stopped", { labels });
      await nats.flush();
    },
  };
}
