/**
 * wadm as hosts see it: reads events as strictly as wadm does, commands whatever host has the labels, and waits for the
 * one event that its command must lead to (wasmCloud/wadm `crates/wadm/src/{events,scaler,workers}` @ v0.21.1).
 */
import type { NativePeer } from "./native-peer.ts";

import { list } from "../../src/wire/shape.ts";
import { linkShape, replyShape } from "./control-replies.ts";
import { readConfig, readWadmEvent } from "./wadm-events.ts";

export interface Manifest {
  readonly name: string;
  readonly components: readonly ManifestComponent[];
}

export interface ManifestComponent {
  readonly id: string;
  readonly image: string;
  /** Configuration with its values. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly spread: readonly Spread[];
  readonly links?: readonly ManifestLink[];
}

export interface Spread {
  readonly name: string;
  readonly instances: number;
  /** Labels that a host must have, all with exactly these values. */
  readonly requirements: Readonly<Record<string, string>>;
}

export interface ManifestLink {
  readonly target: string;
  readonly namespace: string;
  readonly package: string;
  readonly interfaces: readonly string[];
}

export interface Wadm extends AsyncDisposable {
  /** Brings the lattice to what `manifest` says, and keeps it there. Rejects when that does not come about in time. */
  deploy(manifest: Manifest): Promise<void>;
  /** Resolves when all deployed manifests are as they should be. */
  settled(): Promise<void>;
  undeploy(name: string): Promise<void>;
  /** Hosts by id, as the events tell of them. */
  readonly hosts: ReadonlyMap<string, KnownHost>;
  /** Events that wadm would have dropped without a word, with the reason. */
  readonly dropped: readonly string[];
  /** Commands that were refused. */
  readonly refused: readonly string[];
}

export interface KnownHost {
  labels: Readonly<Record<string, string>>;
  /** By component id and annotations. */
  readonly instances: Map<string, Instances>;
}

interface Instances {
  readonly id: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly count: number;
}

/** How long wadm waits for the event of a command before it looks again. */
const BACKOFF_MS = 5_000;
const SETTLE_MS = 50_000;

