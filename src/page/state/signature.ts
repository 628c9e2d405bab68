/**
 * Functions that a person can call from a form: those whose parameters are all simple. Reads the signature text
 * of a state (`func(name: string, times: u32) -> string`), because states carry no types.
 */
import type { ExportedFunction, WorkloadView } from "../../core/node-state.ts";

export type SimpleType = "string" | "char" | "bool" | "integer" | "big-integer" | "float";

export interface SimpleParam {
  readonly name: string;
  /** As in WIT. */
  readonly wit: string;
  readonly type: SimpleType;
}

const TYPES: ReadonlyMap<string, SimpleType> = new Map([
  ["string", "string"],
  ["char", "char"],
  ["bool", "bool"],
  ...["u8", "s8", "u16", "s16", "u32", "s32"].map((kind) => [kind, "integer"] as const),
  ["u64", "big-integer"],
  ["s64", "big-integer"],
  ["f32", "float"],
  ["f64", "float"],
]);

/** The parameters; `undefined` when the lattice cannot call the function or a parameter is not simple. */
export function simpleParams(func: ExportedFunction): readonly SimpleParam[] | undefined {
  if (func.unserved !== undefined) return undefined;
  const list = /^(?:async )?func\(([^()<>]*)\)/.exec(func.signature)?.[1];
  if (list === undefined) return undefined;
  if (list.trim() === "") return [];
  const params = list.split(",").map(readParam);
  return params.every((param) => param !== undefined) ? params : undefined;
}

/** `text` as a value of the parameter's type; `undefined` when it is none. */
export function readArgument(
  param: SimpleParam,
  text: string,
): string | number | bigint | boolean | undefined {
  switch (param.type) {
    case "string":
      return text;
    case "char":
      return Array.from(text).length === 1 ? text : undefined;
    case "bool":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "big-integer":
      return /^[+-]?\d+$/.test(text.trim()) ? BigInt(text.trim()) : undefined;
    case "integer":
    case "float": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      const fits = param.type === "float" ? !Number.isNaN(value) : Number.isInteger(value);
      return fits ? value : undefined;
    }
  }
}

/** A result as text, close to WAVE: `"text"`, `7`, `ok(7)`, `{name: "Ada"}`, `[1, 2]`. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return "none";
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object") return JSON.stringify(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `[${Object.values(value).map(showValue).join(", ")}]`;
  }
  const fields = Object.entries(value);
  const tag: unknown = Reflect.get(value, "tag");
  if (typeof tag === "string" && fields.every(([key]) => key === "tag" || key === "val")) {
    const val: unknown = Reflect.get(value, "val");
    return val === undefined ? tag : `${tag}(${showValue(val)})`;
  }
  return `{${fields.map(([key, field]) => `${key}: ${showValue(field)}`).join(", ")}}`;
}

/**
 * A line for the terminal that calls a demo component of this site, whose WIT lies beside it in the checkout;
 * `undefined` while none runs.
 */
export function commandLine(
  workloads: readonly WorkloadView[],
  lattice: string,
): string | undefined {
  for (const { id, image, state, exports } of workloads) {
    const demo = /\/demo\/([\w-]+)\.wasm$/.exec(image)?.[1];
    if (demo === undefined || state.phase !== "running") continue;
    for (const func of exports) {
      const params = simpleParams(func);
      if (params === undefined || func.instance === "") continue;
      const args = params.map((param) => ` ${EXAMPLES[param.type]}`).join("");
      const where = lattice === "default" ? "" : ` --lattice ${lattice}`;
      return `npm run call -- ${id} ${func.instance}.${func.func}${args} --wit public/demo/${demo}.wit${where}`;
    }
  }
  return undefined;
}

/** Literals of WAVE, quoted for a shell. */
const EXAMPLES: Readonly<Record<SimpleType, string>> = {
  string: `'"Ada"'`,
  char: `"'a'"`,
  bool: "true",
  integer: "7",
  "big-integer": "7",
  float: "1.5",
};

function readParam(text: string): SimpleParam | undefined {
  const [name = "", wit = ""] = text.split(":").map((part) => part.trim());
  const type = TYPES.get(wit);
  return type === undefined ? undefined : { name, wit, type };
}
