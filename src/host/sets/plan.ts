/**
 * What is to be done so that a set runs: who answers what its components import, which offers take part, what comes after
 * what, and who takes HTTP requests. Pure: made of the loaded components, before anything of them runs.
 */
import type { Offer } from "../../core/offer.ts";
import type { World } from "../../core/wit.ts";
import type { HostInterface, LocalResources } from "../../core/workload-set.ts";
import type { Match } from "./matcher.ts";
import type { Fits, Linked } from "./linker.ts";

import { LatticeError } from "../../core/error.ts";
import { covers, declaredName, isBuiltIn, shownName } from "./declared.ts";
import { httpHosts, takesHttp } from "./ingress.ts";
import { linkItems } from "./linker.ts";
import { matchOffers, serves } from "./matcher.ts";

export interface PlanItem {
  /** Unique in the set. */
  readonly name: string;
  readonly service: boolean;
  /** As the lattice sees it. */
  readonly world: World;
  readonly resources: LocalResources;
}

/** What answers an import. */
export type Answerer =
  | { readonly by: "component"; readonly name: string }
  /** `entry`: the one that it is met for. */
  | { readonly by: "offer"; readonly offer: Offer; readonly entry: HostInterface | undefined }
  | { readonly by: "host" };

export interface Plan {
  /** All items, each after those that it imports from. */
  readonly order: readonly string[];
  /** By the item's name: what answers its imports, by full name, past WASI and interfaces that hold only types. */
  readonly answerers: ReadonlyMap<string, ReadonlyMap<string, Answerer>>;
  /** By the item's name: what it reads through `wasi:config`. */
  readonly config: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly matches: readonly Match<Offer>[];
  readonly ingress: Ingress | undefined;
}

export interface Ingress {
  readonly item: string;
  readonly hosts: readonly string[];
  /** Others that could take requests, and get none. */
  readonly passedOver: readonly string[];
}

export interface PlanParts {
  readonly entries: readonly HostInterface[];
  /** In the order of the manifest, the service last. */
  readonly items: readonly PlanItem[];
  readonly offers: readonly Offer[];
  readonly fits: Fits;
  /** Whether the host answers this interface for everybody. */
  readonly answersAlways: (instance: string) => boolean;
}

/** @throws {LatticeError} `bad-input` or `import-unmet` for a set that cannot run here. */
export function makePlan({ entries, items, offers, fits, answersAlways }: PlanParts): Plan {
  const { links, order } = linkItems(items, fits);
  const linksOf = (name: string): ReadonlyMap<string, string> => links.get(name) ?? new Map();
  const matches = matchOffers(
    entries,
    items.map((item) => ({
      ...item,
      linked: new Set(linksOf(item.name).keys()),
      answers: answeredBy(item.name, links),
    })),
    offers,
  );
  const answererOf = (item: PlanItem, imported: string): Answerer | undefined => {
    const exporter = linksOf(item.name).get(imported);
    if (exporter !== undefined) return { by: "component", name: exporter };
    return offeredTo(item.name, imported, matches) ?? (answersAlways(imported) ? HOST : undefined);
  };
  const answerers = new Map(
    items.map((item) => [item.name, answerersOf(item, answererOf)] as const),
  );
  const config = new Map(items.map((item) => [item.name, configOf(item, matches)] as const));
  return { order, answerers, config, matches, ingress: ingressOf(entries, items) };
}

/** For people. */
export function answererText(answerer: Answerer): string {
  if (answerer.by === "host") return "host";
  if (answerer.by === "component") return `component '${answerer.name}'`;
  const { offer, entry } = answerer;
  return entry?.name === undefined ? offer.id : `${offer.id} (${entry.name})`;
}

const HOST: Answerer = { by: "host" };

/** What others import of it. */
function answeredBy(name: string, links: Linked["links"]): ReadonlySet<string> {
  const all = [...links.values()].flatMap((own) => [...own]);
  return new Set(all.flatMap(([imported, exporter]) => (exporter === name ? [imported] : [])));
}

function answerersOf(
  item: PlanItem,
  answererOf: (item: PlanItem, imported: string) => Answerer | undefined,
): ReadonlyMap<string, Answerer> {
  const answerers = new Map<string, Answerer>();
  const unmet: string[] = [];
  for (const [imported, functions] of item.world.imports) {
    if (functions.size === 0 || isBuiltIn(imported)) continue;
    const answerer = answererOf(item, imported);
    if (answerer === undefined) unmet.push(unmetText(imported));
    else answerers.set(imported, answerer);
  }
  if (unmet.length === 0) return answerers;
  throw new LatticeError(
    "import-unmet",
    `component '${item.name}' imports ${unmet.join(", ")}: a matching implementation was not found in the linker ` +
      "(no entry of hostInterfaces that applies to it names this, and no other component exports it)",
  );
}

/** What is no name of an interface is a label of one (`implements` of the component model), or written out in its world. */
function unmetText(imported: string): string {
  if (declaredName(imported) !== undefined) return shownName(imported);
  return `'${imported}' (what has a label in the place of its name is met by nothing here)`;
}

/** An entry without name is meant for imports without label; only without one does a named one serve them. */
function offeredTo(
  item: string,
  imported: string,
  matches: readonly Match<Offer>[],
): Answerer | undefined {
  const name = declaredName(imported);
  if (name === undefined) return undefined;
  const able = matches.filter(({ offer, items }) => items.includes(item) && serves(offer, name));
  const met = able.flatMap(({ offer, met: all }) =>
    all.flatMap(({ entry, items }) =>
      items.includes(item) && covers(entry, name) ? [{ offer, entry }] : [],
    ),
  );
  const chosen = met.find(({ entry }) => entry.name === undefined) ?? met[0];
  const builtIn = able.find(({ offer }) => offer.builtIn === true)?.offer;
  const offer = chosen?.offer ?? builtIn;
  if (offer === undefined) return undefined;
  return offer.bind === undefined ? HOST : { by: "offer", offer, entry: chosen?.entry };
}

/** Entries of `wasi:config` < the component's configuration < its environment, as in wasmCloud's hosts. */
function configOf(
  { name, resources }: PlanItem,
  matches: readonly Match<Offer>[],
): ReadonlyMap<string, string> {
  const entries = matches.flatMap(({ met }) =>
    met.filter(({ entry, items }) => isConfig(entry) && items.includes(name)),
  );
  return new Map([
    ...entries.flatMap(({ entry }) => [...entry.config]),
    ...resources.config,
    ...resources.environment,
  ]);
}

function isConfig(entry: HostInterface): boolean {
  return entry.namespace === "wasi" && entry.package === "config";
}

function ingressOf(
  entries: readonly HostInterface[],
  items: readonly PlanItem[],
): Ingress | undefined {
  const [first, ...others] = items.filter(({ world }) => takesHttp(world));
  if (first === undefined) return undefined;
  return {
    item: first.name,
    hosts: httpHosts(entries),
    passedOver: others.map(({ name }) => name),
  };
}
