/** What a node of ours serves to the peers: the interfaces of `wit.ts` as TypeScript functions. */
import type { WitStream, WitValue } from "../../../src/core/wit.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { chunksOf, streamOf } from "../../support/streams.ts";
import { exporting, exportingAll } from "./wit.ts";

export const TYPES = "inlay:test/types";
export const GREETER = "inlay:demo/greeter";
export const FLOWS = "inlay:interop/flows";
export const COUNTERS = "inlay:interop/counters";

type Functions = Record<string, (...args: WitValue[]) => unknown>;

/** Every `echo-…` gives back what it was given: one value, or several as a tuple. */
function echoes(): Functions {
  const names = [...(exporting(TYPES).exports.get(TYPES)?.keys() ?? [])];
  return Object.fromEntries(
    names.map((name) => [
      `${TYPES}#${name}`,
      (...args: WitValue[]) => (args.length === 1 ? args[0] : args),
    ]),
  );
}

const greeter: Functions = {
  [`${GREETER}#greet`]: (name) => `Hello, ${String(name)}!`,
  [`${GREETER}#hello`]: () => "Hello from TypeScript",
  [`${GREETER}#add`]: (a, b) => (Number(a) + Number(b)) % 2 ** 32,
  [`${GREETER}#echo`]: (data) => data,
};

/** Types and greeter. */
export function plainComponent(): LocalComponent {
  return { world: exportingAll([TYPES, GREETER]), functions: { ...echoes(), ...greeter } };
}

/** `data` of the interface's promise: the byte at `i` is `i mod 251`. */
function* poured(size: number): Iterable<Uint8Array> {
  const chunk = 50_021;
  for (let at = 0; at < size; at += chunk) {
    yield Uint8Array.from({ length: Math.min(chunk, size - at) }, (_, i) => (at + i) % 251);
  }
}

async function* sums(numbers: WitStream): AsyncIterable<readonly bigint[]> {
  for await (const chunk of numbers as unknown as AsyncIterable<readonly number[]>) {
    yield [Array.from(chunk).reduce((sum, each) => sum + BigInt(each), 0n)];
  }
}

const flows: Functions = {
  [`${FLOWS}#through`]: (data) => data,
  async [`${FLOWS}#count`](data) {
    const chunks = await chunksOf(data as WitStream);
    return BigInt(chunks.reduce((sum, { length }) => sum + length, 0));
  },
  [`${FLOWS}#pour`]: (size) => streamOf(poured(Number(size))),
  [`${FLOWS}#sums`]: (numbers) => streamOf(sums(numbers as WitStream)),
  [`${FLOWS}#later`]: (text, times) => String(text).repeat(Number(times)),
  [`${FLOWS}#wait-for`]: (text) => text,
  [`${FLOWS}#mix`]: (data, factor, last) => [
    data,
    (last as Promise<number>).then((value) => value * Number(factor)),
  ],
};

/** Streams and futures, beside the greeter. */
export function flowComponent(): LocalComponent {
  return { world: exportingAll([FLOWS, GREETER]), functions: { ...flows, ...greeter } };
}

/** Counters, each function giving its list of results; a handle is a place in a list. */
export function counterFunctions(): Readonly<
  Record<string, (...args: never[]) => readonly unknown[]>
> {
  const values: bigint[] = [];
  const place = ([at = -1]: Uint8Array): number => at;
  return {
    [`${COUNTERS}#[constructor]counter`]: (start: bigint) => [
      Uint8Array.of(values.push(start) - 1),
    ],
    [`${COUNTERS}#[method]counter.add`](self: Uint8Array, by: bigint) {
      const sum = (values[place(self)] ?? 0n) + by;
      values[place(self)] = sum;
      return [sum];
    },
    [`${COUNTERS}#[method]counter.value`]: (self: Uint8Array) => [values[place(self)]],
    [`${COUNTERS}#[static]counter.sum`]: (all: Iterable<bigint>) => [
      Array.from(all).reduce((sum, each) => sum + each, 0n),
    ],
  };
}

/** Everything but resources. */
export function everythingComponent(): LocalComponent {
  const functions = { ...echoes(), ...flows, ...greeter };
  return { world: exportingAll([TYPES, FLOWS, GREETER]), functions };
}