/** Starts to manage the lattice from now on: hosts are known by their next events. */
export async function startWadm(peer: NativePeer, lattice: string): Promise<Wadm> {
  const hosts = new Map<string, KnownHost>();
  const manifests = new Map<string, Manifest>();
  const dropped: string[] = [];
  const refused: string[] = [];
  /** Commands whose event is not there yet, by what the event must say. */
  const awaited = new Map<string, number>();
  const waiting = new Set<() => void>();
  let lastPass: Promise<boolean> = Promise.resolve(true);
  let ended = false;

  const ask = async (tail: string, body?: unknown): Promise<unknown> => {
    const reply = replyShape(await peer.ask(`wasmbus.ctl.v1.${lattice}.${tail}`, body), "");
    if (!reply.success) refused.push(`${tail}: ${reply.message}`);
    return reply.response;
  };

  const hear = (json: unknown): void => {
    const event = readWadmEvent(json);
    const known = hosts.get(event.source);
    switch (event.type) {
      case "host_started":
        hosts.set(event.source, { labels: event.labels, instances: new Map() });
        break;
      case "host_heartbeat": {
        const listed = event.components.map(
          ({ id, annotations, max_instances }): [string, Instances] => [
            entryKey(id, annotations),
            { id, annotations, count: max_instances },
          ],
        );
        hosts.set(event.source, { labels: event.labels, instances: new Map(listed) });
        break;
      }
      case "host_stopped":
        hosts.delete(event.source);
        break;
      case "component_scaled": {
        const { component_id: id, annotations, max_instances: count, image_ref } = event;
        awaited.delete(expectation(event.source, id, image_ref, annotations));
        if (count === 0) known?.instances.delete(entryKey(id, annotations));
        else known?.instances.set(entryKey(id, annotations), { id, annotations, count });
        break;
      }
      case "component_scale_failed":
      case "other":
        break;
    }
  };

  const annotationsOf = (
    manifest: Manifest,
    component: ManifestComponent,
    spread: Spread,
  ): Readonly<Record<string, string>> => ({
    "wasmcloud.dev/appspec": manifest.name,
    "wasmcloud.dev/managed-by": "wadm",
    "wasmcloud.dev/scaler": `${manifest.name}-${component.id}`,
    "wasmcloud.dev/spread_name": spread.name,
  });

  const scale = async (
    host: string,
    component: ManifestComponent,
    config: readonly string[],
    annotations: Readonly<Record<string, string>>,
    count: number,
  ): Promise<void> => {
    const wanted = expectation(host, component.id, component.image, annotations);
    const since = awaited.get(wanted);
    if (since !== undefined && Date.now() - since < BACKOFF_MS) return;
    awaited.set(wanted, Date.now());
    await ask(`component.scale.${host}`, {
      component_ref: component.image,
      component_id: component.id,
      annotations,
      count,
      host_id: host,
      config,
      allow_update: false,
    });
  };

  /** One look at one spread; true if nothing is to be done. */
  const spreadOut = async (
    manifest: Manifest,
    component: ManifestComponent,
    spread: Spread,
  ): Promise<boolean> => {
    const annotations = annotationsOf(manifest, component, spread);
    const eligible = [...hosts].filter(([, { labels }]) =>
      Object.entries(spread.requirements).every(([key, value]) => labels[key] === value),
    );
    const running = eligible.flatMap(([id, { instances }]) => {
      const entry = instances.get(entryKey(component.id, annotations));
      return entry === undefined ? [] : [{ host: id, count: entry.count }];
    });
    const sum = running.reduce((total, { count }) => total + count, 0);
    if (sum === spread.instances) return true;
    const [first] =
      running.length > 0 ? running.map(({ host }) => host) : eligible.map(([id]) => id);
    if (first === undefined) return false;
    const own = running.find(({ host }) => host === first)?.count ?? 0;
    const names = Object.keys(component.config ?? {}).map((name) => `${manifest.name}-${name}`);
    await scale(first, component, names, annotations, own + spread.instances - sum);
    return false;
  };

  const configure = async (
    manifest: Manifest,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    const whole = `${manifest.name}-${name}`;
    const present = readConfig(await ask(`config.get.${whole}`));
    if (present !== undefined && entryKey("", present) === entryKey("", values)) return true;
    await ask(`config.put.${whole}`, values);
    return false;
  };

  const linkUp = async (component: ManifestComponent, link: ManifestLink): Promise<boolean> => {
    const present = list(linkShape)(await ask("link.get"), "");
    const found = present.some(
      ({ source_id, target, name }) =>
        source_id === component.id && target === link.target && name === "default",
    );
    if (found) return true;
    await ask("link.put", {
      source_id: component.id,
      target: link.target,
      name: "default",
      wit_namespace: link.namespace,
      wit_package: link.package,
      interfaces: link.interfaces,
      source_config: [],
      target_config: [],
    });
    return false;
  };

  /** One look at everything; true if nothing was to be done. */
  const pass = async (): Promise<boolean> => {
    let settled = true;
    for (const manifest of manifests.values()) {
      for (const component of manifest.components) {
        for (const [name, values] of Object.entries(component.config ?? {})) {
          // oxlint-disable-next-line no-await-in-loop -- one command after the other, as wadm has its work queue
          settled = (await configure(manifest, name, values)) && settled;
        }
        for (const spread of component.spread) {
          // oxlint-disable-next-line no-await-in-loop -- as above
          settled = (await spreadOut(manifest, component, spread)) && settled;
        }
        for (const link of component.links ?? []) {
          // oxlint-disable-next-line no-await-in-loop -- as above
          settled = (await linkUp(component, link)) && settled;
        }
      }
    }
    return settled;
  };
  const look = (): Promise<boolean> => {
    lastPass = lastPass.then(pass);
    return lastPass;
  };

  const subscription = peer.nats.subscribe(`wasmbus.evt.${lattice}.*`, {
    callback: (_, message) => {
      try {
        hear(message.json());
      } catch (cause) {
        dropped.push(`${message.subject}: ${String(cause)}`);
      }
      for (const wake of waiting) wake();
    },
  });
  await peer.nats.flush();

  const settled = async (): Promise<void> => {
    const until = Date.now() + SETTLE_MS;
    // oxlint-disable-next-line no-await-in-loop -- each look follows an event
    while (!(await look())) {
      if (ended) throw new Error("this wadm has ended");
      if (Date.now() > until) {
        const seen = JSON.stringify([...hosts].map(([id, { instances }]) => [id, [...instances]]));
        throw new Error(
          `not settled within ${SETTLE_MS} ms; hosts: ${seen}; refused: ${refused.join("; ")}; dropped: ${dropped.join("; ")}`,
        );
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await nextEvent(waiting);
    }
  };
  return {
    hosts,
    dropped,
    refused,
    settled,
    async deploy(manifest) {
      manifests.set(manifest.name, manifest);
      await settled();
    },
    async undeploy(name) {
      const manifest = manifests.get(name);
      if (manifest === undefined) throw new Error(`${name} is not deployed`);
      const none = manifest.components.map((component) => ({
        ...component,
        config: {},
        links: [],
        spread: component.spread.map((spread) => ({ ...spread, instances: 0 })),
      }));
      manifests.set(name, { name, components: none });
      await settled();
      manifests.delete(name);
      for (const component of manifest.components) {
        for (const link of component.links ?? []) {
          // oxlint-disable-next-line no-await-in-loop -- one command after the other
          await ask("link.del", {
            source_id: component.id,
            name: "default",
            wit_namespace: link.namespace,
            wit_package: link.package,
          });
        }
        for (const config of Object.keys(component.config ?? {})) {
          // oxlint-disable-next-line no-await-in-loop -- as above
          await ask(`config.del.${name}-${config}`);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      subscription.unsubscribe();
      await lastPass;
    },
  };
}

/** Resolves with the next event, or after a while: a command whose event is lost is given again then. */
function nextEvent(waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, 500);
    waiting.add(wake);
  });
}

function entryKey(id: string, annotations: Readonly<Record<string, string>>): string {
  return JSON.stringify([
    id,
    Object.entries(annotations).toSorted(([one], [other]) => (one < other ? -1 : 1)),
  ]);
}

function expectation(
  host: string,
  id: string,
  image: string,
  annotations: Readonly<Record<string, string>>,
): string {
  return JSON.stringify([host, image, entryKey(id, annotations)]);
}
