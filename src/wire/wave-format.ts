/** WIT values as text for people: WAVE, spelled out, so that `some`, `ok` and the names of fields are always there. */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, WitType, WitValue } from "../core/wit.ts";
import { isTagged, resultCases } from "./value-types.ts";

/**
 * `value`, which is of `type`, as `parseWave` reads it.
 *
 * @throws {LatticeError} `bad-input` if it is not; `unsupported` for streams and futures that carry nothing.
 */
export function formatWave(value: WitValue, type: WitType): string {
  switch (type.kind) {
    case "bool":
    case "u8":
    case "s8":
    case "u16":
    case "s16":
    case "u32":
    case "s32":
    case "u64":
    case "s64":
      return formatPrimitive(value, type);
    case "f32":
    case "f64":
      return typeof value === "number" ? formatFloat(value, type.kind) : misfit(value, type);
    case "char":
      return typeof value === "string" ? quote(value, "'") : misfit(value, type);
    case "string":
      return typeof value === "string" ? quote(value, `"`) : misfit(value, type);
    case "list":
      return `[${items(value, type)
        .map((each) => formatWave(each, type.element))
        .join(", ")}]`;
    case "own":
    case "borrow":
      return `[${items(value, type).join(", ")}]`;
    case "tuple": {
      const values = items(value, type);
      return `(${type.elements.map((each, index) => formatWave(values[index], each)).join(", ")})`;
    }
    case "record": {
      const fields = keys(value, type);
      return `{${type.fields
        .map(
          (field) =>
            `${label(field.name)}: ${formatWave(fields[camelCase(field.name)], field.type)}`,
        )
        .join(", ")}}`;
    }
    case "flags": {
      const flags = keys(value, type);
      return `{${type.names
        .filter((name) => flags[camelCase(name)] === true)
        .map(label)
        .join(", ")}}`;
    }
    case "enum":
      return typeof value === "string" && type.names.includes(value)
        ? label(value)
        : misfit(value, type);
    case "option":
      return formatOption(value, type);
    case "result":
      return formatCase(value, type, resultCases(type), (name) => name);
    case "variant":
      return formatCase(value, type, type.cases, label);
    case "stream":
      if (type.element === undefined) throw untold(type.kind);
      return formatWave(value, { kind: "list", element: type.element });
    case "future":
      if (type.element === undefined) throw untold(type.kind);
      return formatWave(value, type.element);
  }
}

const untold = (kind: string): LatticeError =>
  new LatticeError("unsupported", `a ${kind} that carries nothing has no text`);

function formatPrimitive(value: WitValue, type: WitType): string {
  switch (typeof value) {
    case "boolean":
    case "number":
    case "bigint":
      return String(value);
    default:
      return misfit(value, type);
  }
}

/** The shortest digits that give the number back. */
export function formatFloat(value: number, kind: "f32" | "f64"): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  if (kind === "f32") {
    for (let digits = 1; digits < 9; digits++) {
      const short = Number(value.toPrecision(digits));
      if (Math.fround(short) === value) return String(short);
    }
  }
  return String(value);
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);

export function quote(text: string, mark: string): string {
  const inner = text.replaceAll(/[\\'"\p{Cc}]/gu, (char) => {
    if (char === "'" || char === `"`) return char === mark ? `\\${char}` : char;
    return NAMED.get(char) ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return `${mark}${inner}${mark}`;
}

const KEYWORDS: ReadonlySet<string> = new Set([
  "true",
  "false",
  "inf",
  "nan",
  "some",
  "none",
  "ok",
  "err",
  "null",
]);

/** Names that WAVE has another meaning for are marked. */
export const label: (name: string) => string = (name: string): string =>
  KEYWORDS.has(name) ? `%${name}` : name;

function formatOption(value: WitValue, type: Extract<WitType, { kind: "option" }>): string {
  if (isTagged(type)) {
    return formatCase(
      value,
      type,
      [{ name: "none" }, { name: "some", type: type.some }],
      (name) => name,
    );
  }
  return value === undefined || value === null ? "none" : `some(${formatWave(value, type.some)})`;
}

function formatCase(
  value: WitValue,
  type: WitType,
  cases: readonly Case[],
  label: (name: string) => string,
): string {
  const { tag, val } = keys(value, type);
  const found = cases.find(({ name }) => name === tag);
  if (found === undefined) return misfit(value, type);
  return found.type === undefined
    ? label(found.name)
    : `${label(found.name)}(${formatWave(val, found.type)})`;
}

function items(value: WitValue, type: WitType): readonly WitValue[] {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every other view is a typed array, and those are lists
    return Array.from(value as unknown as ArrayLike<number | bigint>);
  }
  return misfit(value, type);
}

function keys(value: WitValue, type: WitType): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object can be asked for any key
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  return misfit(value, type);
}

function misfit(value: WitValue, type: WitType): never {
  throw new LatticeError("bad-input", `${typeof value} where a ${type.kind} was expected`);
}
