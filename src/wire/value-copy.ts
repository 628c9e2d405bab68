/**
 * WIT values as they would come out of encoding and decoding, without the bytes between: checked against their types,
 * in objects of their own, with typed arrays where jco has them. For calls that stay in one node.
 *
 * Byte arrays keep their memory, unless it is shared with another thread, which could change it after the check.
 */
import { LatticeError } from "../core/error.ts";
import { camelCase } from "../core/wit.ts";
import type { Case, WitStream, WitType, WitValue } from "../core/wit.ts";
import { type Copy, PRIMITIVE_COPIES } from "./value-copy-primitives.ts";
import { Misfit } from "./value-encode-primitives.ts";
import { compiler, isTagged, listOf, resultCases } from "./value-types.ts";

/**
 * Copies of `values`, one for each type.
 *
 * @throws {LatticeError} `bad-input` for a value that is not of its type, with its path, which begins with `name`.
 */
export function copyTuple(
  types: readonly WitType[],
  values: readonly WitValue[],
  name = "args",
): readonly WitValue[] {
  const copies: unknown[] = [];
  try {
    demandCount(types, values);
    for (const type of types) copies.push(copier(type)(values[copies.length]));
    return copies;
  } catch (error) {
    throw asBadInput(
      name,
      values.length === types.length ? inside(`[${copies.length}]`, error) : error,
    );
  }
}

/** The same of one value, whose path begins with `name`. */
export function copyValue(type: WitType, value: WitValue, name: string): WitValue {
  try {
    return copier(type)(value);
  } catch (error) {
    throw asBadInput(name, error);
  }
}

const copier: (type: WitType) => Copy = compiler<Copy>(buildCopier);

function buildCopier(type: WitType, part: (type: WitType) => Copy): Copy {
  switch (type.kind) {
    case "list":
      return copyList(type.element, part(type.element));
    case "option":
      return copyOption(isTagged(type), part(type.some));
    case "result":
      return copyCases("result", resultCases(type), true, part);
    case "variant":
      return copyCases("variant", type.cases, false, part);
    case "tuple":
      return copyElements(type.elements.map(part));
    case "record":
      return copyRecord(type.fields.map(({ name, type }) => [camelCase(name), part(type)]));
    case "enum":
      return copyEnum(new Set(type.names));
    case "flags":
      return copyFlags(type.names.map(camelCase));
    case "own":
    case "borrow":
      return copyHandle(`${type.kind}<${type.resource}>`);
    case "stream":
      return copyStream(copyList(type.element ?? NOTHING, part(type.element ?? NOTHING)));
    case "future":
      return copyFuture(type.element === undefined ? () => undefined : part(type.element));
    default:
      return PRIMITIVE_COPIES[type.kind];
  }
}

/** In the place of an element type that a stream does not have. */
const NOTHING: WitType = { kind: "bool" };

function copyList(element: WitType, copy: Copy): Copy {
  return (value) => {
    if (!isListLike(value)) throw new Misfit("list (an array)", value);
    if (element.kind === "u8" && value instanceof Uint8Array) return unshared(value);
    const parts: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      try {
        parts.push(copy(value[index]));
      } catch (error) {
        throw inside(`[${index}]`, error);
      }
    }
    return listOf(element, parts);
  };
}

const isListLike = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes);
}

function copyOption(tagged: boolean, some: Copy): Copy {
  if (!tagged) {
    return (value) => (value === undefined || value === null ? undefined : some(value));
  }
  return (value) => {
    const tag = isObject(value) ? value["tag"] : undefined;
    if (!isObject(value) || (tag !== "some" && tag !== "none")) {
      throw new Misfit(`an option within an option ({ tag: "some" | "none", val })`, value);
    }
    if (tag === "none") return { tag, val: undefined };
    return { tag, val: within(".val", () => some(value["val"])) };
  };
}

