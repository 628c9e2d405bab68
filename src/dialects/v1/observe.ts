/**
 * What hosts of 1.x say of themselves, as whoever shows the lattice reads it (wasmCloud `wasmbus/event.rs` and
 * `crates/control-interface/src/types/*` @ v1.9.2). More lenient than those who obey: what is shown need not be complete.
 */
import type { DialectParts } from "../../core/dialect.ts";
import type {
  ComponentWord,
  InventoryWord,
  Observation,
  ProviderWord,
  Word,
} from "../../core/observation.ts";
import type { Shape } from "../../wire/shape.ts";
import type { EventReader, ObserverWords } from "../observe.ts";

import {
  anything,
  dictionary,
  natural,
  optional,
  readJson,
  record,
  text,
} from "../../wire/shape.ts";
import { hostWord, observeHosts, readable } from "../observe.ts";
import { controlSubject, eventSubject } from "./subjects.ts";

const texts = optional(dictionary(text));
const seconds = optional(natural(Number.MAX_SAFE_INTEGER));

const hostFields = {
  friendly_name: optional(text),
  labels: texts,
  version: optional(text),
  uptime_seconds: seconds,
};
interface HostJson {
  readonly friendly_name: string | undefined;
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly version: string | undefined;
  readonly uptime_seconds: number | undefined;
}

const pingReply = record<{ response: HostJson & { readonly id: string } }>({
  response: record<HostJson & { readonly id: string }>({ ...hostFields, id: text }),
});

const componentEntry: Shape<ComponentWord> = (value, path) => {
  const { id, image_ref, name, max_instances, annotations } = record<{
    id: string;
    image_ref: string | undefined;
    name: string | undefined;
    max_instances: number | undefined;
    annotations: ReadonlyMap<string, string> | undefined;
  }>({
    id: text,
    image_ref: optional(text),
    name: optional(text),
    max_instances: optional(natural(0xffff_ffff)),
    annotations: texts,
  })(value, path);
  return {
    id,
    image: image_ref,
    name,
    maxInstances: max_instances ?? 1,
    annotations: annotations ?? new Map(),
  };
};

const providerEntry: Shape<ProviderWord> = (value, path) => {
  const { id, image_ref, name, annotations } = record<{
    id: string;
    image_ref: string | undefined;
    name: string | undefined;
    annotations: ReadonlyMap<string, string> | undefined;
  }>({ id: text, image_ref: optional(text), name: optional(text), annotations: texts })(
    value,
    path,
  );
  return { id, linkName: undefined, image: image_ref, name, annotations: annotations ?? new Map() };
};

const inventory: Shape<InventoryWord> = (value, path) => {
  const { components, providers, ...host } = record<
    HostJson & {
      readonly components: readonly ComponentWord[];
      readonly providers: readonly ProviderWord[];
    }
  >({
    ...hostFields,
    components: readable(componentEntry),
    providers: readable(providerEntry),
  })(value, path);
  return { ...hostWord(host), components, providers };
};

const inventoryReply = record<{ response: InventoryWord }>({ response: inventory });

const scaled = record<{
  component_id: string;
  image_ref: string | undefined;
  max_instances: number;
  annotations: ReadonlyMap<string, string> | undefined;
}>({
  component_id: text,
  image_ref: optional(text),
  max_instances: natural(0xffff_ffff),
  annotations: texts,
});

const providerNews = record<{
  provider_id: string;
  image_ref: string | undefined;
  annotations: ReadonlyMap<string, string> | undefined;
}>({ provider_id: text, image_ref: optional(text), annotations: texts });

const labelNews = record<{ labels: ReadonlyMap<string, string> }>({ labels: dictionary(text) });

const health =
  (healthy: boolean): EventReader =>
  (data, host) => {
    // Of 0.82, which has the same name for it and other words.
    if (!dictionary(anything)(data, "data").has("provider_id")) return undefined;
    const { provider_id: id } = providerNews(data, "data");
    return { type: "health", host, id, linkName: undefined, healthy };
  };

/** Hosts of 0.82 tell on the same subjects when their lattice has the same name: none of their words is one of these. */
const events: ObserverWords["events"] = {
  // It is the same in both generations; only a host of this one answers what it is asked then.
  host_started: () => "ask",
  host_heartbeat: (data, host) =>
    dictionary(anything)(data, "data").has("components")
      ? { type: "inventory", host, inventory: inventory(data, "data") }
      : undefined,
  host_stopped: (_, host) => ({ type: "stopped", host }),
  labels_changed: (data, host) => ({
    type: "labels",
    host,
    labels: labelNews(data, "data").labels,
  }),
  component_scaled(data, host) {
    const { component_id, image_ref, max_instances, annotations } = scaled(data, "data");
    const component: ComponentWord = {
      id: component_id,
      image: image_ref,
      name: undefined,
      maxInstances: max_instances,
      annotations: annotations ?? new Map(),
    };
    return { type: "scaled", host, component };
  },
  provider_started(data, host): Word | undefined {
    if (!dictionary(anything)(data, "data").has("provider_id")) return undefined;
    const { provider_id, image_ref, annotations } = providerNews(data, "data");
    const provider: ProviderWord = {
      id: provider_id,
      linkName: undefined,
      image: image_ref,
      name: undefined,
      annotations: annotations ?? new Map(),
    };
    return { type: "provider", host, provider };
  },
  provider_stopped(data, host): Word | undefined {
    if (!dictionary(anything)(data, "data").has("provider_id")) return undefined;
    const { provider_id: id } = providerNews(data, "data");
    return { type: "provider-stopped", host, id, linkName: undefined };
  },
  health_check_passed: health(true),
  health_check_failed: health(false),
};

export function observe(
  parts: DialectParts,
  hear: (word: Word) => void,
  signal: AbortSignal,
): Observation {
  const { lattice } = parts;
  const words: ObserverWords = {
    ping: controlSubject(lattice, "host.ping"),
    inventory: (id) => controlSubject(lattice, `host.get.${id}`),
    event: (name) => eventSubject(lattice, name),
    events,
    readPing(data) {
      const { id, ...host } = readJson(data, pingReply).response;
      return { id, word: hostWord(host) };
    },
    readInventory: (data) => readJson(data, inventoryReply).response,
  };
  return observeHosts(parts, words, hear, signal);
}
