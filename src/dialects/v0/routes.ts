/**
 * The 0.82 control plane as a table. Texts of errors are upstream's: scripts compare them (wasmCloud v0.82.0
 * `crates/host/src/wasmbus/mod.rs`).
 */
import type { Labels } from "../../core/command.ts";
import type { DialectParts } from "../../core/dialect.ts";
import type { HostId, LatticeId } from "../../core/ids.ts";
import type { RouteEntry, RouteTable } from "../route.ts";
import type { Cluster } from "./cluster.ts";
import type { FactRouteParts } from "./fact-routes.ts";
import type { Running } from "./running.ts";

import { entityId } from "../../core/ids.ts";
import { readJson, writeJson } from "../../wire/shape.ts";
import { labelRequest, stopHostRequest } from "../host-requests.ts";
import { plain } from "../json.ts";
import { readRegistries } from "../registries.ts";
import { asked, route } from "../route.ts";
import { factRoutes } from "./fact-routes.ts";
import { identifier, providerKey } from "./identify.ts";
import {
  accepted,
  actorAuction,
  inventoryJson,
  pingJson,
  providerAuction,
  refused,
  scaleRequest,
  stopActorRequest,
  updateRequest,
} from "./messages.ts";
import { providerCommands } from "./provider-routes.ts";
import { controlSubject, controlSubscriptions, SHARED_SUBSCRIPTIONS } from "./subjects.ts";

export interface ControlParts extends Pick<DialectParts, "lattice" | "host">, FactRouteParts {
  readonly cluster: Pick<Cluster, "issuer" | "issuers">;
  readonly running: Running;
  readonly allowUnsigned: boolean;
}

export function controlRoutes(parts: ControlParts): RouteTable {
  const { lattice, host } = parts;
  const at = (tail: string): string => controlSubject(lattice, tail);
  return {
    subscriptions: controlSubscriptions(host).map(at),
    shared: SHARED_SUBSCRIPTIONS.map(({ subject, queue }) => ({
      subject: at(subject),
      queue: at(queue),
    })),
    unknown: "unsupported subject",
    encodeError: refused,
    routes: [
      ...hostRoutes(parts),
      ...actorRoutes(parts),
      ...auctions(lattice, host),
      ...providerCommands(parts),
      ...factRoutes(at, parts),
    ],
  };
}

function hostRoutes({ lattice, host, cluster, running }: ControlParts): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, tail);
  return [
    route({
      subject: at("ping.hosts"),
      command: "host.ping",
      decode: () => undefined,
      malformed: "",
      encode: (reply) => writeJson(pingJson(reply, cluster)),
    }),
    route({
      subject: at(`get.${host}.inv`),
      command: "host.describe",
      decode: () => undefined,
      malformed: "",
      encode: (reply) => writeJson(inventoryJson(reply, { issuer: cluster.issuer, running })),
    }),
    route({
      subject: at(`cmd.${host}.stop`),
      command: "host.stop",
      // The subject names the host; what the request says of it is not looked at, as upstream does not.
      decode: ({ data }) => ({
        hostId: undefined,
        timeoutMs: readJson(data, stopHostRequest).timeout,
      }),
      malformed: "failed to deserialize stop command",
      encode: () => accepted,
    }),
    route({
      subject: at(`labels.${host}.put`),
      command: "label.put",
      decode: ({ data }) => readJson(data, labelRequest),
      malformed: "failed to deserialize put label request",
      encode: () => accepted,
    }),
    route({
      subject: at(`labels.${host}.del`),
      command: "label.remove",
      decode: ({ data }) => readJson(data, labelRequest),
      malformed: "failed to deserialize delete label request",
      encode: () => accepted,
    }),
    route({
      subject: at("registries.put"),
      command: "registry.put",
      decode: ({ data }) => readRegistries(data),
      malformed: "failed to deserialize registries put command",
      encode: () => accepted,
    }),
  ];
}

function actorRoutes({ lattice, host, allowUnsigned }: ControlParts): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, `cmd.${host}.${tail}`);
  const identify = identifier({ allowUnsigned });
  return [
    route({
      subject: at("scale"),
      command: "actor.scale",
      decode: ({ data }) => {
        const { actor_ref, annotations = new Map(), count } = readJson(data, scaleRequest);
        return { image: actor_ref, maxInstances: count, annotations, identify };
      },
      malformed: "failed to deserialize actor scale command",
      encode: () => accepted,
    }),
    route({
      subject: at("sa"),
      command: "actor.stop",
      decode: ({ data }) => {
        const { actor_ref, annotations = new Map() } = readJson(data, stopActorRequest);
        return { id: entityId(actor_ref), annotations };
      },
      malformed: "failed to deserialize actor stop command",
      encode: () => accepted,
    }),
    route({
      subject: at("upd"),
      command: "actor.update",
      decode: ({ data }) => {
        const request = readJson(data, updateRequest);
        const { actor_id, new_actor_ref, annotations = new Map() } = request;
        return { id: entityId(actor_id), image: new_actor_ref, annotations, identify };
      },
      malformed: "failed to deserialize actor update command",
      encode: () => accepted,
    }),
  ];
}

/**
 * Upstream bids for everything and leaves the choice to whoever asks. This host looks at the constraints, and at whether it
 * could run the provider: most are native.
 */
function auctions(lattice: LatticeId, host: HostId): readonly RouteEntry[] {
  const at = (tail: string): string => controlSubject(lattice, `auction.${tail}`);
  return [
    asked({
      subject: at("actor"),
      malformed: "failed to deserialize actor auction command",
      decode: ({ data }) => readJson(data, actorAuction),
      async answer({ actor_ref, constraints }, control) {
        const { labels } = await control.run("host.ping", undefined);
        if (!satisfied(constraints, labels)) return undefined;
        return writeJson({ actor_ref, host_id: host, constraints: plain(constraints) });
      },
    }),
    asked({
      subject: at("provider"),
      malformed: "failed to deserialize provider auction command",
      decode: ({ data }) => readJson(data, providerAuction),
      async answer({ provider_ref, link_name, constraints }, control) {
        const id = await providerKey(provider_ref);
        const bid = await control.run("provider.bid", { id, image: provider_ref, constraints });
        if (bid === "silent") return undefined;
        return writeJson({
          host_id: host,
          link_name,
          provider_ref,
          constraints: plain(constraints),
        });
      },
    }),
  ];
}

function satisfied(constraints: Labels, labels: Labels): boolean {
  return [...constraints].every(([key, value]) => labels.get(key) === value);
}
