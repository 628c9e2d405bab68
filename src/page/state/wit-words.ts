/** Types as WIT writes them: for people, spelled out in place; and as text of an interface that other tools read. Pure. */
import type { Case, Field, FuncType, WitType } from "../../core/wit.ts";

import { parseInterfaceName } from "../../core/wit.ts";

/** Types that use others many times over unfold to more than memory holds. */
const MOST_CHARACTERS = 4_000;
const MOST_DEPTH = 30;
const MOST_PARTS = 10_000;

/** `func(name: string) -> u32`, with inline records, variants, enums and flags. Cut off with `…` where it is too long. */
export function funcWords({ params, result, async }: FuncType): string {
  const room = { left: MOST_CHARACTERS };
  const words = (type: WitType): string => spell(type, (inner, depth) => inline(inner, depth), 0);
  const inline = (type: WitType, depth: number): string => {
    if (room.left <= 0 || depth > MOST_DEPTH) return "…";
    const text = spell(type, inline, depth);
    room.left -= depth === 0 ? 0 : text.length;
    return text;
  };
  const list = params.map(({ name, type }) => `${name}: ${words(type)}`).join(", ");
  return `${async === true ? "async " : ""}func(${list})${result === undefined ? "" : ` -> ${words(result)}`}`;
}

/** The same, but of records, variants, enums and flags only that they are some. */
export function briefWords({ params, result, async }: FuncType): string {
  let left = MOST_PARTS;
  const brief = (type: WitType, depth: number): string => {
    if (["record", "variant", "enum", "flags"].includes(type.kind)) return type.kind;
    return --left < 0 || depth > MOST_DEPTH ? "…" : spell(type, brief, depth);
  };
  const list = params.map(({ name, type }) => `${name}: ${brief(type, 0)}`).join(", ");
  const given = result === undefined ? "" : ` -> ${brief(result, 0)}`;
  const whole = `${async === true ? "async " : ""}func(${list})${given}`;
  return whole.length > MOST_CHARACTERS ? `${whole.slice(0, MOST_CHARACTERS)}…` : whole;
}

/** One type in the same words. */
export function typeWords(type: WitType): string {
  return funcWords({ params: [], result: type }).slice("func() -> ".length);
}

/**
 * `functions` as an interface in a package of its own, with names made up for its types: what they are called makes no
 * difference on the wire. Methods of resources are left out. `undefined` for what has no name that WIT can write.
 */
export function witText(
  instance: string,
  functions: Iterable<readonly [name: string, type: FuncType]>,
): string | undefined {
  const name = parseInterfaceName(instance);
  if (name === undefined) return undefined;
  const declared = new Map<string, string>();
  const resources = new Set<string>();
  let left = MOST_PARTS;
  const named = (type: WitType, depth: number): string => {
    if (--left < 0 || depth > MOST_DEPTH) return "string";
    if (type.kind === "own" || type.kind === "borrow") resources.add(type.resource);
    const text = spell(type, named, depth);
    if (!["record", "variant", "enum", "flags"].includes(type.kind)) return text;
    const body = text.slice(type.kind.length + 1);
    const key = `${type.kind} ${body}`;
    const known = declared.get(key) ?? `t${declared.size + 1}`;
    declared.set(key, known);
    return known;
  };
  const lines = [...functions].flatMap(([func, { params, result, async }]) => {
    if (func.startsWith("[")) return [];
    const list = params.map(({ name, type }) => `${label(name)}: ${named(type, 0)}`).join(", ");
    const given = result === undefined ? "" : ` -> ${named(result, 0)}`;
    return [`  ${label(func)}: ${async === true ? "async " : ""}func(${list})${given};`];
  });
  const version = name.version === undefined ? "" : `@${name.version}`;
  return [
    `package ${name.namespace}:${name.package}${version};`,
    "",
    `interface ${label(name.interface)} {`,
    ...[...resources].map((resource) => `  resource ${label(resource)};`),
    ...[...declared].map(([key, made]) => {
      const cut = key.indexOf(" ");
      return `  ${key.slice(0, cut)} ${made} ${key.slice(cut + 1)}`;
    }),
    ...lines,
    "}",
    "",
  ].join("\n");
}

/** `inner` writes the parts; records and the like are written out in place. */
function spell(
  type: WitType,
  inner: (type: WitType, depth: number) => string,
  depth: number,
): string {
  const part = (each: WitType): string => inner(each, depth + 1);
  switch (type.kind) {
    case "list":
      return `list<${part(type.element)}>`;
    case "option":
      return `option<${part(type.some)}>`;
    case "tuple":
      return `tuple<${type.elements.map(part).join(", ")}>`;
    case "result": {
      const { ok, err } = type;
      if (ok === undefined && err === undefined) return "result";
      const good = ok === undefined ? "_" : part(ok);
      return `result<${good}${err === undefined ? "" : `, ${part(err)}`}>`;
    }
    case "record":
      return `record { ${type.fields.map((field: Field) => `${label(field.name)}: ${part(field.type)}`).join(", ")} }`;
    case "variant":
      return `variant { ${type.cases
        .map(({ name, type: of }: Case) => label(name) + (of === undefined ? "" : `(${part(of)})`))
        .join(", ")} }`;
    case "enum":
    case "flags":
      return `${type.kind} { ${type.names.map(label).join(", ")} }`;
    case "own":
    case "borrow":
      return type.kind === "own" ? label(type.resource) : `borrow<${label(type.resource)}>`;
    case "stream":
    case "future":
      return type.element === undefined ? type.kind : `${type.kind}<${part(type.element)}>`;
    default:
      return type.kind;
  }
}

/** Names that are also words of WIT. */
const KEYWORDS: ReadonlySet<string> = new Set(
  "as async bool borrow char constructor enum export f32 f64 flags from func future import include interface list option own package record resource result s16 s32 s64 s8 static stream string tuple type u16 u32 u64 u8 use variant with world".split(
    " ",
  ),
);

const label = (name: string): string => (KEYWORDS.has(name) ? `%${name}` : name);
