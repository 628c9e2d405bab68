import { transpile } from "@bytecodealliance/jco";
import { expect, test } from "vitest";

import { MOST_HANDLES, withBoundedHandles } from "../../../src/workers/bounded-handles.ts";
import { fixture } from "../../support/fixtures.ts";

async function glueOf(name: string): Promise<string> {
  const { files } = await transpile(fixture(name), {
    name: "component",
    instantiation: "async",
    noTypescript: true,
    base64Cutoff: 0,
  });
  const glue = files["component.js"];
  return typeof glue === "string" ? glue : new TextDecoder().decode(glue);
}
type Create = (table: number[], rep: number) => number;
/** The function of real glue that makes handles. */
function creator(glue: string): Create {
  const start = glue.indexOf("function rscTableCreateOwn");
  const source = glue.slice(start, glue.indexOf("\n  }", start) + 4);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-implied-eval, no-new-func -- jco's own text
  return new Function("T_FLAG", `${source}; return rscTableCreateOwn;`)(1 << 30) as Create;
}

test("jco's handles are bounded, and a guest that makes 10 million is ended", async () => {
  const create = creator(withBoundedHandles(await glueOf("counter")));
  const table = [1 << 30, 0];
  let made = 0;

  const hoard = (): void => {
    for (; made < 10_000_000; made++) create(table, made + 1);
  };

  expect(hoard).toThrow(`a guest may hold ${MOST_HANDLES} handles of a resource at once`);
  expect(made).toBe(MOST_HANDLES);
});

test("lent handles are bounded as well", async () => {
  const glue = withBoundedHandles(await glueOf("keeper"));

  const makers = glue.match(/function rscTableCreate\w+\([^]*?\n {2}\}/g) ?? [];
  expect(makers.map((maker) => maker.includes("handles of a resource at once"))).toEqual([
    true,
    true,
  ]);
});

test("handles that were dropped are used again, and nothing is kept of them", async () => {
  const glue = withBoundedHandles(await glueOf("counter"));

  expect(glue).not.toContain("_createdReps.add");
});

test("glue without handles is the very same", async () => {
  const glue = await glueOf("hello");

  expect(withBoundedHandles(glue)).toBe(glue);
});

test("glue that makes handles in another way is refused", () => {
  expect(() => withBoundedHandles("function rscTableCreateOwn(table, rep) { more(); }")).toThrow(
    "another way",
  );
});
