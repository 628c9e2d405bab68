/**
 * Which offer of the host meets which entry of a set, and for whom (wasmCloud
 * `crates/wash-runtime/src/engine/workload.rs` at v2.7.0, `bind_plugins`). Pure.
 */
import type { Offer } from "../../core/offer.ts";
import type { InterfaceName, World } from "../../core/wit.ts";
import type { HostInterface } from "../../core/workload-set.ts";

import { LatticeError } from "../../core/error.ts";
import { covers, coversAll, declaredName, textOf } from "./declared.ts";

export interface MatchItem {
  readonly name: string;
  readonly world: World;
  /** Full names of imports that another component of the set answers. */
  readonly linked: ReadonlySet<string>;
  /** Full names of exports that other components of the set import. */
  readonly answers: ReadonlySet<string>;
}

export type OfferKind = Pick<Offer, "id" | "imports" | "exports" | "named" | "builtIn">;

/** An entry that an offer meets. */
export interface Met {
  readonly entry: HostInterface;
  /** The items that it is met for, in their order. */
  readonly items: readonly string[];
}

/** What one offer is to do for a set. Offers that nobody uses are not there. */
export interface Match<Kind extends OfferKind = OfferKind> {
  readonly offer: Kind;
  /** In the order of the entries. None if it is used without. */
  readonly met: readonly Met[];
  /** All who use it, in their order. */
  readonly items: readonly string[];
}

/**
 * The offers that are used, in the order of their ids. Entries that nobody's imports or exports call for are passed over.
 *
 * @throws {LatticeError} `import-unmet` for an entry that no offer meets, `bad-input` for entries that one offer cannot tell
 * apart.
 */
export function matchOffers<Kind extends OfferKind>(
  entries: readonly HostInterface[],
  items: readonly MatchItem[],
  offers: readonly Kind[],
): readonly Match<Kind>[] {
  const ordered = offers.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const found = new Map(ordered.map((offer) => [offer, new Map<HostInterface, string[]>()]));
  for (const item of items) {
    const unmet: HostInterface[] = [];
    for (const entry of entries) {
      if (isHttp(entry) || !isRequired(entry, item, ordered)) continue;
      const offer = choose(entry, ordered);
      const met = offer && found.get(offer);
      if (met === undefined) unmet.push(entry);
      else met.set(entry, [...(met.get(entry) ?? []), item.name]);
    }
    if (unmet.length > 0) {
      throw new LatticeError(
        "import-unmet",
        `workload component ${item.name} requested interfaces that are not available on this host: ` +
          unmet.map(described).join(", "),
      );
    }
  }
  return ordered.flatMap((offer) => {
    const met = entries.flatMap((entry) => {
      const names = found.get(offer)?.get(entry);
      return names === undefined ? [] : [{ entry, items: names }];
    });
    demandTellable(offer, met);
    const users = items.filter(
      ({ name, world }) =>
        met.some((each) => each.items.includes(name)) ||
        (offer.builtIn === true && importsOf(world).some((each) => serves(offer, each))),
    );
    if (users.length === 0) return [];
    // What needs no entry may have some all the same.
    const own = offer.builtIn === true ? entries.filter((each) => touches(offer, each)) : [];
    const extra = own
      .filter((entry) => met.every((each) => each.entry !== entry))
      .map((entry) => ({
        entry,
        items: users.filter((item) => isRequired(entry, item, ordered)).map(({ name }) => name),
      }));
    return [{ offer, met: [...met, ...extra], items: users.map(({ name }) => name) }];
  });
}

/** HTTP is built in, whether offers are there or not. */
const HTTP = {
  namespace: "wasi",
  package: "http",
  version: undefined,
  interfaces: ["incoming-handler", "outgoing-handler", "handler"],
};

function isHttp(entry: HostInterface): boolean {
  return coversAll([HTTP], entry);
}

/** Whether all of the entry is among what the item imports or exports, and is not all between the components of the set. */
function isRequired(
  entry: HostInterface,
  { world, linked, answers }: MatchItem,
  offers: readonly OfferKind[],
): boolean {
  const imported = parsed(world.imports.keys()).filter(([, name]) => covers(entry, name));
  const exported = parsed(world.exports.keys()).filter(([, name]) => covers(entry, name));
  const here = new Set([...imported, ...exported].map(([, name]) => name.interface));
  if (!entry.interfaces.every((wanted) => here.has(wanted))) return false;
  // What others of the set call, the host may call as well.
  const byHost = (name: InterfaceName): boolean =>
    offers.some((offer) => offer.exports.some((each) => covers(each, name)));
  if (exported.some(([full, name]) => !answers.has(full) || byHost(name))) return true;
  // Interfaces that hold only types are answered by nobody.
  const called = imported.filter(([full]) => (world.imports.get(full)?.size ?? 0) > 0);
  if (called.length === 0) return exported.length === 0;
  return called.some(([full]) => !linked.has(full));
}

function choose<Kind extends OfferKind>(
  entry: HostInterface,
  ordered: readonly Kind[],
): Kind | undefined {
  const meant = ordered.find(({ id }) => id === entry.name);
  if (meant !== undefined) return isFor(meant, entry) ? meant : undefined;
  const able = ordered.filter((offer) => isFor(offer, entry));
  return able.find(({ named }) => named === (entry.name !== undefined)) ?? able[0];
}

function isFor({ imports, exports }: OfferKind, entry: HostInterface): boolean {
  return coversAll([...imports, ...exports], entry);
}

function touches(offer: OfferKind, entry: HostInterface): boolean {
  return entry.interfaces.some((name) => serves(offer, { ...entry, interface: name }));
}

/** Whether the offer answers what a component imports by this name. */
export function serves({ imports }: OfferKind, name: InterfaceName): boolean {
  return imports.some((each) => covers(each, name));
}

function demandTellable({ id, named }: OfferKind, met: readonly Met[]): void {
  if (named) return;
  const byPackage = new Map<string, string[]>();
  for (const { entry } of met) {
    if (entry.name === undefined) continue;
    const pkg = `${entry.namespace}:${entry.package}`;
    byPackage.set(pkg, [...(byPackage.get(pkg) ?? []), entry.name]);
  }
  for (const [pkg, names] of byPackage) {
    if (names.length < 2) continue;
    throw new LatticeError(
      "bad-input",
      `plugin '${id}' does not support named instances, but workload requires ${names.length} named entries for ${pkg} ` +
        `(names: ${names.toSorted().join(", ")})`,
    );
  }
}

function described(entry: HostInterface): string {
  return entry.name === undefined ? textOf(entry) : `${textOf(entry)} (name: ${entry.name})`;
}

function importsOf({ imports }: World): readonly InterfaceName[] {
  return parsed(imports.keys()).map(([, name]) => name);
}

function parsed(
  names: Iterable<string>,
): readonly (readonly [full: string, name: InterfaceName])[] {
  return [...names].flatMap((full) => {
    const name = declaredName(full);
    return name === undefined ? [] : [[full, name] as const];
  });
}
