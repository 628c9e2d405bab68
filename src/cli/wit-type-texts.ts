/** WIT types as TypeScript writes them, in the mapping of `typed/values.ts`. */
import type { WitType } from "../core/wit.ts";
import type { Named, WitNames } from "./wit-type-names.ts";

import { camelCase } from "../core/wit.ts";
import { partsOfType } from "../wire/type-parts.ts";
import { isTagged, resultCases } from "../wire/value-types.ts";
import { memberName } from "./wit-type-names.ts";

/** Whose types they are: handles are the program's own objects for who serves, and objects of others for a client. */
export type Side = "Served" | "Client";

/**
 * `given`: the program gets the value; `taken`: the program gives it, and more than one form is taken; `both`: within a type that
 * has a name, the form that is right in both directions.
 */
export type Way = "given" | "taken" | "both";

export interface At {
  /** The interface in which the type stands; empty for what stands in none. */
  readonly owner: string;
  readonly side: Side;
  readonly way: Way;
}

export interface TypeTexts {
  /** What stands for `type` where it is used: its name if it has one. */
  refer(type: WitType, at: At): string;
  /** What a promise of `type` gives: a promise of a promise is one promise. */
  awaited(type: WitType | undefined, at: At): string;
  /** The declaration of `type` under `name`, in lines. */
  declare(name: string, type: WitType, at: At): readonly string[];
  /** The same, of another name for what `type` is called elsewhere. */
  alias(name: string, type: WitType, at: At): readonly string[];
}

/** Helpers that an emitted text may need. */
export type Helper = "Awaitable" | "Streamable";

export interface TypeTextsParts {
  readonly names: WitNames;
  /** The interface that defines the resource of a handle which stands in `owner`. */
  readonly homeOf: (type: WitType, owner: string) => string;
  /** A type of `owner` is used. */
  readonly uses: (owner: string) => void;
  readonly needs: (helper: Helper) => void;
}

/** As `listOf` makes them (`wire/value-types.ts`). */
const NUMBER_LISTS: Readonly<Partial<Record<WitType["kind"], string>>> = {
  u8: "Uint8Array",
  s8: "Int8Array",
  u16: "Uint16Array",
  s16: "Int16Array",
  u32: "Uint32Array",
  s32: "Int32Array",
  u64: "BigUint64Array",
  s64: "BigInt64Array",
  f32: "Float32Array",
  f64: "Float64Array",
};

