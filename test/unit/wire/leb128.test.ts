import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ByteInput,
  byteInput,
  type ByteOutput,
  byteOutput,
  MORE,
  written,
} from "../../../src/wire/bytes.ts";
import * as leb128 from "../../../src/wire/leb128.ts";
import { fromHex, toHex } from "../../support/hex.ts";

const CODECS = {
  u32: number(leb128.readU32, leb128.writeU32, 0, 2 ** 32 - 1),
  s16: number(leb128.readS16, leb128.writeS16, -(2 ** 15), 2 ** 15 - 1),
  s32: number(leb128.readS32, leb128.writeS32, -(2 ** 31), 2 ** 31 - 1),
  u64: long(leb128.readU64, leb128.writeU64, 0n, 2n ** 64n - 1n),
  s64: long(leb128.readS64, leb128.writeS64, -(2n ** 63n), 2n ** 63n - 1n),
};

describe.each(Object.entries(CODECS))("%s", (_name, { read, write, values }) => {
  test("reads back what it wrote, and wants more of every beginning of it", () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = write(value);

        const input = byteInput(bytes);
        expect(read(input)).toBe(value);
        expect(input.at).toBe(bytes.length);
        for (let length = 0; length < bytes.length; length++) {
          const short = byteInput(bytes.subarray(0, length));
          expect(read(short)).toBe(MORE);
          expect(short.at).toBe(0);
          expect(short.wanted).toBeGreaterThan(length);
        }
      }),
    );
  });
});

test.each([
  { read: leb128.readU16, hex: "ffff03", value: 65_535 },
  { read: leb128.readU32, hex: "e58e26", value: 624_485 },
  { read: leb128.readU32, hex: "8080808000", value: 0 },
  { read: leb128.readU64, hex: "ffffffffffffffffff01", value: 2n ** 64n - 1n },
])("reads $hex as $value", ({ read, hex, value }) => {
  expect(read(byteInput(fromHex(hex)))).toBe(value);
});

test.each([
  { read: leb128.readS16, hex: "ffffff7f" },
  { read: leb128.readU16, hex: "ffff04" },
  { read: leb128.readU16, hex: "ffff83" },
  { read: leb128.readU32, hex: "ffffffff10" },
  { read: leb128.readU64, hex: "ffffffffffffffffff02" },
  { read: leb128.readS32, hex: "8080808018" },
  { read: leb128.readS64, hex: "80808080808080808002" },
])("refuses $hex, which has more bits than the type", ({ read, hex }) => {
  expect(() => read(byteInput(fromHex(hex)))).toThrow(
    expect.objectContaining({ code: "bad-message" }),
  );
});

test.each([
  { codec: CODECS.s16, value: -32_768, masked: "808002", standard: "80807e" },
  { codec: CODECS.s16, value: -8193, masked: "ffbf03", standard: "ffbf7f" },
  { codec: CODECS.s32, value: -(2 ** 31), masked: "8080808008", standard: "8080808078" },
  {
    codec: CODECS.s64,
    value: -(2n ** 63n),
    masked: "80808080808080808001",
    standard: "8080808080808080807f",
  },
])("writes $value as $masked and reads $standard as well", ({ codec, value, masked, standard }) => {
  expect(toHex(codec.write(value))).toBe(masked);
  expect(codec.read(byteInput(fromHex(masked)))).toBe(value);
  expect(codec.read(byteInput(fromHex(standard)))).toBe(value);
});

interface Codec {
  readonly read: (input: ByteInput) => unknown;
  readonly write: (value: number | bigint) => Uint8Array;
  readonly values: fc.Arbitrary<number | bigint>;
}

function number(
  read: (input: ByteInput) => unknown,
  write: (output: ByteOutput, value: number) => void,
  min: number,
  max: number,
): Codec {
  return {
    read,
    write: (value) => into((output) => write(output, Number(value))),
    values: fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max)),
  };
}

function long(
  read: (input: ByteInput) => unknown,
  write: (output: ByteOutput, value: bigint) => void,
  min: bigint,
  max: bigint,
): Codec {
  return {
    read,
    write: (value) => into((output) => write(output, BigInt(value))),
    values: fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max)),
  };
}

function into(write: (output: ByteOutput) => void): Uint8Array {
  const output = byteOutput(1);
  write(output);
  return written(output);
}
