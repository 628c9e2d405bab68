/**
 * The lattice as a picture needs it: who runs where, and who calls whom. All hosts that run one component or provider are one
 * queue group, so there is one entity for each id, whoever runs it.
 */
import type { Link } from "../../core/link.ts";
import type { ObservedComponent, ObservedHost, ObservedProvider } from "../../core/watched.ts";
import type { LatticePicture } from "./lattice.ts";

/** A component or provider of the lattice, in all of its hosts. */
export interface Entity {
  readonly id: string;
  /** What people call it: keys of 0.82 are nobody's name. */
  readonly label: string;
  /** `unseen`: links or calls name it, and no host says that it runs it. */
  readonly kind: "component" | "provider" | "unseen";
  readonly runs: readonly Run[];
  /** Edges to those that it calls, and from those that call it, by the other's id. */
  readonly calls: readonly Edge[];
  readonly callers: readonly Edge[];
  /** Calls of it a second that this tab sees, whoever makes them. */
  readonly perSecond: number;
  readonly failedPerSecond: number;
}

export interface Run {
  readonly host: ObservedHost;
  readonly entry: ObservedComponent | ObservedProvider;
}

/** All links and calls from one entity to another. */
export interface Edge {
  readonly source: string;
  readonly target: string;
  /** Empty for calls without a link, which 0.82 has, and pages. */
  readonly links: readonly Link[];
  readonly perSecond: number;
  readonly failedPerSecond: number;
}

export interface Topology {
  readonly hosts: readonly ObservedHost[];
  /** By id, in the order of their labels. */
  readonly entities: ReadonlyMap<string, Entity>;
  readonly edges: readonly Edge[];
}

interface Growing {
  kind: Entity["kind"];
  name: string | undefined;
  readonly runs: Run[];
  readonly calls: Edge[];
  readonly callers: Edge[];
  perSecond: number;
  failedPerSecond: number;
}

export function topologyOf(
  picture: Pick<LatticePicture, "hosts" | "traffic">,
  links: readonly Link[],
): Topology {
  const growing = new Map<string, Growing>();
  const at = (id: string): Growing => {
    let known = growing.get(id);
    if (known === undefined) {
      known = {
        kind: "unseen",
        name: undefined,
        runs: [],
        calls: [],
        callers: [],
        perSecond: 0,
        failedPerSecond: 0,
      };
      growing.set(id, known);
    }
    return known;
  };
  const hosts = [...picture.hosts.values()];
  for (const host of hosts) {
    for (const entry of host.components) run(at(entry.id), "component", { host, entry });
    for (const entry of host.providers) run(at(entry.id), "provider", { host, entry });
  }
  const edges = edgesOf(links, picture.traffic);
  for (const edge of edges) {
    at(edge.source).calls.push(edge);
    at(edge.target).callers.push(edge);
  }
  for (const { target, perSecond, failedPerSecond } of picture.traffic) {
    const called = at(target);
    called.perSecond += perSecond;
    called.failedPerSecond += failedPerSecond;
  }
  const entities = Array.from(growing, ([id, { name, ...rest }]) => {
    const label = id.length === KEY_LETTERS && name !== undefined ? name : id;
    const entity: Entity = { id, label, ...rest };
    return { entity, key: label.toLowerCase() };
  }).toSorted((one, other) => order(one.key, other.key) || order(one.entity.id, other.entity.id));
  return { hosts, entities: new Map(entities.map(({ entity }) => [entity.id, entity])), edges };
}

/** Of a public nkey. */
const KEY_LETTERS = 56;

function run(entity: Growing, kind: "component" | "provider", each: Run): void {
  entity.kind = kind;
  entity.name ??= each.entry.name;
  entity.runs.push(each);
}

interface GrowingEdge extends Edge {
  links: Link[];
  perSecond: number;
  failedPerSecond: number;
}

function edgesOf(links: readonly Link[], traffic: LatticePicture["traffic"]): readonly Edge[] {
  const bySource = new Map<string, Map<string, GrowingEdge>>();
  const at = (source: string, target: string): GrowingEdge => {
    let own = bySource.get(source);
    if (own === undefined) bySource.set(source, (own = new Map()));
    let edge = own.get(target);
    if (edge === undefined) {
      edge = { source, target, links: [], perSecond: 0, failedPerSecond: 0 };
      own.set(target, edge);
    }
    return edge;
  };
  for (const link of links) at(link.source, link.target).links.push(link);
  for (const { source, target, perSecond, failedPerSecond } of traffic) {
    if (source !== undefined) Object.assign(at(source, target), { perSecond, failedPerSecond });
  }
  return [...bySource.values()]
    .flatMap((own) => [...own.values()])
    .toSorted((one, other) => order(one.source, other.source) || order(one.target, other.target));
}

/** How it is with an entity: the worst of what its hosts say. */
export function conditionOf(entity: Entity): "well" | "unhealthy" | "silent" | "unseen" {
  if (entity.runs.length === 0) return "unseen";
  if (entity.runs.some(({ entry }) => "healthy" in entry && entry.healthy === false)) {
    return "unhealthy";
  }
  return entity.runs.every(({ host }) => host.silentSinceMs !== undefined) ? "silent" : "well";
}

/** Names of its hosts, each once: a provider of 0.82 may run twice in one. */
export function hostsOf({ runs }: Entity): readonly ObservedHost[] {
  return [...new Set(runs.map(({ host }) => host))];
}

export const nameOf = ({ friendlyName, id }: ObservedHost): string =>
  friendlyName === "" ? `${id.slice(0, 8)}…` : friendlyName;

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
