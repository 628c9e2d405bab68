/**
 * What a component defines and declares beyond value types: functions, resources, the types of instances
 * and components, aliases, and what imports and exports are bound to.
 *
 * Codes and layout: WebAssembly/component-model, design/mvp/Binary.md, "Type Definitions" and
 * "Alias Definitions".
 */
import type { FuncType } from "../core/wit.ts";
import { skipCoreType } from "./component-core.ts";
import { hex } from "./component-reader.ts";
import type { ComponentReader } from "./component-reader.ts";
import { Scope } from "./component-scope.ts";
import type { Definition, Exports, Sort, TypeDefinition } from "./component-scope.ts";
import {
  isPrimitiveNext,
  readDefinedType,
  readFields,
  readValueType,
  typeOf,
} from "./component-values.ts";
import type { TypeContext } from "./component-values.ts";

const SORTS: ReadonlyMap<number, Sort> = new Map([
  [0, "core"],
  [1, "func"],
  [2, "value"],
  [3, "type"],
  [4, "component"],
  [5, "instance"],
]);

/** The sort that the next bytes name; core sorts take a second byte. */
export function readSort(reader: ComponentReader): Sort {
  const { at } = reader;
  const code = reader.byte();
  const sort = SORTS.get(code);
  if (sort === undefined) return reader.fail(`unknown sort ${hex(code)} at byte ${at}`);
  if (sort === "core") reader.byte();
  return sort;
}

/**
 * Labels, interfaces with their versions, and the annotations of resources. Names that are addresses or hashes may
 * hold nearly everything, and generated code would have to quote it.
 */
const PLAIN_NAME = /^(?:\[[a-z-]+\])*[A-Za-z0-9][A-Za-z0-9:/@.+-]*$/;

/** Name of an import or export; attributes such as `implements` are passed over. */
export function readExternName(reader: ComponentReader): string {
  const { at } = reader;
  const form = reader.byte();
  if (form > 2) return reader.fail(`unknown form ${hex(form)} of a name at byte ${at}`);
  const name = reader.name();
  if (!PLAIN_NAME.test(name)) {
    reader.fail(`the name at byte ${at} is none of WIT: ${JSON.stringify(name.slice(0, 80))}`);
  }
  if (form === 2) {
    reader.list(() => {
      reader.byte();
      reader.name();
    });
  }
  return name;
}

/** What an import or export of `name` is declared to be; a bound on a resource makes a new, abstract one. */
export function readExtern(context: TypeContext, name: string): Definition {
  const { reader, scope } = context;
  const { at } = reader;
  const sort = readSort(reader);
  switch (sort) {
    case "core":
      reader.u32();
      return { sort };
    case "func":
      return { sort, func: typeOf(context, "func").func };
    case "value":
      readValueBound(context);
      return { sort };
    case "type":
      if (readBound(reader) === "eq") return { sort, type: scope.type(reader.u32()) };
      return { sort, type: { form: "resource", resource: { name } } };
    case "component":
      return { sort, component: { exports: typeOf(context, "component").exports } };
    case "instance":
      return { sort, exports: typeOf(context, "instance").exports };
    default:
      return reader.fail(`unknown form of an import or export at byte ${at}`);
  }
}

/** An alias, as the definition that it stands for. */
export function readAlias({ reader, scope }: TypeContext): Definition {
  const sort = readSort(reader);
  const { at } = reader;
  const form = reader.byte();
  switch (form) {
    case 0: {
      const exports = scope.instance(reader.u32());
      const name = reader.name();
      const found = exports.get(name);
      if (found?.sort !== sort) {
        return reader.fail(
          `the alias at byte ${at} wants the ${sort} "${name}", which is not there`,
        );
      }
      return found;
    }
    case 1:
      reader.u32();
      reader.name();
      return sort === "core"
        ? { sort }
        : reader.fail(`the alias at byte ${at} wants a ${sort} of a core instance`);
    case 2: {
      const from = scope.outer(reader.u32());
      return from.get(sort, reader.u32());
    }
    default:
      return reader.fail(`unknown form ${hex(form)} of an alias at byte ${at}`);
  }
}

/** One entry of a type section. */
export function readType(context: TypeContext): TypeDefinition {
  const { reader } = context;
  const { at } = reader;
  const code = reader.byte();
  switch (code) {
    case 0x3f:
      return readResource(reader);
    case 0x40:
    case 0x43:
      return { form: "func", func: readFunc(context, code === 0x43) };
    case 0x41:
      return { form: "component", exports: readDeclarations(context, "component") };
    case 0x42:
      return { form: "instance", exports: readDeclarations(context, "instance") };
    default:
      return { form: "value", value: readDefinedType(context, code, at) };
  }
}

function readFunc(context: TypeContext, async: boolean): FuncType {
  const { reader } = context;
  const params = readFields(context);
  const { at } = reader;
  const form = reader.byte();
  if (form === 0) return { params, result: readValueType(context), ...(async && { async }) };
  if (form === 1 && reader.byte() === 0) return { params, ...(async && { async }) };
  return reader.fail(`unknown form of a function's result at byte ${at}`);
}

function readResource(reader: ComponentReader): TypeDefinition {
  reader.byte(); // the core type that represents it
  reader.optional(() => reader.u32()); // its destructor
  return { form: "resource", resource: { name: undefined } };
}

/** The declarations of an instance or component type, in a scope of their own. */
function readDeclarations(outer: TypeContext, form: "instance" | "component"): Exports {
  const { reader } = outer;
  const scope = new Scope(outer.scope);
  const context: TypeContext = { ...outer, scope };
  const exports = new Map<string, Definition>();
  reader.list(() => {
    const { at } = reader;
    const code = reader.byte();
    switch (code) {
      case 0:
        skipCoreType(reader);
        return;
      case 1:
        scope.add({ sort: "type", type: readType(context) });
        return;
      case 2:
        scope.add(readAlias(context));
        return;
      case 3:
        if (form === "instance") break;
        scope.add(readExtern(context, readExternName(reader)));
        return;
      case 4: {
        const name = readExternName(reader);
        const declared = readExtern(context, name);
        exports.set(name, declared);
        scope.add(declared);
        return;
      }
    }
    reader.fail(`unknown declaration ${hex(code)} in ${form} type at byte ${at}`);
  });
  return exports;
}

/** A type or another value. wasm-tools writes a primitive type without the byte that tells them apart. */
function readValueBound(context: TypeContext): void {
  const { reader } = context;
  if (isPrimitiveNext(reader)) reader.byte();
  else if (readBound(reader) === "eq") reader.u32();
  else readValueType(context);
}

function readBound(reader: ComponentReader): "eq" | "sub" {
  const { at } = reader;
  const code = reader.byte();
  if (code > 1) return reader.fail(`unknown bound ${hex(code)} at byte ${at}`);
  return code === 0 ? "eq" : "sub";
}
