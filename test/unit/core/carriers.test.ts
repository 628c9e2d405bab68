/** Which of a node's generations carries a call. */
import { expect, test } from "vitest";
import type { Dialect } from "../../../src/core/dialect.ts";
import type { Call } from "../../../src/core/call.ts";

import { carriersOf, inLattice } from "../../../src/core/carriers.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";

const TARGET = entityId("M1");
const WORLD = { imports: new Map(), exports: new Map() };

function dialect(
  generation: Dialect["generation"],
  knows: "member" | "stranger" | "never" | undefined,
  outcome: string | LatticeError = generation,
): Dialect {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- carriers look at nothing else
  return {
    generation,
    ...(knows === undefined ? {} : { knows: () => knows }),
    reach: () => ({
      async invoke() {
        if (typeof outcome === "string") return [outcome];
        throw outcome;
      },
    }),
  } as unknown as Dialect;
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nor at anything else of a call
const call = { instance: "demo:app/greeter" } as Call;
const names = (dialects: readonly Dialect[]): string[] =>
  carriersOf(dialects, TARGET, call.instance).map(({ generation }) => generation);

test.each([
  ["member", ["v0", "v1"]],
  ["stranger", ["v1", "v0"]],
  ["never", ["v1"]],
] as const)("a generation to which the target is a %s: %j", (knows, wanted) => {
  const [v0, v1] = [dialect("v0", knows), dialect("v1", undefined)];
  expect(names([v0, v1])).toEqual(wanted);
  expect(names([v1, v0])).toEqual(wanted);
});

test("where none has words for it, the first one says so", () => {
  expect(names([dialect("v0", "never"), dialect("v2", "never")])).toEqual(["v0"]);
  expect(names([])).toEqual([]);
});

const unserved = new LatticeError("not-served", "nobody");

test("the next one is asked where nobody heard the first one, and no other failure is tried again", async () => {
  const v1 = dialect("v1", undefined);
  const invoke = (...dialects: Dialect[]) => inLattice(dialects, TARGET, WORLD).invoke(call);

  expect(await invoke(v1, dialect("v0", "member", unserved))).toEqual(["v1"]);
  expect(await invoke(v1, dialect("v0", "member"))).toEqual(["v0"]);
  const failed = new LatticeError("deadline", "too long");
  await expect(invoke(v1, dialect("v0", "member", failed))).rejects.toBe(failed);
  await expect(
    invoke(dialect("v1", undefined, unserved), dialect("v0", "member", unserved)),
  ).rejects.toBe(unserved);
});

test("a node that speaks nothing reaches nobody", () => {
  expect(() => inLattice([], TARGET, WORLD)).toThrow("this node speaks no dialect");
});
