/**
 * What hosts of 0.82 say of themselves, as whoever shows the lattice reads it (wasmCloud v0.82.0
 * `crates/control-interface/src/types.rs`, `crates/host/src/wasmbus/event.rs`). Events of actors and providers say too little
 * (one that stops an actor has its old number of instances): whoever tells one is asked for all of itself.
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
import { controlSubject } from "./subjects.ts";

const texts = optional(dictionary(text));

interface HostJson {
  readonly friendly_name: string | undefined;
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly version: string | undefined;
  readonly uptime_seconds: number | undefined;
}
const hostFields = {
  friendly_name: optional(text),
  labels: texts,
  version: optional(text),
  uptime_seconds: optional(natural(Number.MAX_SAFE_INTEGER)),
};

const pingReply = record<HostJson & { readonly id: string }>({ ...hostFields, id: text });

interface InstanceJson {
  readonly annotations: ReadonlyMap<string, string> | undefined;
  readonly image_ref: string | undefined;
  readonly max_instances: number | undefined;
}
const instance = record<InstanceJson>({
  annotations: texts,
  image_ref: optional(text),
  max_instances: optional(natural(0xffff_ffff)),
});

/** One entry for an actor: its instances differ by their annotations, of which the first ones are shown. */
const actorEntry: Shape<ComponentWord> = (value, path) => {
  const { id, image_ref, name, instances } = record<{
    id: string;
    image_ref: string | undefined;
    name: string | undefined;
    instances: readonly InstanceJson[];
  }>({ id: text, image_ref: optional(text), name: optional(text), instances: readable(instance) })(
    value,
    path,
  );
  return {
    id,
    image: image_ref ?? instances[0]?.image_ref,
    name,
    maxInstances: instances.reduce((sum, each) => sum + (each.max_instances ?? 1), 0),
    annotations: instances[0]?.annotations ?? new Map(),
  };
};

/** Hosts before 0.82 tell how many run, by the actor's key. */
const actors: Shape<readonly ComponentWord[]> = (value, path) =>
  Array.isArray(value)
    ? readable(actorEntry)(value, path)
    : Array.from(dictionary(natural(0xffff_ffff))(value, path), ([id, maxInstances]) => ({
        id,
        image: undefined,
        name: undefined,
        maxInstances,
        annotations: new Map(),
      }));

const providerEntry: Shape<ProviderWord> = (value, path) => {
  const { id, public_key, link_name, image_ref, name, contract_id, annotations } = record<{
    id: string | undefined;
    /** Before 0.82. */
    public_key: string | undefined;
    link_name: string | undefined;
    image_ref: string | undefined;
    name: string | undefined;
    contract_id: string | undefined;
    annotations: ReadonlyMap<string, string> | undefined;
  }>({
    id: optional(text),
    public_key: optional(text),
    link_name: optional(text),
    image_ref: optional(text),
    name: optional(text),
    contract_id: optional(text),
    annotations: texts,
  })(value, path);
  return {
    id: id ?? text(public_key, path),
    linkName: link_name,
    image: image_ref,
    name: name ?? contract_id,
    annotations: annotations ?? new Map(),
  };
};

const inventory: Shape<InventoryWord> = (value, path) => {
  const {
    actors: components,
    providers,
    ...host
  } = record<
    HostJson & {
      readonly actors: readonly ComponentWord[];
      readonly providers: readonly ProviderWord[];
    }
  >({ ...hostFields, actors, providers: readable(providerEntry) })(value, path);
  return { ...hostWord(host), components, providers };
};

const healthNews = record<{ public_key: string; link_name: string | undefined }>({
  public_key: text,
  link_name: optional(text),
});

const health =
  (healthy: boolean): EventReader =>
  (data, host) => {
    if (!isOlder(data)) return undefined;
    const { public_key: id, link_name: linkName } = healthNews(data, "data");
    return { type: "health", host, id, linkName, healthy };
  };

/** Of this generation: 1.x names providers otherwise where it tells of the same. */
function isOlder(data: unknown): boolean {
  const said = dictionary(anything)(data, "data");
  return said.has("contract_id") || !said.has("provider_id");
}

const changed: EventReader = (data) => (isOlder(data) ? "ask" : undefined);

const events: ObserverWords["events"] = {
  host_started: () => "ask",
  host_heartbeat: (data, host) =>
    dictionary(anything)(data, "data").has("actors")
      ? { type: "inventory", host, inventory: inventory(data, "data") }
      : undefined,
  host_stopped: (_, host) => ({ type: "stopped", host }),
  actor_scaled: changed,
  actors_stopped: changed,
  provider_started: changed,
  provider_stopped: changed,
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
    ping: controlSubject(lattice, "ping.hosts"),
    inventory: (id) => controlSubject(lattice, `get.${id}.inv`),
    event: (name) => `wasmbus.evt.${lattice}.${name}`,
    events,
    readPing(data) {
      const { id, ...host } = readJson(data, pingReply);
      return { id, word: hostWord(host) };
    },
    readInventory: (data) => readJson(data, inventory),
  };
  return observeHosts(parts, words, hear, signal);
}
