/** MessagePack from strangers: whatever they send costs no more than a small multiple of its bytes, and ends in one error. */
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { LatticeError } from "../../../src/core/error.ts";
import { bytes, readMsgpack, struct, writeMsgpack } from "../../../src/wire/msgpack.ts";
import { anything, dictionary, list, natural, optional, text } from "../../../src/wire/shape.ts";
import { fromHex, toHex } from "../../support/hex.ts";

const sample = struct<{
  name: string;
  body: Uint8Array;
  trace: ReadonlyMap<string, string>;
  sizes: readonly number[];
  note: string | undefined;
}>({
  name: text,
  body: bytes,
  trace: dictionary(text),
  sizes: list(natural(Number.MAX_SAFE_INTEGER)),
  note: optional(text),
});

/** What a shape gives, or the text of the only error that there is. */
function outcome(data: Uint8Array, shape: (value: unknown, path: string) => unknown): unknown {
  try {
    return readMsgpack(data, shape);
  } catch (cause) {
    if (cause instanceof LatticeError && cause.code === "bad-message") return cause;
    throw cause;
  }
}

const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ unit: "grapheme" }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 5 },
    ),
  ),
})).value;

describe("what is well-formed", () => {
  test("comes back as it was written", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(toHex(writeMsgpack(readMsgpack(writeMsgpack(value), anything)))).toBe(
          toHex(writeMsgpack(value)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("is read by map, by array, and with more fields than are known", () => {
    const trace = new Map([["traceparent", "00"]]);
    const wanted = { name: "n", body: Uint8Array.of(1), trace, sizes: [1, 2], note: undefined };
    const plain = { ...wanted, trace: { traceparent: "00" } };
    const fields = [plain.name, plain.body, plain.trace, plain.sizes];
    for (const form of [
      { ...plain, more: { even: "maps" } },
      fields,
      [...fields, null],
      [...fields, null, "more"],
      { ...plain, body: [1] },
    ]) {
      expect(readMsgpack(encode(form, { ignoreUndefined: true }), sample)).toEqual(wanted);
    }
  });
});

describe("what is not", () => {
  test("random bytes end in an error of the message, or are a value", () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        if (outcome(data, anything) instanceof LatticeError) refused++;
        outcome(data, sample);
      }),
      { numRuns: 5000 },
    );
    expect(refused).toBeGreaterThan(2500);
  });

  test("no part of a message is a message", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const whole = writeMsgpack([value, "end"]);
        for (let length = 0; length < whole.length; length++) {
          expect(outcome(whole.subarray(0, length), anything)).toBeInstanceOf(LatticeError);
        }
        expect(outcome(Uint8Array.of(...whole, 0xc0), anything)).toBeInstanceOf(LatticeError);
      }),
      { numRuns: 100 },
    );
  });

  test("one byte of a message that is another", () => {
    let refused = 0;
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, by) => {
        const data = writeMsgpack(value);
        const place = at % data.length;
        data[place] = (data[place] ?? 0) ^ by;
        if (outcome(data, anything) instanceof LatticeError) refused++;
        outcome(data, sample);
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  test.each([
    ["an array of 4 G values", "ddffffffff"],
    ["an array of 16 M values, some of which are there", `dd00ffffff${"c0".repeat(1000)}`],
    ["a map of 4 G pairs", "dfffffffff"],
    ["a map of 64 K pairs", "deffff"],
    ["a text of 4 GB", "dbffffffff"],
    ["bytes of 4 GB", "c6ffffffff"],
    ["an extension of 4 GB", "c9ffffffff01"],
    ["lists that each claim the rest", "dc8000".repeat(100)],
    ["lists within lists", `${"91".repeat(100_000)}c0`],
    ["maps within maps", `${"81a161".repeat(100_000)}c0`],
    ["a byte that is never used", "c1"],
    ["a time, as an extension", "d6ff65000000"],
    ["an extension of nobody", "c7010500"],
    ["an extension among unknown fields", "81a46d6f7265d40100"],
    ["a name twice", "82a46e616d65a161a46e616d65a162"],
    ["a name twice, deep within", "81a46d6f72659182a16101a16102"],
    ["a name as a text and as a number", "8201a161a131a162"],
    ["an end within a length", "c600"],
    ["a text that is no UTF-8 in a key", "81a1ff01"],
    ["nothing", ""],
  ])("%s", (_, hex) => {
    const data = fromHex(hex);
    const made = countMade(() => {
      const met = outcome(data, sample);
      expect(met).toBeInstanceOf(LatticeError);
    });
    // Marks and lengths alone make nothing.
    expect(made).toBeLessThanOrEqual(16 * data.length + 64);
  });

  test("a thousand small lists cost a thousand small lists", () => {
    const data = fromHex(`dc03e8${"93010203".repeat(1000)}`);
    const made = countMade(() => {
      expect(readMsgpack(data, list(list(natural(3))))).toHaveLength(1000);
    });
    expect(made).toBeGreaterThanOrEqual(4 * 1000); // what is counted is what the decoder makes
    expect(made).toBeLessThanOrEqual(16 * data.length + 64);
  });

  test("names of what every object has are no way to change it", () => {
    const data = encode(new Map([["__proto__", { polluted: true }]]) as never);
    outcome(data, anything);
    outcome(fromHex("81a95f5f70726f746f5f5f81a8706f6c6c75746564c3"), anything);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  test("numbers beyond what a number holds are refused where whole ones are wanted", () => {
    for (const hex of [
      "cfffffffffffffffff",
      "d38000000000000000",
      "cb3ff8000000000000",
      "cb7ff8000000000000",
    ]) {
      expect(outcome(fromHex(hex), natural(Number.MAX_SAFE_INTEGER))).toBeInstanceOf(LatticeError);
    }
  });
});

/** Places that `run` makes in arrays of a given length. */
function countMade(run: () => void): number {
  let made = 0;
  const original = globalThis.Array;
  const counting = new Proxy(original, {
    construct(target, args: unknown[], newTarget): object {
      if (args.length === 1 && typeof args[0] === "number") made += args[0];
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  vi.stubGlobal("Array", counting);
  try {
    run();
  } finally {
    vi.unstubAllGlobals();
  }
  return made;
}
