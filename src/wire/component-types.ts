/**
 * The world of a component, read from its binary: the full types of all imports and exports, with the
 * exact versions of their names.
 *
 * The binary is evaluated, not only listed: components within components are instantiated with their
 * arguments, since composed components and the output of wit-component re-export through shims. Core
 * modules are passed over by their length. This is no validator: what does not bear on the world is not
 * checked, engines do that.
 */
import { LatticeError } from "../core/error.ts";
import type { FuncType, Interface, World } from "../core/wit.ts";
import { readCanonical } from "./component-core.ts";
import {
  readAlias,
  readExtern,
  readExternName,
  readSort,
  readType,
} from "./component-definitions.ts";
import { ComponentReader } from "./component-reader.ts";
import { Scope } from "./component-scope.ts";
import type { ComponentDefinition, Definition, Exports } from "./component-scope.ts";
import { readValueType } from "./component-values.ts";
import type { TypeContext } from "./component-values.ts";

/**
 * Bytes of definitions that one component may unfold to when its parts are instantiated again and again.
 * Components of language runtimes, of some twenty nested ones, come to 100 KB.
 */
const MAX_UNFOLDED_BYTES = 16 * 1024 * 1024;

/** What a section and an instantiation count for beyond their bytes: a short one is not free either. */
const SECTION_COST = 64;
const INSTANTIATION_COST = 1024;

/** Instantiations within instantiations; composed components have one per level of composition. */
const MAX_INSTANTIATION_DEPTH = 100;

/**
 * The imports and exports of the component in `bytes`.
 *
 * Names of records, variants and aliases are resolved away; a resource keeps the name under which it is
 * first imported or exported, and the interface that it is imported with. Interfaces that hold only types are there, and empty. Exported types, values,
 * modules and components are not shown.
 *
 * @throws {LatticeError} `bad-image` when the bytes are not a component, or a damaged one.
 */
export function componentWorld(bytes: Uint8Array): World {
  const evaluation: Evaluation = {
    bytes,
    unfolded: 0,
    depth: 0,
    handles: [],
    weights: new WeakMap(),
  };
  const root = new ComponentReader(bytes);
  if (root.preamble() === "module") {
    return root.fail(
      "these bytes are a core module, not a component; wrap it with `wasm-tools component new`",
    );
  }

  const { imports, exports } = evaluate(evaluation, root, new Scope(), undefined);

  for (const [handle, resource] of evaluation.handles) {
    handle.resource = resource.name ?? "";
    if (resource.of !== undefined) handle.of = resource.of;
  }
  const interfaces = new Map<Exports, Interface>();
  return { imports: gather(imports, interfaces), exports: gather(exports, interfaces) };
}

interface Evaluation extends Pick<TypeContext, "handles" | "weights"> {
  readonly bytes: Uint8Array;
  unfolded: number;
  /** Instantiations that are under way, each inside of the one before. */
  depth: number;
}

type Named = Map<string, Definition>;

/** One component body while it is evaluated. */
interface Body extends TypeContext {
  readonly evaluation: Evaluation;
  /** Absent for the outermost component, whose imports stay abstract. */
  readonly args: Exports | undefined;
  readonly imports: Named;
  readonly exports: Named;
}

const SECTIONS: ReadonlyMap<number, ((body: Body) => void) | "skipped"> = new Map<
  number,
  ((body: Body) => void) | "skipped"
>([
  [0, "skipped"], // custom
  [1, "skipped"], // core module
  [2, "skipped"], // core instances
  [3, "skipped"], // core types
  [4, defineComponent],
  [5, each(instantiate)],
  [6, each((body) => body.scope.add(readAlias(body)))],
  [7, each((body) => body.scope.add({ sort: "type", type: readType(body) }))],
  [8, each(canonical)],
  [9, start],
  [10, each(importOne)],
  [11, each(exportOne)],
  [12, each(value)],
]);

function each(read: (body: Body) => void): (body: Body) => void {
  return (body) => void body.reader.list(() => read(body));
}

/** Reads the sections up to the end of `reader`, which stands behind the preamble. */
function evaluate(
  evaluation: Evaluation,
  reader: ComponentReader,
  scope: Scope,
  args: Exports | undefined,
): { imports: Exports; exports: Exports } {
  const imports: Named = new Map();
  const exports: Named = new Map();
  while (!reader.done) {
    const { at } = reader;
    const id = reader.byte();
    const read = SECTIONS.get(id);
    if (read === undefined) return reader.fail(`unknown section ${id} at byte ${at}`);
    const section = reader.within(reader.u32());
    const skipped = read === "skipped" || read === defineComponent;
    spend(evaluation, SECTION_COST + (skipped ? 0 : section.end - section.at));
    if (read === "skipped") continue;
    const { handles, weights } = evaluation;
    read({ evaluation, handles, weights, reader: section, scope, args, imports, exports });
    if (!section.done) reader.fail(`section ${id} at byte ${at} has bytes left over`);
  }
  return { imports, exports };
}

