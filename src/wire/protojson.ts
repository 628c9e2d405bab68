/**
 * Messages of proto3 in their JSON form, driven by tables: a {@link message} lists its fields by their JSON names, and the
 * types of what is read and written follow from it. The binary form is not here.
 *
 * Reading is lenient where a peer may be newer or of another make: unknown fields are ignored, `null` is an absent field,
 * `workloadId` may be written `workload_id`, numbers may be texts, an enum its number. What has another type, and names of an
 * enum that nobody knows, are refused with the field's path. Writing gives the least: no defaults, no `null`.
 *
 * Source: the ProtoJSON format of protobuf.dev, as Go's `protojson` and `pbjson` have it. A table cannot contain itself, so
 * nesting is as deep as the tables are; lists and maps have {@link MOST_ENTRIES} entries, a message {@link MOST_BYTES} bytes.
 */
import { LatticeError } from "../core/error.ts";
import { entries, fail, flag, misfit, type Shape, writeJson } from "./shape.ts";

/** What a workload of a hundred components needs, many times over. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_ENTRIES = 10_000;

export interface Field<T> {
  /** What an absent field means. */
  readonly unset: T;
  readonly read: Shape<T>;
  /** `undefined` for what an absent field says as well. */
  readonly write: (value: T) => unknown;
}

/** A field whose values can stand in a list. */
export interface Element<T> {
  readonly readElement: Shape<T>;
  /** Says defaults too. */
  readonly writeElement: (value: T) => unknown;
}

export type Scalar<T> = Field<T> & Element<T>;

/** As a field of another message it may be absent, which is not the same as empty. */
export interface Message<T> extends Field<T | undefined>, Element<T> {
  /** @throws {LatticeError} `bad-message` with the path of what cannot be read. */
  readonly decode: (data: Uint8Array) => T;
  readonly encode: (value: Draft<T>) => Uint8Array;
}

/** A message of which any fields may be left out, at any depth. */
export type Draft<T> = T extends string | number | boolean | bigint | ReadonlyMap<string, string>
  ? T
  : T extends readonly (infer Each)[]
    ? readonly Draft<Each>[]
    : { readonly [Name in keyof T]?: Draft<T[Name]> | undefined };

/** The fields by their JSON names; that of the `.proto` file is the same in snake case. */
export function message<T extends object>(fields: {
  readonly [Name in keyof T]-?: Field<T[Name]>;
}): Message<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of `fields` are T's, and each field is for its own
  const table = (Object.entries(fields) as [string & keyof T, Field<T[keyof T]>][]).map(
    ([name, field]) => ({
      name,
      original: name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      field,
    }),
  );
  const read: Shape<T> = (value, path) => {
    const given = new Map(fieldsOf(value, path).filter(([, each]) => each !== null));
    const found = table.map(({ name, original, field }) => {
      const where = path === "" ? name : `${path}.${name}`;
      if (name !== original && given.has(name) && given.has(original)) {
        throw new LatticeError("bad-message", `"${where}" is there twice, once as ${original}`);
      }
      const met = given.get(name) ?? given.get(original);
      return [name, met === undefined ? field.unset : field.read(met, where)];
    });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field of T was just read
    return Object.fromEntries(found) as T;
  };
  const write = (value: Partial<T>): object => {
    const said = table.map(({ name, field }) => {
      const each = value[name];
      return [name, each === undefined ? undefined : field.write(each)];
    });
    return Object.fromEntries(said.filter(([, each]) => each !== undefined));
  };
  return {
    unset: undefined,
    read,
    write: (value) => (value === undefined ? undefined : write(value)),
    readElement: read,
    writeElement: write,
    decode(data) {
      if (data.length > MOST_BYTES) {
        throw new LatticeError("bad-message", `${data.length} bytes are above ${MOST_BYTES}`);
      }
      return read(parse(data), "");
    },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `write` asks no message for a field, at any depth
    encode: (value) => writeJson(write(value as Partial<T>)),
  };
}

/** What engines say of broken JSON has a piece of it, which may be a secret. */
function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    throw new LatticeError("bad-message", `${data.length} bytes that must be JSON are none`);
  }
}

function scalar<T>(
  unset: T,
  read: Shape<T>,
  writeElement: (value: T) => unknown = (value) => value,
): Scalar<T> {
  return {
    unset,
    read,
    write: (value) => (Object.is(value, unset) ? undefined : writeElement(value)),
    readElement: read,
    writeElement,
  };
}

/** What is met in its place is not shown: many texts are secrets. */
const text: Shape<string> = (value, path) => {
  if (typeof value !== "string") return misfit(path, "a string", kindOf(value));
  return LONE_SURROGATE.test(value) ? misfit(path, "Unicode", "half of a pair") : value;
};

/** As `entries`; what is met in the place of an object may be a secret. */
const fieldsOf: typeof entries = (value, path) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? entries(value, path)
    : misfit(path, "an object", kindOf(value));

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) ? "a list" : "an object";
}

const LONE_SURROGATE = /\p{Surrogate}/u;

export const string: Scalar<string> = scalar("", text);

export const bool: Scalar<boolean> = scalar(false, flag);

