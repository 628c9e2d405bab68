/** A tab's host as the lattice commands it: plain messages of the control interface and of its events. */
import type { NatsClient } from "./nats-client.ts";

const ANSWER_LIMIT_MS = 30_000;
/** Hosts in tabs take commands for the lattice once they know that no native host is there. */
const LINK_AGAIN_MS = 200;
const EMPTY = new Uint8Array(0);

export interface Lattice {
  readonly name: string;
  /** Scales `id` to `count` and resolves when the host says that it has; rejects if it says that it could not. */
  scale(hostId: string, id: string, image: string, count: number): Promise<void>;
  /** Puts a link, as soon as a host does that for the lattice; resolves when it is told. */
  link(link: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves when the host has said goodbye. */
  stopHost(hostId: string): Promise<void>;
  subjectOf(id: string, instance: string, func: string): string;
}

interface HostEvent {
  readonly type: string;
  readonly source: string;
  readonly data: { readonly component_id?: string; readonly error?: string; readonly id?: string };
}

interface Waiting {
  readonly wanted: (event: HostEvent) => boolean;
  readonly resolve: (event: HostEvent) => void;
}

/** The lattice `name`; subscribes to its events. */
export async function watchLattice(client: NatsClient, name: string): Promise<Lattice> {
  const waiting = new Set<Waiting>();
  client.subscribe(`wasmbus.evt.${name}.>`, ({ data }) => {
    const event = JSON.parse(data.toString()) as HostEvent;
    for (const each of Array.from(waiting)) if (each.wanted(event)) each.resolve(event);
  });
  await client.flush();
  const event = (what: string, wanted: Waiting["wanted"]): Promise<HostEvent> =>
    new Promise((resolve, reject) => {
      const entry: Waiting = {
        wanted,
        resolve(met) {
          clearTimeout(late);
          waiting.delete(entry);
          resolve(met);
        },
      };
      const late = setTimeout(() => {
        waiting.delete(entry);
        reject(new Error(`the lattice did not hear of ${what} within ${ANSWER_LIMIT_MS} ms`));
      }, ANSWER_LIMIT_MS);
      waiting.add(entry);
    });
  return {
    name,
    subjectOf: (id, instance, func) => `${name}.${id}.wrpc.0.0.1.${instance}.${func}`,
    async scale(hostId, id, image, count) {
      const scaled = event(
        `the scaling of ${id}`,
        ({ type, source, data }) =>
          source === hostId && data.component_id === id && type.includes(".component_scale"),
      );
      const command = {
        component_ref: image,
        component_id: id,
        count,
        annotations: {},
        config: [],
      };
      const body = Buffer.from(JSON.stringify(command));
      client.publish(`wasmbus.ctl.v1.${name}.component.scale.${hostId}`, body);
      const { type, data } = await scaled;
      if (!type.endsWith(".component_scaled")) throw new Error(`${id}: ${data.error ?? type}`);
    },
    async link(link) {
      const put = event("the link", ({ type }) => type.endsWith(".linkdef_set"));
      const body = Buffer.from(JSON.stringify(link));
      const again = setInterval(() => {
        client.publish(`wasmbus.ctl.v1.${name}.link.put`, body);
      }, LINK_AGAIN_MS);
      await put.finally(() => clearInterval(again));
    },
    async stopHost(hostId) {
      const stopped = event(
        `the end of ${hostId}`,
        ({ type, source }) => source === hostId && type.endsWith(".host_stopped"),
      );
      client.publish(`wasmbus.ctl.v1.${name}.host.stop.${hostId}`, EMPTY);
      await stopped;
    },
  };
}
