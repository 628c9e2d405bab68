/**
 * A native host as other members see it: it answers pings and inventories, tells of itself, and is in the lattice-wide
 * queue groups (wasmCloud `crates/host/src/wasmbus/mod.rs` @ v1.9.2). It runs nothing, but says what a test makes it say.
 */
import type { NativePeer } from "./native-peer.ts";

import { testHostId } from "./lattice-host.ts";

export interface NativeHost extends AsyncDisposable {
  readonly id: string;
  /** Subjects of lattice-wide requests that it has answered. */
  readonly answered: readonly string[];
  /** How often it was pinged. */
  readonly pinged: () => number;
  /** Says that it runs `id` by this many at once from now on; 0: no more. */
  scale(id: string, maxInstances: number): Promise<void>;
  /** Says that it has started a provider. */
  startProvider(id: string): Promise<void>;
  /** Says that the health of a provider has changed. */
  tellHealth(id: string, healthy: boolean): Promise<void>;
  /** Says all of itself, as each 30 s. */
  beat(): Promise<void>;
  /** Answers nothing any more, without a word. */
  die(): Promise<void>;
  /** Says goodbye and answers nothing any more, without closing the peer's connection. */
  [Symbol.asyncDispose](): Promise<void>;
}

const LINUX = {
  "hostcore.arch": "x86_64",
  "hostcore.os": "linux",
  "hostcore.osfamily": "unix",
};

export async function startNativeHost(
  { nats }: NativePeer,
  lattice: string,
  labels: Readonly<Record<string, string>> = LINUX,
): Promise<NativeHost> {
  const id = testHostId();
  const answered: string[] = [];
  let pings = 0;
  const components: {
    id: string;
    image_ref: string;
    max_instances: number;
    annotations: object;
  }[] = [];
  const providers: { id: string; image_ref: string; annotations: object }[] = [];
  const inventory = {
    components,
    providers,
    host_id: id,
    friendly_name: "solid-rock-0002",
    labels,
    version: "1.9.2",
    uptime_human: "10s",
    uptime_seconds: 10,
  };
  const reply = (response: unknown): string =>
    JSON.stringify({ success: true, message: "", ...(response === undefined ? {} : { response }) });
  const announce = (event: string, data: object): void =>
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
  const at = (tail: string): string => `wasmbus.ctl.v1.${lattice}.${tail}`;
  const shared = (tail: string, group: string, response: unknown) =>
    nats.subscribe(at(tail), {
      queue: at(group),
      callback: (_, message) => {
        answered.push(message.subject);
        message.respond(reply(response));
      },
    });
  const subscriptions = [
    nats.subscribe(at("host.ping"), {
      callback: (_, message) => {
        pings++;
        const { host_id: _1, components: _2, providers: _3, ...host } = inventory;
        message.respond(reply({ ...host, id, lattice, ctl_host: "nats://10.0.0.1:4222" }));
      },
    }),
    nats.subscribe(at(`host.get.${id}`), {
      callback: (_, message) => void message.respond(reply(inventory)),
    }),
    shared("link.*", "link", []),
    shared("claims.get", "claims", []),
    shared("config.>", "config", undefined),
  ];
  await nats.flush();
  announce("host_started", {
    friendly_name: inventory.friendly_name,
    labels,
    uptime_seconds: 0,
    version: inventory.version,
  });
  await nats.flush();
  const tell = async (event: string, data: object): Promise<void> => {
    announce(event, data);
    await nats.flush();
  };
  const die = async (): Promise<void> => {
    for (const subscription of subscriptions) subscription.unsubscribe();
    await nats.flush();
  };
  return {
    id,
    answered,
    pinged: () => pings,
    async scale(component, maxInstances) {
      const at = components.findIndex((each) => each.id === component);
      if (at !== -1) components.splice(at, 1);
      const annotations = { "wasmcloud.dev/managed-by": "wadm" };
      const image_ref = `registry.example/${component}:1.0.0`;
      const entry = { id: component, image_ref, max_instances: maxInstances, annotations };
      if (maxInstances > 0) components.push(entry);
      const { id: component_id, ...rest } = entry;
      await tell("component_scaled", { ...rest, component_id, host_id: id });
    },
    async startProvider(provider) {
      const entry = {
        id: provider,
        image_ref: `registry.example/${provider}:2.0.0`,
        annotations: {},
      };
      providers.push(entry);
      const { id: provider_id, ...rest } = entry;
      await tell("provider_started", { ...rest, provider_id, host_id: id });
    },
    tellHealth: (provider_id, healthy) =>
      tell(healthy ? "health_check_passed" : "health_check_failed", { host_id: id, provider_id }),
    beat: () => tell("host_heartbeat", inventory),
    die,
    async [Symbol.asyncDispose]() {
      announce("host_stopped", { labels });
      await die();
    },
  };
}
