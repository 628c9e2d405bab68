/** What the picture of the lattice says, in words. */
import type { Listening, ObservedHost, WatchedLattice } from "../../index.ts";
import type { Edge, Entity, Topology } from "./topology.ts";

import { rate } from "./figures.ts";
import { hostsOf, nameOf } from "./topology.ts";

export function some(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `3 hosts · 5 components · 2 providers`. */
export function summaryWords({ hosts, entities }: Topology): string {
  const kinds = [...entities.values()].map(({ kind }) => kind);
  const components = kinds.filter((kind) => kind === "component").length;
  const providers = kinds.filter((kind) => kind === "provider").length;
  return [
    some(hosts.length, "host"),
    some(components, "component"),
    some(providers, "provider"),
  ].join(" · ");
}

/** How all generations together are heard; the worst counts. */
export function listeningWords(sources: WatchedLattice["sources"]): string {
  const phases = sources.map(({ listening }) => listening.phase);
  if (phases.length === 0) return "only this tab is known";
  if (phases.includes("stale")) return "as it was before the connection was lost";
  if (phases.includes("denied")) return "asked each 30 s";
  return phases.includes("asking") ? "asking who is there" : "followed";
}

/** What a person must be told of what cannot be heard, and is not kept. */
export function gapWords({
  sources,
  leftOut,
  hosts,
}: Pick<WatchedLattice, "sources" | "leftOut"> & {
  readonly hosts: number;
}): readonly string[] {
  const said: string[] = [];
  for (const { generation, listening } of sources) {
    if (listening.phase === "denied") said.push(deniedWords(generation, listening, hosts));
  }
  if (leftOut.hosts > 0) said.push(`${some(leftOut.hosts, "more host")} than can be shown.`);
  if (leftOut.entries > 0) {
    said.push(
      `${some(leftOut.entries, "component or provider", "components and providers")} of these hosts are left out: there are too many.`,
    );
  }
  if (leftOut.messages > 0) {
    said.push(
      `${some(leftOut.messages, "message")} went unread, since too many came at once; hosts are asked again.`,
    );
  }
  return said;
}

function deniedWords(
  generation: string,
  { events }: Extract<Listening, { phase: "denied" }>,
  hosts: number,
): string {
  const what =
    generation === "v2"
      ? "the heartbeats of hosts of v2"
      : events.length > 3
        ? "the events of this lattice"
        : `the events ${events.join(", ")}`;
  const then =
    generation === "v2"
      ? "none of them is shown."
      : hosts > 1
        ? "hosts are asked each 30 s instead, so changes come late."
        : "this tab is shown alone, unless others answer when they are asked.";
  return `This credential may not listen to ${what}: ${then}`;
}

/** `linux · 1.9.2`, `in a browser · 0.1.0`. */
export function systemWords({ labels, version }: ObservedHost): string {
  const label = (name: string): string | undefined => labels.find(([known]) => known === name)?.[1];
  const browser = label("inlay.browser");
  const os = label("hostcore.os");
  const system = browser ?? (os === "browser" ? "in a browser" : os);
  return [system, version].filter((each) => each !== undefined && each !== "").join(" · ");
}

export function contentsWords(host: ObservedHost): string {
  const { contents, tally, components, providers, leftOut } = host;
  const counted =
    tally === undefined
      ? undefined
      : `${some(tally.workloads, "workload")} of v2 with ${some(tally.components, "component")}`;
  if (contents === "untold") return counted ?? "it has not said what it runs";
  if (contents === "counted") return counted ?? "";
  const said = [
    components.length > 0 ? some(components.length, "component") : undefined,
    providers.length > 0 ? some(providers.length, "provider") : undefined,
    counted,
    leftOut > 0 ? `${leftOut} more that are left out` : undefined,
  ].filter((each) => each !== undefined);
  return said.length === 0 ? "nothing runs here" : said.join(", ");
}

/** All that a tile shows by its look, for those who do not see it. */
export function hostWords(host: ObservedHost): string {
  const unhealthy = host.providers.filter(({ healthy }) => healthy === false).length;
  return [
    nameOf(host),
    host.own ? "this tab" : undefined,
    systemWords(host),
    host.silentSinceMs === undefined ? undefined : "silent",
    contentsWords(host),
    unhealthy === 0 ? undefined : some(unhealthy, "unhealthy provider"),
  ]
    .filter((each) => each !== undefined && each !== "")
    .join(", ");
}

/** `3 hosts, one queue group`. */
export function runsWords(entity: Entity): string {
  const hosts = hostsOf(entity);
  if (entity.kind === "unseen") return "nobody says that it runs";
  if (hosts.length > 1) return `${hosts.length} hosts, one queue group`;
  const [host] = hosts;
  return host?.own === true ? "this tab" : (host && nameOf(host)) || "";
}

export function entityWords(entity: Entity): string {
  const unhealthy = entity.runs.filter(
    ({ entry }) => "healthy" in entry && entry.healthy === false,
  ).length;
  return [
    entity.label,
    entity.kind === "unseen" ? undefined : entity.kind,
    runsWords(entity),
    unhealthy === 0 ? undefined : "unhealthy",
    entity.perSecond === 0 ? undefined : `${rate(entity.perSecond)} calls a second`,
  ]
    .filter((each) => each !== undefined && each !== "")
    .join(", ");
}

/** `wasi:keyvalue/store, atomics`; with the names of links that are not the default one. */
export function edgeInterfaces({ links }: Edge): readonly string[] {
  return links.map(({ namespace, package: pkg, interfaces, name }) => {
    const said = `${namespace}:${pkg}/${interfaces.join(", ")}`;
    return name === "default" ? said : `${said} as ${name}`;
  });
}

/** `48/s`, and what of it failed; empty where this tab sees no calls. */
export function rateWords({
  perSecond,
  failedPerSecond,
}: Pick<Edge, "perSecond" | "failedPerSecond">): string {
  if (perSecond === 0) return "";
  const failed = failedPerSecond === 0 ? "" : `, ${rate(failedPerSecond)} failed`;
  return `${rate(perSecond)}/s${failed}`;
}

/** `11 Jun, 14:03`, of local time. */
export function moment(epochMs: number): string {
  return new Date(epochMs).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}
