/** What an address asks of the page: servers, lattice, labels, components. Credentials are never among it. */
import type { NodeOptions, OperatorOptions } from "../../core/node-options.ts";
import type { ComponentSetting } from "./attributes.ts";

import { messageOf } from "../../core/error.ts";
import {
  readComponent,
  readDialects,
  readIssuers,
  readLabel,
  readOperator,
  serverProblem,
} from "./attributes.ts";

export interface PageSettings {
  readonly node: NodeOptions;
  readonly components: readonly ComponentSetting[];
  /** Join without being asked. */
  readonly autojoin: boolean;
  /** Sentences about parts of the address that could not be used. */
  readonly complaints: readonly string[];
}

/** What `inlay.json` beside the page says: where `npm start` has its server, and what it shows. */
export interface SiteFile {
  readonly servers: readonly string[];
  readonly lattice: string;
  readonly demo: readonly ComponentSetting[];
  /** A way to registries that pages may not read; absent where there is none. */
  readonly imageProxy?: string;
  /** Where it takes HTTP for workloads of v2 of its lattice; absent where it takes none. */
  readonly workloads?: Required<Pick<OperatorOptions, "hostname" | "httpPort">>;
}

const SECRETS = [
  "token",
  "user",
  "pass",
  "creds",
  "nkeySeed",
  "seed",
  "clusterSeed",
  "cluster-seed",
];

/** Whether an address says anything to the page; if not, the site's own file speaks. */
export function hasSettings(query: string): boolean {
  return new URLSearchParams(query).size > 0;
}

/** Reads a query (`?servers=…&lattice=…`). What is wrong in it becomes a complaint, never an exception. */
export function readQuery(query: string): PageSettings {
  const given = new URLSearchParams(query);
  const complaints: string[] = [];
  const attempt = <T>(read: () => T): T[] => {
    try {
      return [read()];
    } catch (thrown) {
      complaints.push(`The address has a part that cannot be used: ${messageOf(thrown)}.`);
      return [];
    }
  };
  const each = <T>(key: string, read: (text: string) => T): T[] =>
    given.getAll(key).flatMap((text) => attempt(() => read(text)));

  const servers = given.getAll("servers").filter((server) => {
    const problem = serverProblem(server);
    if (problem !== undefined) complaints.push(problem);
    return problem === undefined;
  });
  const dialects = each("dialects", readDialects).flat();
  const issuers = each("issuer", readIssuers).flat();
  const labels = Object.fromEntries(each("label", readLabel));
  const [operator] = attempt(() =>
    readOperator({
      hostgroup: given.get("hostgroup"),
      environment: given.get("environment"),
      hostname: given.get("hostname"),
      httpPort: given.get("http-port"),
    }),
  );
  if (SECRETS.some((key) => given.has(key))) {
    complaints.push(
      "Credentials in the query are not used, because servers keep addresses in their logs. Put them behind a # instead.",
    );
  }
  if (issuers.length > 0 && !dialects.includes("v0")) {
    complaints.push(
      "“issuer” in the address is of the dialect v0, which is not among the node’s: add dialects=v0,v1.",
    );
  }
  if (operator !== undefined && !dialects.includes("v2")) {
    complaints.push(
      "“hostgroup”, “environment”, “hostname” and “http-port” in the address are of the dialect v2, which is not among the node’s: add dialects=v1,v2.",
    );
  }
  return {
    node: {
      servers,
      labels,
      ...textOf(given, "lattice", "lattice"),
      ...textOf(given, "name", "name"),
      ...textOf(given, "js-domain", "jsDomain"),
      ...(dialects.length === 0 ? {} : { dialects }),
      ...(issuers.length === 0 ? {} : { clusterIssuers: issuers }),
      ...(isSet(given, "watch") ? { watch: true } : {}),
      ...(operator === undefined ? {} : { operator }),
    },
    components: each("component", readComponent),
    autojoin: isSet(given, "autojoin"),
    complaints,
  };
}

/** `settings` with the site's way to registries. */
export function withProxy(settings: PageSettings, site: SiteFile | undefined): PageSettings {
  if (site?.imageProxy === undefined) return settings;
  const { node } = settings;
  return { ...settings, node: { ...node, images: { ...node.images, proxy: site.imageProxy } } };
}

/**
 * `settings` with the site's server and lattice where the address names none, its way to registries, and its port for HTTP where
 * it leads to nodes of that server and lattice, and the address names no other.
 */
export function withSite(settings: PageSettings, site: SiteFile): PageSettings {
  const { node } = withProxy(settings, site);
  const { operator, servers, lattice = site.lattice } = node;
  const other = operator?.hostname !== undefined || operator?.httpPort !== undefined;
  const reached = servers.length === 0 && lattice === site.lattice && !other;
  return {
    ...settings,
    node: {
      ...node,
      servers: servers.length === 0 ? site.servers : servers,
      lattice,
      ...(reached && site.workloads !== undefined
        ? { operator: { ...operator, ...site.workloads } }
        : {}),
    },
  };
}

/** `settings` that join at once and start what the site shows to visitors. */
export function withDemo(settings: PageSettings, site: SiteFile): PageSettings {
  return { ...withSite(settings, site), components: site.demo, autojoin: true };
}

/** The parsed file, or `undefined` if `value` is something else. */
export function readSiteFile(value: unknown): SiteFile | undefined {
  if (!isRecord(value) || !isTexts(value["servers"])) return undefined;
  const demo = Array.isArray(value["demo"]) ? value["demo"] : [];
  const proxy = isRecord(value["images"]) ? value["images"]["proxy"] : undefined;
  const { hostname, httpPort } = isRecord(value["workloads"]) ? value["workloads"] : {};
  return {
    servers: value["servers"],
    lattice: typeof value["lattice"] === "string" ? value["lattice"] : "default",
    demo: demo.flatMap((entry: unknown) => {
      if (!isRecord(entry)) return [];
      const { id, ref } = entry;
      return typeof id === "string" && typeof ref === "string" ? [{ id, image: ref }] : [];
    }),
    ...(typeof proxy === "string" ? { imageProxy: proxy } : {}),
    ...(typeof hostname === "string" && typeof httpPort === "number"
      ? { workloads: { hostname, httpPort } }
      : {}),
  };
}

function isSet(given: URLSearchParams, key: string): boolean {
  return given.has(key) && given.get(key) !== "false";
}

function textOf<Key extends string>(
  given: URLSearchParams,
  key: string,
  name: Key,
): Partial<Record<Key, string>> {
  const text = given.get(key)?.trim() ?? "";
  if (text === "") return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key widens to string; `name` is the only key
  return { [name]: text } as Partial<Record<Key, string>>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
