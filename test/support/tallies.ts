/** A component that exports a resource, and one that uses it, without WebAssembly: the fixtures `tally` and `tallier` in TypeScript. */
import type { FuncType, WitType, World } from "../../src/core/wit.ts";
import type { Dropping, Importing, LocalComponent, LocalInstance } from "./local-runtime.ts";

import { LatticeError } from "../../src/core/error.ts";
import { componentWorld } from "../../src/wire/component-types.ts";
import { fixture } from "./fixtures.ts";

export const TALLIES = "inlay:test/tallies@1.0.0";
export const GO = "inlay:test/go";

/** As the component has its types. */
const exported: World = componentWorld(fixture("tally"));

/** The same interface as another imports it. */
const imported: ReadonlyMap<string, FuncType> = new Map(
  [...(exported.exports.get(TALLIES) ?? [])].map(([name, { params, result }]) => [
    name,
    {
      params: params.map((param) => ({ ...param, type: ofTallies(param.type) })),
      ...(result === undefined ? {} : { result: ofTallies(result) }),
    },
  ]),
);

function ofTallies(type: WitType): WitType {
  switch (type.kind) {
    case "own":
    case "borrow":
      return { ...type, of: TALLIES };
    case "list":
      return { ...type, element: ofTallies(type.element) };
    case "result":
      return { ...type, ...(type.ok === undefined ? {} : { ok: ofTallies(type.ok) }) };
    default:
      return type;
  }
}

/** One instance of the exporter. */
function instance(): LocalInstance {
  const counts = new Map<number, number>();
  let last = 0;
  const make = (count: unknown): number => {
    counts.set(++last, Number(count));
    return last;
  };
  const get = (slot: unknown): number => {
    const count = counts.get(Number(slot));
    if (count === undefined) throw new LatticeError("guest-trapped", "unknown handle index");
    return count;
  };
  const take = (slot: unknown): number => {
    const count = get(slot);
    counts.delete(Number(slot));
    return count;
  };
  const functions: LocalInstance["functions"] = {
    "[constructor]tally": make,
    "[method]tally.increment": (self, by) => {
      const next = get(self) + Number(by);
      if (next > 0xffff_ffff) throw new LatticeError("guest-trapped", "unreachable");
      counts.set(Number(self), next);
      return next;
    },
    "[method]tally.get": get,
    "[method]tally.plus": (self, other) => get(self) + get(other),
    "[static]tally.merge": (one, other) => make(take(one) + take(other)),
    "[static]tally.small": (start) =>
      Number(start) > 100 ? { tag: "err", val: "too large" } : { tag: "ok", val: make(start) },
    sum: (all) => (all as unknown[]).reduce((sum: number, each) => sum + get(each), 0),
    split: (of, into) => {
      const part = Math.floor(take(of) / Number(into));
      return Array.from({ length: Number(into) }, () => make(part));
    },
    living: () => counts.size,
    plain: () => 7,
  };
  return {
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, run]) => [`${TALLIES}#${name}`, run]),
    ),
    drop: (slot) => void counts.delete(slot),
  };
}

export const tally: LocalComponent = { world: exported, functions: {}, instance };

/** What a guest does, as the test has it. */
export type Script = (importing: Importing, drop: Dropping) => Promise<unknown>;

export const tallier: LocalComponent = {
  world: { imports: new Map([[TALLIES, imported]]), exports: new Map() },
  functions: {},
  guest: (importing, _, drop) => ({
    [`${GO}#go`]: (script) => (script as Script)(importing, drop),
  }),
};