/** `int32` and `sint32`, which are the same in JSON. */
export const int32: Scalar<number> = whole(-0x8000_0000, 0x7fff_ffff);
export const uint32: Scalar<number> = whole(0, 0xffff_ffff);

function whole(least: number, most: number): Scalar<number> {
  return scalar(0, (value, path) => {
    const number = numberOf(value);
    return Number.isInteger(number) && number >= least && number <= most
      ? number + 0 // -0 is 0
      : fail(path, `a whole number from ${least} to ${most}`, value);
  });
}

const MOST_UINT64 = 2n ** 64n - 1n;

/** A text of digits in JSON, since numbers of JavaScript and others are exact up to 2^53 alone. */
export const uint64: Scalar<bigint> = scalar(
  0n,
  (value, path) => {
    const digits =
      typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
    const exact =
      typeof value === "number" && Number.isSafeInteger(value) && value >= 0
        ? BigInt(value)
        : digits;
    return exact !== undefined && exact <= MOST_UINT64
      ? exact
      : fail(path, `a whole number from 0 to ${MOST_UINT64}, as a text of digits`, value);
  },
  String,
);

const NO_NUMBERS = ["NaN", "Infinity", "-Infinity"];

/**
 * 32 bits. Written with all digits of a number of JavaScript; who reads it rounds. Others write as few as they need, so that
 * the largest one of theirs is above it before it is rounded.
 */
export const float: Scalar<number> = scalar(
  0,
  (value, path) => {
    if (NO_NUMBERS.some((name) => name === value)) return Number(value);
    const number = Math.fround(numberOf(value));
    return Number.isFinite(number) ? number + 0 : fail(path, "a number of 32 bits", value);
  },
  (value) => (Number.isFinite(value) ? value : String(value)),
);

/** NaN for what is none. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  const isNumber = typeof value === "string" && /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value);
  return isNumber ? Number(value) : NaN;
}

/**
 * By its names, in the order of their numbers from 0 on; the first one is what an absent field means. Other numbers are
 * refused, as `pbjson` refuses them.
 */
export function enumeration<const Name extends string>(names: readonly Name[]): Scalar<Name> {
  const [unset] = names;
  if (unset === undefined) throw new Error("an enumeration without names");
  const read: Shape<Name> = (value, path) =>
    names.find((name, number) => value === name || value === number) ??
    fail(path, `one of ${names.join(", ")}`, value);
  return scalar(unset, read);
}

const RFC_3339 =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([-+])([01]\d|2[0-3]):([0-5]\d))$/i;
/** The year 1, and the end of 9999. */
const LEAST_SECONDS = -62_135_596_800;
const MOST_SECONDS = 253_402_300_799;

/**
 * Nanoseconds since the epoch. In JSON RFC 3339, written in UTC with as many groups of three digits behind the seconds as it
 * needs.
 */
export const timestamp: Field<bigint | undefined> = {
  unset: undefined,
  read(value, path) {
    const wanted = "a moment such as 2026-08-12T09:30:00Z";
    const [, date = "", digits = "", sign, hours, minutes] =
      (typeof value === "string" && RFC_3339.exec(value)) || fail(path, wanted, value);
    const local = Date.parse(`${date}Z`) / 1000;
    const east = (sign === "-" ? -60 : 60) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
    const seconds = local - east;
    // Engines take a 31st of any month for the 1st of the next.
    const exists = !Number.isNaN(local) && isoSeconds(local) === date.toUpperCase();
    return exists && seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS
      ? BigInt(seconds) * NANOS + BigInt(digits.padEnd(9, "0"))
      : fail(path, wanted, value);
  },
  write(value) {
    if (value === undefined) return undefined;
    const nanos = ((value % NANOS) + NANOS) % NANOS;
    const digits = String(nanos)
      .padStart(9, "0")
      .replace(/(000)+$/, "");
    return `${isoSeconds(Number((value - nanos) / NANOS))}${digits && "."}${digits}Z`;
  },
};

const NANOS = 1_000_000_000n;
const isoSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);

/** Of scalars or messages. */
export function repeated<T>({ readElement, writeElement }: Element<T>): Field<readonly T[]> {
  return {
    unset: [],
    read: (value, path) =>
      Array.isArray(value) && value.length <= MOST_ENTRIES
        ? value.map((each, index) => readElement(each, `${path}[${index}]`))
        : misfit(path, `a list of ${MOST_ENTRIES} at most`, kindOf(value)),
    write: (values) => (values.length === 0 ? undefined : values.map(writeElement)),
  };
}

/** Of texts by texts, the only kind that is needed. */
export const stringMap: Field<ReadonlyMap<string, string>> = {
  unset: new Map(),
  read(value, path) {
    const given = fieldsOf(value, path);
    if (given.length > MOST_ENTRIES)
      misfit(path, `an object of ${MOST_ENTRIES} fields at most`, kindOf(value));
    return new Map(given.map(([key, each]) => [text(key, path), text(each, `${path}.${key}`)]));
  },
  write: (values) => (values.size === 0 ? undefined : Object.fromEntries(values)),
};
