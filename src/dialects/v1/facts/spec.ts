/**
 * `COMPONENT_{id}`: what a lattice keeps of one component or provider, its links above all. Pure.
 *
 * `{ "url": string, "links": [Link] }` (wasmCloud `crates/host/src/wasmbus/jetstream.rs` @ v1.9.2). Fields that this host
 * does not know are another host's, and stay as they are.
 */
import type { Link, LinkKey } from "../../../core/link.ts";
import type { LinkJson } from "../link-json.ts";

import { LatticeError } from "../../../core/error.ts";
import {
  anything,
  defaulting,
  dictionary,
  list,
  readJson,
  text,
  writeJson,
} from "../../../wire/shape.ts";
import { linkJson, linkShape } from "../link-json.ts";

/** The fields of an object, with all that is in them. */
type Fields = ReadonlyMap<string, unknown>;

export interface Spec {
  readonly fields: Fields;
  readonly links: readonly StoredLink[];
}

export interface StoredLink {
  readonly fields: Fields;
  readonly json: LinkJson;
}

/** Of a component that nobody has told of yet. A link that is put before its source first ran has no `url` to name. */
export function newSpec(url: string): Spec {
  return { fields: new Map<string, unknown>([["url", url]]), links: [] };
}

/** @throws {LatticeError} `bad-message` for anything that a Rust host would not read either. */
export function readSpec(bytes: Uint8Array): Spec {
  const fields = readJson(bytes, dictionary(anything));
  text(fields.get("url"), "url");
  const raw = defaulting(list(dictionary(anything)), [])(fields.get("links"), "links");
  const links = raw.map((each, index) => ({
    fields: each,
    json: linkShape(Object.fromEntries(each), `links[${index}]`),
  }));
  return { fields, links };
}

/** Compact, in the order of a Rust host: `url`, `links`; what was there before keeps its place. */
export function writeSpec({ fields, links }: Spec): Uint8Array {
  const written = links.map(({ fields: each }) => Object.fromEntries(each));
  return writeJson(Object.fromEntries(new Map([...fields, ["links", written]])));
}

/**
 * `spec` with `link`: in the place of the one with the same source, target, package and name, else as the last.
 *
 * @throws {LatticeError} `conflict` if one of its interfaces is linked to another target under that name.
 */
export function withLink(spec: Spec, link: Link): Spec {
  const json = linkJson(link);
  const related = ({ json: other }: StoredLink): boolean => sameKey(other, json);
  const contested = spec.links.some(
    (each) =>
      related(each) &&
      each.json.target !== json.target &&
      each.json.interfaces.some((name) => json.interfaces.includes(name)),
  );
  if (contested) {
    const text =
      "link already exists with different target, consider deleting the existing link or using a different link name";
    throw new LatticeError("conflict", text);
  }
  const at = spec.links.findIndex((each) => related(each) && each.json.target === json.target);
  const before = spec.links[at]?.fields ?? new Map<string, unknown>();
  const put: StoredLink = { fields: new Map([...before, ...Object.entries(json)]), json };
  return { ...spec, links: at < 0 ? [...spec.links, put] : spec.links.with(at, put) };
}

/** `spec` without the first link of that key, and which one went. */
export function withoutLink(
  spec: Spec,
  key: LinkKey,
): { spec: Spec; removed: LinkJson | undefined } {
  const wanted = {
    source_id: key.source,
    name: key.name,
    wit_namespace: key.namespace,
    wit_package: key.package,
  };
  const at = spec.links.findIndex(({ json }) => sameKey(json, wanted));
  if (at < 0) return { spec, removed: undefined };
  return { spec: { ...spec, links: spec.links.toSpliced(at, 1) }, removed: spec.links[at]?.json };
}

function sameKey(
  one: LinkJson,
  other: Pick<LinkJson, "source_id" | "name" | "wit_namespace" | "wit_package">,
): boolean {
  return (
    one.source_id === other.source_id &&
    one.name === other.name &&
    one.wit_namespace === other.wit_namespace &&
    one.wit_package === other.wit_package
  );
}