/** `alwaysVal`: results have a `val` also without a payload. */
function copyCases(
  kind: string,
  cases: readonly Case[],
  alwaysVal: boolean,
  part: (type: WitType) => Copy,
): Copy {
  const known = new Map(cases.map(({ name, type }) => [name, type && part(type)]));
  const wanted = `${kind} ({ tag: ${someOf([...known.keys()])}, val })`;
  return (value) => {
    const tag = isObject(value) ? value["tag"] : undefined;
    if (!isObject(value) || typeof tag !== "string" || !known.has(tag)) {
      throw new Misfit(wanted, tag ?? value);
    }
    const payload = known.get(tag);
    if (payload === undefined) return alwaysVal ? { tag, val: undefined } : { tag };
    return { tag, val: within(".val", () => payload(value["val"])) };
  };
}

function copyElements(elements: readonly Copy[]): Copy {
  return (value) => {
    if (!isListLike(value)) throw new Misfit("tuple (an array)", value);
    demandCount(elements, value);
    const copies: unknown[] = [];
    try {
      for (const copy of elements) copies.push(copy(value[copies.length]));
    } catch (error) {
      throw inside(`[${copies.length}]`, error);
    }
    return copies;
  };
}

function demandCount(types: readonly unknown[], values: ArrayLike<unknown>): void {
  if (values.length === types.length) return;
  throw new Misfit(`${types.length} ${types.length === 1 ? "value" : "values"}`, values.length);
}

function copyRecord(fields: readonly (readonly [key: string, copy: Copy])[]): Copy {
  return (value) => {
    if (!isObject(value)) throw new Misfit("record (an object)", value);
    const record: Record<string, unknown> = {};
    for (const [key, copy] of fields) {
      try {
        record[key] = copy(value[key]);
      } catch (error) {
        throw inside(`.${key}`, error);
      }
    }
    return record;
  };
}

function copyEnum(names: ReadonlySet<string>): Copy {
  return (value) => {
    if (typeof value !== "string" || !names.has(value)) {
      throw new Misfit(`enum (${someOf([...names])})`, value);
    }
    return value;
  };
}

function copyFlags(keys: readonly string[]): Copy {
  return (value) => {
    if (!isObject(value)) throw new Misfit("flags (an object of booleans)", value);
    const flags: Record<string, boolean> = {};
    for (const key of keys) {
      const flag = value[key] ?? false;
      if (typeof flag !== "boolean") throw inside(`.${key}`, new Misfit("bool", flag));
      flags[key] = flag;
    }
    return flags;
  };
}

const copyHandle =
  (kind: string): Copy =>
  (value) => {
    if (!(value instanceof Uint8Array)) throw new Misfit(`${kind} (its bytes)`, value);
    return value.slice();
  };

/** Each chunk is checked when it is read; one that is not of the type ends the stream. */
function copyStream(copyChunk: Copy): Copy {
  return (value) => {
    if (!(value instanceof ReadableStream)) throw new Misfit("stream (a ReadableStream)", value);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it holds is checked chunk by chunk
    const reader = (value as WitStream).getReader();
    return new ReadableStream(
      {
        async pull(controller) {
          const { done, value: chunk } = await reader.read().catch(brokenOff);
          if (done) return controller.close();
          try {
            controller.enqueue(copyChunk(chunk));
          } catch (error) {
            const misfit = asBadInput("chunk", error);
            await reader.cancel(misfit);
            throw misfit;
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  };
}

function copyFuture(copy: Copy): Copy {
  return (value) => {
    if (!(value instanceof Promise)) throw new Misfit("future (a promise)", value);
    const copied = value.then((later: unknown) => {
      try {
        return copy(later);
      } catch (error) {
        throw asBadInput("future", error);
      }
    }, brokenOff);
    copied.catch(() => undefined); // heard by whoever awaits it; nobody has to
    return copied;
  };
}

/** Over the lattice nobody learns why. */
function brokenOff(): never {
  throw new LatticeError("incomplete", "the other side broke off what it sent");
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function within<T>(step: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw inside(step, error);
  }
}

function inside(step: string, error: unknown): unknown {
  if (error instanceof Misfit) error.path = step + error.path;
  return error;
}

function asBadInput(name: string, error: unknown): unknown {
  if (!(error instanceof Misfit)) return error;
  return new LatticeError("bad-input", `${name}${error.path}: ${error.message}`);
}

/** The names as alternatives, the first few of them. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  return (names.length > shown.length ? [...shown, "…"] : shown).join(" | ");
}