function spend(evaluation: Evaluation, bytes: number): void {
  evaluation.unfolded += bytes;
  if (evaluation.unfolded > MAX_UNFOLDED_BYTES) {
    throw new LatticeError(
      "bad-image",
      `the component unfolds to more than ${MAX_UNFOLDED_BYTES} bytes of definitions`,
    );
  }
}

function defineComponent({ reader, scope }: Body): void {
  const start = reader.at;
  reader.skip(reader.end - start);
  scope.add({ sort: "component", component: { start, end: reader.end, scope } });
}

function instantiate(body: Body): void {
  const { reader, scope } = body;
  const { at } = reader;
  const form = reader.byte();
  const exports: Named = new Map();
  if (form === 0x01) {
    reader.list(() => exports.set(readExternName(reader), readReference(body)));
    scope.add({ sort: "instance", exports });
    return;
  }
  if (form !== 0x00) reader.fail(`unknown form ${form} of an instance at byte ${at}`);
  const component = scope.component(reader.u32());
  const args: Named = new Map();
  reader.list(() => args.set(reader.name(), readReference(body)));
  scope.add({ sort: "instance", exports: instanceOf(body.evaluation, component, args) });
}

function instanceOf(
  evaluation: Evaluation,
  component: ComponentDefinition,
  args: Exports,
): Exports {
  if ("exports" in component) return component.exports;
  const reader = new ComponentReader(evaluation.bytes, component.start, component.end);
  if (reader.preamble() === "module") {
    return reader.fail(`the nested component at byte ${component.start} is a core module`);
  }
  spend(evaluation, INSTANTIATION_COST);
  evaluation.depth += 1;
  if (evaluation.depth > MAX_INSTANTIATION_DEPTH) {
    return reader.fail(`components instantiate one another deeper than ${MAX_INSTANTIATION_DEPTH}`);
  }
  const { exports } = evaluate(evaluation, reader, new Scope(component.scope), args);
  evaluation.depth -= 1;
  return exports;
}

function canonical(body: Body): void {
  const { reader, scope } = body;
  const index = readCanonical(reader, () => readValueType(body));
  if (index === undefined) return;
  const type = scope.type(index);
  if (type.form !== "func") {
    reader.fail(`the function before byte ${reader.at} is lifted to a type of form ${type.form}`);
  } else {
    scope.add({ sort: "func", func: type.func });
  }
}

/** A start function: its results join the values. */
function start({ reader, scope }: Body): void {
  reader.u32();
  reader.list(() => reader.u32());
  scope.addValues(reader.u32());
}

function value(body: Body): void {
  readValueType(body);
  body.reader.skip(body.reader.u32());
  body.scope.add({ sort: "value" });
}

function importOne(body: Body): void {
  const { reader, scope, args, imports } = body;
  const { at } = reader;
  const name = readExternName(reader);
  if (imports.has(name)) reader.fail(`"${name}" is imported twice, again at byte ${at}`);
  const declared = readExtern(body, name);
  const given = args === undefined ? declared : args.get(name);
  if (given === undefined || given.sort !== declared.sort) {
    reader.fail(`a nested component imports the ${declared.sort} "${name}" and is not given it`);
    return;
  }
  if (args === undefined && given.sort === "instance") claim(given.exports, name);
  imports.set(name, given);
  scope.add(given);
}

/** Resources that an import brings along are its own; those that it uses of others are theirs already. */
function claim(exports: Exports, name: string): void {
  for (const item of exports.values()) {
    if (item.sort === "type" && item.type.form === "resource") item.type.resource.of ??= name;
  }
}

function exportOne(body: Body): void {
  const { reader, scope, exports } = body;
  const { at } = reader;
  const name = readExternName(reader);
  if (exports.has(name)) reader.fail(`"${name}" is exported twice, again at byte ${at}`);
  const exported = readReference(body);
  const ascribed = reader.optional(() => readExtern(body, name));
  if (exported.sort === "type" && exported.type.form === "resource") {
    exported.type.resource.name ??= name;
  }
  const shown = ascribed ?? exported;
  exports.set(name, shown);
  scope.add(shown);
}

/** Sort and index of something defined before. */
function readReference({ reader, scope }: Body): Definition {
  const sort = readSort(reader);
  return scope.get(sort, reader.u32());
}

/** Functions by interface. An instance that is exported under many names is gathered once. */
function gather(items: Exports, known: Map<Exports, Interface>): Map<string, Interface> {
  const world = new Map<string, Interface>();
  const root = functionsOf(items);
  if (root.size > 0) world.set("", root);
  for (const [name, item] of items) {
    if (item.sort !== "instance") continue;
    const found = known.get(item.exports) ?? functionsOf(item.exports);
    known.set(item.exports, found);
    world.set(name, found);
  }
  return world;
}

function functionsOf(items: Exports): Map<string, FuncType> {
  const functions = new Map<string, FuncType>();
  for (const [name, item] of items) if (item.sort === "func") functions.set(name, item.func);
  return functions;
}
