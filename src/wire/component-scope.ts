/**
 * The index spaces of one component, component type or instance type while it is evaluated, and what
 * stands in them.
 *
 * Core functions, memories, modules and the like have index spaces too; nothing that they hold shows in
 * a world, so they are not kept.
 */
import { LatticeError } from "../core/error.ts";
import type { FuncType, WitType } from "../core/wit.ts";

/** What an import, an export or an argument stands for. */
export type Definition =
  | { readonly sort: "core" }
  | { readonly sort: "func"; readonly func: FuncType }
  | { readonly sort: "value" }
  | { readonly sort: "type"; readonly type: TypeDefinition }
  | { readonly sort: "component"; readonly component: ComponentDefinition }
  | { readonly sort: "instance"; readonly exports: Exports };

export type Sort = Definition["sort"];

export type Exports = ReadonlyMap<string, Definition>;

/** An entry of the type index space. */
export type TypeDefinition =
  | { readonly form: "value"; readonly value: WitType }
  | { readonly form: "func"; readonly func: FuncType }
  | { readonly form: "resource"; readonly resource: Resource }
  | { readonly form: "instance"; readonly exports: Exports }
  | { readonly form: "component"; readonly exports: Exports };

/** A resource gets its name from the first import or export that carries it. */
export interface Resource {
  name: string | undefined;
  /** The interface that the outermost component imports it with. */
  of?: string;
}

/** A nested component is evaluated when it is instantiated; of an imported one only the exports are known. */
export type ComponentDefinition =
  | { readonly start: number; readonly end: number; readonly scope: Scope }
  | { readonly exports: Exports };

/** Nesting of components and types beyond which a binary is refused; what toolchains emit is a few levels deep. */
const MAX_DEPTH = 100;

export class Scope {
  readonly parent: Scope | undefined;
  readonly #depth: number;
  readonly #funcs: FuncType[] = [];
  readonly #types: TypeDefinition[] = [];
  readonly #components: ComponentDefinition[] = [];
  readonly #instances: Exports[] = [];
  #values = 0;

  constructor(parent?: Scope) {
    this.parent = parent;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
    if (this.#depth > MAX_DEPTH) {
      throw new LatticeError(
        "bad-image",
        `components and types are nested deeper than ${MAX_DEPTH}`,
      );
    }
  }

  add(definition: Definition): void {
    switch (definition.sort) {
      case "func":
        this.#funcs.push(definition.func);
        return;
      case "type":
        this.#types.push(definition.type);
        return;
      case "component":
        this.#components.push(definition.component);
        return;
      case "instance":
        this.#instances.push(definition.exports);
        return;
      case "value":
        this.addValues(1);
        return;
      case "core":
    }
  }

  addValues(count: number): void {
    this.#values += count;
  }

  get(sort: Sort, index: number): Definition {
    switch (sort) {
      case "func":
        return { sort, func: entry(this.#funcs, sort, index) };
      case "type":
        return { sort, type: this.type(index) };
      case "component":
        return { sort, component: this.component(index) };
      case "instance":
        return { sort, exports: this.instance(index) };
      case "value":
        if (index >= this.#values) return missing(sort, index, this.#values);
        return { sort };
      case "core":
        return { sort };
    }
  }

  type(index: number): TypeDefinition {
    return entry(this.#types, "type", index);
  }

  component(index: number): ComponentDefinition {
    return entry(this.#components, "component", index);
  }

  instance(index: number): Exports {
    return entry(this.#instances, "instance", index);
  }

  /** The scope `count` boundaries further out; 0 is this one. */
  outer(count: number): Scope {
    if (count === 0) return this;
    if (this.parent === undefined) {
      throw new LatticeError("bad-image", "an alias reaches out of the outermost component");
    }
    return this.parent.outer(count - 1);
  }
}

function entry<T>(space: readonly T[], sort: Sort, index: number): T {
  return space[index] ?? missing(sort, index, space.length);
}

function missing(sort: Sort, index: number, length: number): never {
  throw new LatticeError("bad-image", `${sort} ${index} is used where ${length} are defined`);
}