export function createTypeTexts({ names, homeOf, uses, needs }: TypeTextsParts): TypeTexts {
  const refer = (type: WitType, at: At): string => {
    if (type.kind === "own" || type.kind === "borrow") return handle(type, at);
    const named = names.find(type);
    return named === undefined ? spell(type, at) : place(named, partsOfType(type).handles, at);
  };

  const place = ({ owner, name }: Named, handles: boolean, at: At): string => {
    uses(owner);
    const typeName = names.typeName(owner, name) ?? "object";
    // No two names of a namespace, and of those within, are the same.
    if (owner === at.owner) return typeName;
    return [names.namespace(owner), ...(handles ? [at.side] : []), typeName].join(".");
  };

  const handle = (type: Extract<WitType, { resource: string }>, at: At): string => {
    const named = { owner: homeOf(type, at.owner), name: type.resource };
    // A resource of a world itself, which nobody can call.
    return names.typeName(named.owner, named.name) === undefined
      ? "object"
      : place(named, true, at);
  };

  const awaited = (type: WitType | undefined, at: At): string => {
    if (type === undefined) return "void";
    return type.kind === "future" ? awaited(type.element, at) : refer(type, at);
  };

  const spell = (type: WitType, at: At): string => {
    switch (type.kind) {
      case "list":
        return list(type.element, at);
      case "tuple": {
        const elements = `[${type.elements.map((each) => refer(each, at)).join(", ")}]`;
        return mayChange(at) ? elements : `readonly ${elements}`;
      }
      case "record":
      case "flags":
        return `{ ${fields(type, at).join("; ")} }`;
      case "option":
      case "result":
      case "variant":
      case "enum":
        return cases(type, at).join(" | ");
      case "stream":
        return stream(type.element, at);
      case "future": {
        const value = awaited(type.element, at);
        if (at.way !== "taken") return `Promise<${value}>`;
        needs("Awaitable");
        return `Awaitable<${value}>`;
      }
      case "own":
      case "borrow":
        return handle(type, at);
      case "bool":
        return "boolean";
      case "u64":
      case "s64":
        return "bigint";
      case "char":
      case "string":
        return "string";
      default:
        return "number";
    }
  };

  const list = (element: WitType, at: At): string => {
    const part = refer(element, at);
    const array = `${part.includes(" ") ? `(${part})` : part}[]`;
    const plain = mayChange(at) ? array : `readonly ${array}`;
    const numbers = NUMBER_LISTS[element.kind];
    if (numbers === undefined) return plain;
    return at.way === "taken" ? `${numbers} | ${plain}` : numbers;
  };

  const stream = (element: WitType | undefined, at: At): string => {
    const isBytes = element?.kind === "u8";
    const plain = element === undefined ? "undefined" : refer(element, at);
    const item = isBytes ? "Uint8Array" : plain;
    if (at.way === "given") return `ReadableStream<${item}>`;
    if (at.way === "both") return `AsyncIterable<${item}>`;
    needs("Streamable");
    return `Streamable<${item}>${isBytes ? " | Uint8Array" : ""}`;
  };

  const fields = (type: Extract<WitType, { kind: "record" | "flags" }>, at: At): string[] => {
    // Names that become one in camelCase are one field.
    const found = new Map<string, string>();
    if (type.kind === "flags") {
      for (const name of type.names) found.set(camelCase(name), "?: boolean | undefined");
    } else {
      for (const { name, type: of } of type.fields) {
        const mark = mayBeLeftOut(of) ? "?" : "";
        found.set(camelCase(name), `${mark}: ${refer(of, at)}`);
      }
    }
    return [...found].map(([name, text]) => `readonly ${memberName(name)}${text}`);
  };

  const cases = (
    type: Extract<WitType, { kind: "option" | "result" | "variant" | "enum" }>,
    at: At,
  ): string[] => {
    switch (type.kind) {
      case "enum":
        return type.names.map((name) => JSON.stringify(name));
      case "option":
        if (!isTagged(type)) return [refer(type.some, at), "undefined"];
        return [tagged("some", refer(type.some, at)), tagged("none", undefined)];
      case "result":
        return resultCases(type).map(({ name, type: of }) => tagged(name, of && refer(of, at)));
      case "variant":
        return type.cases.map(({ name, type: of }) => tagged(name, of && refer(of, at)));
    }
  };

  const declare = (name: string, type: WitType, at: At): readonly string[] => {
    switch (type.kind) {
      case "record":
      case "flags":
        return [
          `export interface ${name} {`,
          ...fields(type, at).map((field) => `  ${field};`),
          "}",
        ];
      case "variant": {
        const lines = cases(type, at).map((each) => `  | ${each}`);
        return [`export type ${name} =`, ...lines.slice(0, -1), `${lines.at(-1)};`];
      }
      default:
        return [`export type ${name} = ${spell(type, at)};`];
    }
  };

  return {
    refer,
    awaited,
    declare,
    alias: (name, type, at) => [`export type ${name} = ${refer(type, at)};`],
  };
}

/** What a client gets is its own; elsewhere arrays of any kind are to fit. */
function mayChange({ side, way }: At): boolean {
  return side === "Client" && way === "given";
}

/** Whether a value of `type` may be `undefined`. */
export function mayBeLeftOut(type: WitType): boolean {
  return type.kind === "option" && !isTagged(type);
}

/** `undefined`: the case has no payload. */
function tagged(tag: string, payload: string | undefined): string {
  const val = payload === undefined ? "val?: undefined" : `val: ${payload}`;
  return `{ readonly tag: ${JSON.stringify(tag)}; readonly ${val} }`;
}
