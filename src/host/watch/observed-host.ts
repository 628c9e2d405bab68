/** One host as it is shown, from what is heard of it: pure, and bounded whatever a peer says. */
import type { Dialect } from "../../core/dialect.ts";
import type { HostWord, InventoryWord, Word } from "../../core/observation.ts";
import type {
  ObservedComponent,
  ObservedHost,
  ObservedProvider,
  Pairs,
} from "../../core/watched.ts";

type Generation = Dialect["generation"];

const MOST_PAIRS = 40;
/** Letters of a name, an image, a label's value. */
const MOST_LETTERS = 240;
/** What a host says of its uptime is of whole seconds, and comes late. */
const SAME_START_MS = 5_000;

/** What one word is heard with. */
export interface Hearing {
  readonly generation: Generation;
  /** Since the epoch. */
  readonly epochMs: number;
  /** Components and providers that this host may have here. */
  readonly room: number;
}

/** `host` after `word`, which is not that it stopped; `undefined` is a host that was not heard before. */
export function foldHost(
  host: ObservedHost | undefined,
  word: Exclude<Word, { type: "stopped" }>,
  hearing: Hearing,
): ObservedHost {
  const { generation, room } = hearing;
  const before = host ?? newHost(word.host);
  const known: ObservedHost = {
    ...before,
    generations: before.generations.includes(generation)
      ? before.generations
      : [...before.generations, generation].toSorted(),
    silentSinceMs: undefined,
  };
  switch (word.type) {
    case "presence":
      return introduced(known, word.word, hearing);
    case "tally":
      return {
        ...introduced(known, word.word, hearing),
        tally: word.tally,
        contents: known.contents === "told" ? "told" : "counted",
      };
    case "labels":
      return { ...known, labels: pairs(word.labels) };
    case "inventory":
      return furnished(introduced(known, word.inventory, hearing), word.inventory, hearing);
    case "scaled": {
      const others = known.components.filter(({ id }) => id !== cut(word.component.id));
      const components =
        word.component.maxInstances === 0 ? others : [...others, component(word.component)];
      return bounded({ ...known, components: components.toSorted(byId) }, room);
    }
    case "provider": {
      const started = provider(word.provider, undefined);
      const providers = [...known.providers.filter((other) => !same(other, started)), started];
      return bounded({ ...known, providers: providers.toSorted(byId) }, room);
    }
    case "provider-stopped":
      return { ...known, providers: known.providers.filter((other) => !same(other, word)) };
    case "health": {
      const { healthy } = word;
      const providers = known.providers.map((each) =>
        same(each, word) ? { ...each, healthy } : each,
      );
      return { ...known, providers };
    }
  }
}

function newHost(id: string): ObservedHost {
  return {
    id,
    friendlyName: "",
    own: false,
    generations: [],
    labels: [],
    version: undefined,
    startedAtMs: undefined,
    silentSinceMs: undefined,
    contents: "untold",
    tally: undefined,
    components: [],
    providers: [],
    leftOut: 0,
  };
}

/** A host that has begun anew since it was last heard has no health from before. */
function introduced(host: ObservedHost, word: HostWord, { epochMs }: Hearing): ObservedHost {
  const startedAtMs = startOf(host.startedAtMs, word.uptimeSeconds, epochMs);
  const anew =
    host.startedAtMs !== undefined &&
    startedAtMs !== undefined &&
    startedAtMs > host.startedAtMs + SAME_START_MS;
  return {
    ...host,
    friendlyName: cut(word.friendlyName ?? host.friendlyName),
    labels: pairs(word.labels),
    version: word.version === undefined ? host.version : cut(word.version),
    startedAtMs,
    providers: anew
      ? host.providers.map((each) => ({ ...each, healthy: undefined }))
      : host.providers,
  };
}

/** The moment is kept while what is heard fits it, so that nothing changes with each heartbeat. */
function startOf(
  known: number | undefined,
  uptimeSeconds: number | undefined,
  epochMs: number,
): number | undefined {
  if (uptimeSeconds === undefined) return known;
  const told = epochMs - uptimeSeconds * 1000;
  return known !== undefined && Math.abs(told - known) <= SAME_START_MS ? known : told;
}

function furnished(host: ObservedHost, word: InventoryWord, { room }: Hearing): ObservedHost {
  const components = unique(word.components.map(component));
  const providers = unique(
    word.providers.map((each) => {
      const found = provider(each, undefined);
      return { ...found, healthy: host.providers.find((other) => same(other, found))?.healthy };
    }),
  );
  return bounded({ ...host, contents: "told", components, providers, leftOut: 0 }, room);
}

/** Providers first: there are few, and they are what is unhealthy. */
function bounded(host: ObservedHost, room: number): ObservedHost {
  const providers = host.providers.slice(0, room);
  const components = host.components.slice(0, room - providers.length);
  const cutOff =
    host.providers.length - providers.length + host.components.length - components.length;
  return cutOff === 0 ? host : { ...host, providers, components, leftOut: host.leftOut + cutOff };
}

type Entry = ObservedComponent | ObservedProvider;

const linkNameOf = (entry: Entry | { readonly linkName: string | undefined }): string =>
  "linkName" in entry ? (entry.linkName ?? "") : "";

/** Ids and link names of what is kept are cut, those of what is heard are not. */
function same(
  kept: Entry,
  heard: Entry | { readonly id: string; readonly linkName: string | undefined },
): boolean {
  return kept.id === cut(heard.id) && linkNameOf(kept) === cut(linkNameOf(heard));
}

function byId(one: Entry, other: Entry): number {
  return order(one.id, other.id) || order(linkNameOf(one), linkNameOf(other));
}

/** Not by language: equal everywhere, and quick. */
function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Of several with one name the last one counts. */
function unique<E extends Entry>(entries: readonly E[]): readonly E[] {
  const sorted = entries.toSorted(byId);
  return sorted.filter((each, index) => {
    const next = sorted[index + 1];
    return next === undefined || byId(each, next) !== 0;
  });
}

function component({
  id,
  image,
  name,
  maxInstances,
  annotations,
}: InventoryWord["components"][number]): ObservedComponent {
  return {
    id: cut(id),
    image: maybeCut(image),
    name: maybeCut(name),
    maxInstances,
    annotations: pairs(annotations),
  };
}

function provider(
  { id, linkName, image, name, annotations }: InventoryWord["providers"][number],
  healthy: boolean | undefined,
): ObservedProvider {
  return {
    id: cut(id),
    linkName: maybeCut(linkName),
    image: maybeCut(image),
    name: maybeCut(name),
    annotations: pairs(annotations),
    healthy,
  };
}

/** By name. */
export function pairs(texts: ReadonlyMap<string, string>): Pairs {
  return Array.from(texts, ([name, value]) => [cut(name), cut(value)] as const)
    .toSorted(([one], [other]) => order(one, other))
    .slice(0, MOST_PAIRS);
}

const maybeCut = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : cut(text);

function cut(text: string): string {
  if (text.length <= MOST_LETTERS) return text;
  return `${text.slice(0, MOST_LETTERS - 1).toWellFormed()}…`;
}
