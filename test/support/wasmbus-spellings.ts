/**
 * One invocation of 0.82 in the many spellings that MessagePack has for it: those that mean the same, and those that
 * mean nothing.
 */
import type { Entity } from "../../src/dialects/v0/entity.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";

type Random = () => number;
/** Bytes of one value. */
type Value = Uint8Array;
type Field = readonly [name: string, value: Value];

const choose = <T>(random: Random, all: readonly [T, ...T[]]): T =>
  all[Math.floor(random() * all.length)] ?? all[0];
const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

/** A mark and its length: in the shortest form that has room for it, or a longer one. */
function head(
  random: Random,
  length: number,
  forms: readonly (readonly [number, number])[],
): Value {
  const fitting = forms.filter(([width]) => length < 2 ** (8 * width));
  const [width, mark] = fitting[Math.floor(random() * fitting.length)] ?? [4, 0];
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = mark;
  bytes.writeUIntBE(length, 1, width);
  return bytes;
}

function str(random: Random, text: string): Value {
  const bytes = Buffer.from(text);
  if (bytes.length < 32 && random() < 0.7) return join(Uint8Array.of(0xa0 | bytes.length), bytes);
  return join(
    head(random, bytes.length, [
      [1, 0xd9],
      [2, 0xda],
      [4, 0xdb],
    ]),
    bytes,
  );
}

function bin(random: Random, bytes: Uint8Array): Value {
  return join(
    head(random, bytes.length, [
      [1, 0xc4],
      [2, 0xc5],
      [4, 0xc6],
    ]),
    bytes,
  );
}

function list(random: Random, values: readonly Value[]): Value {
  if (values.length < 16 && random() < 0.7)
    return join(Uint8Array.of(0x90 | values.length), ...values);
  return join(
    head(random, values.length, [
      [2, 0xdc],
      [4, 0xdd],
    ]),
    ...values,
  );
}

function map(random: Random, fields: readonly Field[]): Value {
  const values = fields.flatMap(([name, value]) => [str(random, name), value]);
  if (fields.length < 16 && random() < 0.7)
    return join(Uint8Array.of(0x80 | fields.length), ...values);
  return join(
    head(random, fields.length, [
      [2, 0xde],
      [4, 0xdf],
    ]),
    ...values,
  );
}

function natural(random: Random, value: number): Value {
  if (value < 128 && random() < 0.5) return Uint8Array.of(value);
  if (value < 2 ** 32 && random() < 0.7)
    return head(random, value, [
      [1, 0xcc],
      [2, 0xcd],
      [4, 0xce],
    ]);
  const bytes = Buffer.alloc(9, 0xcf);
  bytes.writeBigUInt64BE(BigInt(value), 1);
  return bytes;
}

function float(value: number): Value {
  const bytes = Buffer.alloc(9, 0xcb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** An extension of some type: a time, or nobody's. */
function extension(random: Random): Value {
  if (random() < 0.5) return Uint8Array.of(0xd6, 0xff, 0x65, 0x53, 0xf1, 0x00);
  const length = Math.floor(random() * 20);
  return join(Uint8Array.of(0xc7, length, Math.floor(random() * 128)), new Uint8Array(length));
}

function entity(random: Random, { public_key, link_name, contract_id }: Entity): Value {
  return struct(random, [
    ["public_key", str(random, public_key)],
    ["link_name", str(random, link_name)],
    ["contract_id", str(random, contract_id)],
  ]);
}

/** In its order as an array, or in any as a map, with what nobody asked for behind or between them. */
function struct(random: Random, fields: readonly Field[]): Value {
  const more: readonly Field[] = random() < 0.3 ? [["more", natural(random, 7)]] : [];
  if (random() < 0.5)
    return list(
      random,
      [...fields, ...more].map(([, value]) => value),
    );
  const places = [...fields, ...more].map((field) => ({ field, place: random() }));
  const all = places.toSorted((one, other) => one.place - other.place).map(({ field }) => field);
  return map(random, all);
}

function fieldsOf(random: Random, invocation: Invocation): Field[] {
  const { origin, target, operation, msg, id, encoded_claims, host_id } = invocation;
  return [
    ["origin", entity(random, origin)],
    ["target", entity(random, target)],
    ["operation", str(random, operation)],
    [
      "msg",
      random() < 0.7
        ? bin(random, msg)
        : list(
            random,
            Array.from(msg, (byte) => natural(random, byte)),
          ),
    ],
    ["id", str(random, id)],
    ["encoded_claims", str(random, encoded_claims)],
    ["host_id", str(random, host_id)],
    ["content_length", natural(random, invocation.content_length)],
    [
      "traceContext",
      map(
        random,
        Array.from(invocation.traceContext, ([name, value]) => [name, str(random, value)]),
      ),
    ],
  ];
}

/** A spelling that means the same to every reader of structs. */
export function respelled(invocation: Invocation, random: Random): Uint8Array {
  return struct(random, fieldsOf(random, invocation));
}

/** A spelling that no reader of structs takes, though some readers of MessagePack would find a genuine invocation in it. */
export function misspelled(invocation: Invocation, random: Random): Uint8Array {
  const fields = fieldsOf(random, invocation);
  const at = Math.floor(random() * fields.length);
  const put = (name: string, value: Value): void => {
    const place = fields.findIndex(([each]) => each === name);
    fields[place] = [name, value];
  };
  const [name] = fields[at] ?? [""];
  switch (Math.floor(random() * 8)) {
    case 0: // the same field twice, with something else in one of them
      fields.splice(choose(random, [at, fields.length]), 0, [
        name,
        choose(random, [str(random, "x"), Uint8Array.of(0xc0), natural(random, 9)]),
      ]);
      return map(random, fields);
    case 1: // another operation before or behind the one that was signed
      fields.splice(choose(random, [0, fields.length]), 0, [
        "operation",
        str(random, "Other.Thing"),
      ]);
      return map(random, fields);
    case 2: {
      const msg = bin(random, Uint8Array.of(6, 6, 6));
      fields.splice(choose(random, [0, fields.length]), 0, ["msg", msg]);
      return map(random, fields);
    }
    case 3:
      put(name, extension(random));
      break;
    case 4:
      put(
        "content_length",
        float(invocation.content_length + choose(random, [0.5, -1e9, 2 ** 60, NaN])),
      );
      break;
    case 5:
      put(name, Uint8Array.of(0xc0));
      break;
    case 6:
      return join(respelled(invocation, random), respelled(invocation, random));
    default:
      put(
        "content_length",
        choose(random, [Uint8Array.of(0xff), str(random, "3"), list(random, [])]),
      );
  }
  return random() < 0.5
    ? map(random, fields)
    : list(
        random,
        fields.map(([, value]) => value),
      );
}
