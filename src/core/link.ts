/** Links: which import of one member is answered by whom, under which name. */
import type { EntityId } from "./ids.ts";

import { LatticeError } from "./error.ts";

export interface Link {
  /** Whose imports are meant. */
  readonly source: EntityId;
  /** Who answers them: a component or provider anywhere in the lattice. */
  readonly target: EntityId;
  /** `default`, unless the source uses one interface for several purposes. */
  readonly name: string;
  readonly namespace: string;
  readonly package: string;
  /** Without version. */
  readonly interfaces: readonly string[];
  /** Names of configuration for either side, in the order in which they are merged. */
  readonly sourceConfig: readonly string[];
  readonly targetConfig: readonly string[];
  /** Configuration of the target's end that the link itself has, in the place of {@link targetConfig}. */
  readonly targetValues?: ReadonlyMap<string, string>;
  /** The contract that is linked, where the lattice has those: what signed claims of the source must list. */
  readonly contract?: string;
}

/** What a removal names: of links that share all of it, the first is meant. */
export type LinkKey = Pick<Link, "source" | "name" | "namespace" | "package">;

export const DEFAULT_LINK = "default";

export function sameKey(one: LinkKey, other: LinkKey): boolean {
  return (
    one.source === other.source &&
    one.name === other.name &&
    one.namespace === other.namespace &&
    one.package === other.package
  );
}

/** `wasi:keyvalue/store` of each interface of `link`: the form in which imports are looked up. */
export function linkedInterfaces(link: Link): readonly string[] {
  return link.interfaces.map((each) => `${link.namespace}:${link.package}/${each}`);
}

/** Links of one source as its imports see them. Of two links for one interface the later one counts. */
export interface LinkTable {
  /** `instance` with or without version. */
  target(name: string, instance: string): EntityId | undefined;
  /** The contract by which it is linked; `undefined` if by none. */
  contract(name: string, instance: string): string | undefined;
  /** Link names under which `instance` is linked. */
  names(instance: string): readonly string[];
}

export function linkMissing(source: EntityId, name: string, instance: string): LatticeError {
  return new LatticeError(
    "link-missing",
    `${source} has no link named "${name}" for ${instance}: put one with source ${source}`,
  );
}
