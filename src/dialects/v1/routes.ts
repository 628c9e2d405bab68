/** The 1.x control plane as a table: subject, command, how it is read, how it is answered. */
import type { HostId, LatticeId } from "../../core/ids.ts";
import type { Limits } from "../../core/workload.ts";
import type { RouteTable } from "../route.ts";

import { entityId } from "../../core/ids.ts";
import { readJson } from "../../wire/shape.ts";
import { labelRequest, stopHostRequest } from "../host-requests.ts";
import { plain } from "../json.ts";
import { readRegistries } from "../registries.ts";
import { route } from "../route.ts";
import {
  auctionRequest,
  failure,
  hostJson,
  inventoryJson,
  labelKeyRequest,
  scaleRequest,
  success,
  updateRequest,
} from "./messages.ts";
import { factRoutes } from "./fact-routes.ts";
import { providerRoutes } from "./provider-routes.ts";
import { controlSubject, controlSubscriptions, SHARED_SUBSCRIPTIONS } from "./subjects.ts";

/** Texts of errors and notices are upstream's: scripts compare them (wasmCloud `wasmbus/{mod,ctl}.rs` @ v1.9.2). */
export function controlRoutes(lattice: LatticeId, host: HostId): RouteTable {
  const at = (tail: string): string => controlSubject(lattice, tail);
  return {
    subscriptions: controlSubscriptions(host).map(at),
    shared: SHARED_SUBSCRIPTIONS.map(({ subject, queue }) => ({
      subject: at(subject),
      queue: at(queue),
    })),
    unknown: "unsupported subject",
    encodeError: failure,
    routes: [
      route({
        subject: at("host.ping"),
        command: "host.ping",
        decode: () => undefined,
        malformed: "",
        encode: (reply) => success("", hostJson(reply)),
      }),
      route({
        subject: at(`host.get.${host}`),
        command: "host.describe",
        decode: () => undefined,
        malformed: "",
        encode: (reply) => success("", inventoryJson(reply)),
      }),
      route({
        subject: at(`host.stop.${host}`),
        command: "host.stop",
        decode: ({ data }) => {
          if (data.length === 0) return { hostId: undefined, timeoutMs: undefined };
          const { host_id, timeout } = readJson(data, stopHostRequest);
          return { hostId: host_id === "" ? undefined : host_id, timeoutMs: timeout };
        },
        malformed: "failed to deserialize stop command",
        encode: () => success("successfully handled stop host"),
      }),
      route({
        subject: at("component.auction"),
        command: "workload.bid",
        decode: ({ data }) => {
          const { component_ref, component_id, constraints } = readJson(data, auctionRequest);
          return { id: entityId(component_id), image: component_ref, constraints };
        },
        malformed: "failed to deserialize component auction command",
        encode: (reply, { id, image, constraints }) =>
          reply === "silent"
            ? undefined
            : success("", {
                component_ref: image,
                component_id: id,
                host_id: host,
                constraints: plain(constraints),
              }),
      }),
      route({
        subject: at(`component.scale.${host}`),
        command: "workload.scale",
        decode: ({ data }) => {
          const request = readJson(data, scaleRequest);
          const limits = readLimits(request.component_limits);
          return {
            id: entityId(request.component_id),
            image: request.component_ref,
            maxInstances: request.count,
            annotations: request.annotations ?? new Map(),
            configNames: request.config,
            allowUpdate: request.allow_update,
            ...(limits === undefined ? {} : { limits }),
          };
        },
        malformed: "failed to deserialize component scale command",
        encode: ({ notice }) => success(notice),
      }),
      route({
        subject: at(`component.update.${host}`),
        command: "workload.update",
        decode: ({ data }) => {
          const request = readJson(data, updateRequest);
          return {
            id: entityId(request.component_id),
            image: request.new_component_ref,
            annotations: request.annotations ?? new Map(),
          };
        },
        malformed: "failed to deserialize component update command",
        encode: ({ notice }) => success(notice),
      }),
      ...providerRoutes(lattice, host),
      route({
        subject: at(`label.put.${host}`),
        command: "label.put",
        decode: ({ data }) => readJson(data, labelRequest),
        malformed: "failed to deserialize put label request",
        encode: () => success("successfully put label"),
      }),
      route({
        subject: at(`label.del.${host}`),
        command: "label.remove",
        decode: ({ data }) => readJson(data, labelKeyRequest),
        malformed: "failed to deserialize delete label request",
        encode: (reply) =>
          success(
            reply === "removed"
              ? "successfully deleted label"
              : "successfully deleted label (no such label)",
          ),
      }),
      route({
        subject: at("registry.put"),
        command: "registry.put",
        decode: ({ data }) => readRegistries(data),
        malformed: "failed to deserialize registries put command",
        encode: () => success("successfully put registries"),
      }),
      ...factRoutes(at),
    ],
  };
}

/** As many bytes, or seconds as milliseconds, are still counted exactly. */
const MOST_LIMIT = Number.MAX_SAFE_INTEGER / 1000;

/** Unreadable values are ignored, as upstream ignores them (`crates/runtime/src/component/mod.rs` @ v1.9.2). */
function readLimits(wire: ReadonlyMap<string, string> | undefined): Partial<Limits> | undefined {
  if (wire === undefined) return undefined;
  const number = (key: string): number | undefined => {
    const value = wire.get(key);
    if (value === undefined || !/^\d+$/.test(value)) return undefined;
    return Number(value) <= MOST_LIMIT ? Number(value) : undefined;
  };
  const maxMemoryBytes = number("max_memory_limit");
  const seconds = number("max_execution_time");
  return {
    ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
    ...(seconds === undefined ? {} : { callDeadlineMs: seconds * 1000 }),
  };
}
