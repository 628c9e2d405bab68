/**
 * Value types as a component has them, read into the vocabulary of `core/wit.ts`.
 *
 * Codes: WebAssembly/component-model, design/mvp/Binary.md, "Type Definitions", `defvaltype`.
 */
import type { Case, Field, PrimitiveKind, WitType } from "../core/wit.ts";
import { hex } from "./component-reader.ts";
import type { ComponentReader } from "./component-reader.ts";
import type { Resource, Scope, TypeDefinition } from "./component-scope.ts";
import { innerTypes } from "./inner-types.ts";

/** A handle type whose resource may get its name later. */
export interface Handle {
  readonly kind: "own" | "borrow";
  resource: string;
  of?: string;
}

/** What the readers of one binary share. */
export interface TypeContext {
  readonly reader: ComponentReader;
  readonly scope: Scope;
  /** Every handle type met, with its resource: the names are filled in at the end. */
  readonly handles: [Handle, Resource][];
  readonly weights: WeakMap<WitType, Weight>;
}

/** How large a type is when it is spelled out: parts may be shared, readers of values walk them all. */
interface Weight {
  readonly depth: number;
  readonly size: number;
}

/** Bounds on one type; those of WASI 0.2 have dozens of parts, and are some five deep. */
const MAX_TYPE_DEPTH = 100;
const MAX_TYPE_SIZE = 100_000;

const LEAF: Weight = { depth: 1, size: 1 };

const PRIMITIVES: ReadonlyMap<number, WitType> = new Map(
  (
    [
      [0x7f, "bool"],
      [0x7e, "s8"],
      [0x7d, "u8"],
      [0x7c, "s16"],
      [0x7b, "u16"],
      [0x7a, "s32"],
      [0x79, "u32"],
      [0x78, "s64"],
      [0x77, "u64"],
      [0x76, "f32"],
      [0x75, "f64"],
      [0x74, "char"],
      [0x73, "string"],
    ] as const satisfies readonly (readonly [number, PrimitiveKind])[]
  ).map(([code, kind]) => [code, { kind }]),
);

/** A handle to an error of the runtime. It cannot leave its component, so a world shows it as a resource. */
const ERROR_CONTEXT = 0x64;

export function readValueType(context: TypeContext): WitType {
  const { reader, scope } = context;
  const { at } = reader;
  const code = reader.s33();
  if (code < 0) {
    return readPrimitive(context, code + 0x80) ?? reader.fail(`unknown type at byte ${at}`);
  }
  const type = scope.type(code);
  if (type.form === "value") return type.value;
  return reader.fail(`byte ${at} wants a value type, and type ${code} is of form ${type.form}`);
}

function readPrimitive(context: TypeContext, code: number): WitType | undefined {
  return code === ERROR_CONTEXT
    ? handle(context, "own", { name: "error-context" })
    : PRIMITIVES.get(code);
}

/** The value type whose first byte, at `at`, was `code`. */
export function readDefinedType(context: TypeContext, code: number, at: number): WitType {
  const { reader } = context;
  const type = (): WitType => readValueType(context);
  const optionalType = (): WitType | undefined => reader.optional(type);
  const label = (): string => reader.name();
  switch (code) {
    case 0x72:
      return composed(context, { kind: "record", fields: readFields(context) });
    case 0x71:
      return composed(context, { kind: "variant", cases: reader.list(() => readCase(context)) });
    case 0x70:
      return composed(context, { kind: "list", element: type() });
    case 0x67: {
      // A list of fixed length: an array in JavaScript as well, and wRPC knows no shorter form of it.
      const element = type();
      reader.u32();
      return composed(context, { kind: "list", element });
    }
    case 0x63: {
      // A map is a list of pairs to the canonical ABI: design/mvp/CanonicalABI.md, "Despecialization".
      const pair = composed(context, { kind: "tuple", elements: [type(), type()] });
      return composed(context, { kind: "list", element: pair });
    }
    case 0x6f:
      return composed(context, { kind: "tuple", elements: reader.list(type) });
    case 0x6e:
      return composed(context, { kind: "flags", names: reader.list(label) });
    case 0x6d:
      return composed(context, { kind: "enum", names: reader.list(label) });
    case 0x6b:
      return composed(context, { kind: "option", some: type() });
    case 0x6a: {
      const ok = optionalType();
      const err = optionalType();
      const parts = { ...(ok !== undefined && { ok }), ...(err !== undefined && { err }) };
      return composed(context, { kind: "result", ...parts });
    }
    case 0x69:
    case 0x68: {
      const { resource } = typeOf(context, "resource");
      return handle(context, code === 0x69 ? "own" : "borrow", resource);
    }
    case 0x66:
    case 0x65: {
      const kind = code === 0x66 ? "stream" : "future";
      const element = optionalType();
      return composed(context, element === undefined ? { kind } : { kind, element });
    }
    default:
      return readPrimitive(context, code) ?? reader.fail(`unknown type ${hex(code)} at byte ${at}`);
  }
}

export function readFields(context: TypeContext): Field[] {
  return context.reader.list(() => ({
    name: context.reader.name(),
    type: readValueType(context),
  }));
}

function readCase(context: TypeContext): Case {
  const { reader } = context;
  const name = reader.name();
  const type = reader.optional(() => readValueType(context));
  // Where variants could once refine one another.
  reader.optional(() => reader.u32());
  return type === undefined ? { name } : { name, type };
}

/** Whether the next byte is that of a type without parts. */
export function isPrimitiveNext(reader: ComponentReader): boolean {
  return PRIMITIVES.has(reader.peek());
}

/** The type whose index comes next, which must be of `form`. */
export function typeOf<F extends TypeDefinition["form"]>(
  { reader, scope }: TypeContext,
  form: F,
): Extract<TypeDefinition, { form: F }> {
  const { at } = reader;
  const index = reader.u32();
  const type = scope.type(index);
  if (isOf(type, form)) return type;
  return reader.fail(
    `byte ${at} wants a type of form ${form}, and type ${index} is a ${type.form}`,
  );
}

function isOf<F extends TypeDefinition["form"]>(
  type: TypeDefinition,
  form: F,
): type is Extract<TypeDefinition, { form: F }> {
  return type.form === form;
}

function handle(context: TypeContext, kind: Handle["kind"], resource: Resource): WitType {
  const type: Handle = { kind, resource: "" };
  context.handles.push([type, resource]);
  return type;
}

/** `type` itself, weighed, so that a few bytes cannot describe a type without end. */
function composed(context: TypeContext, type: WitType): WitType {
  let depth = 0;
  let size = 1;
  for (const part of innerTypes(type)) {
    const weight = context.weights.get(part) ?? LEAF;
    depth = Math.max(depth, weight.depth);
    size += weight.size;
  }
  depth += 1;
  if (depth > MAX_TYPE_DEPTH || size > MAX_TYPE_SIZE) {
    context.reader.fail(
      `the type that ends at byte ${context.reader.at} has more than ${MAX_TYPE_SIZE} parts, or is nested deeper than ${MAX_TYPE_DEPTH}`,
    );
  }
  context.weights.set(type, { depth, size });
  return type;
}
