import { expect, test } from "vitest";

import { createKnownHosts } from "../../../src/cli/known-hosts.ts";

function stage(options: Parameters<typeof createKnownHosts>[1] = {}) {
  let now = 0;
  const known = createKnownHosts({ monotonic: () => now }, options);
  return { known, pass: (ms: number) => void (now += ms) };
}

test("a name is known from its answer on, for as long as it is remembered", () => {
  const { known, pass } = stage({ rememberedMs: 1000 });

  const before = known.has("a");
  known.answered("a");
  pass(1000);
  const late = known.has("a");
  pass(1);

  expect([before, late, known.has("a")]).toEqual([false, true, false]);
});

test("each answer begins the time anew", () => {
  const { known, pass } = stage({ rememberedMs: 1000 });
  known.answered("a");
  pass(900);

  known.answered("a");
  pass(900);

  expect(known.has("a")).toBe(true);
});

test("of too many, those go that answered longest ago", () => {
  const { known } = stage({ most: 2 });

  for (const name of ["a", "b", "a", "c"]) known.answered(name);

  expect(["a", "b", "c"].filter((name) => known.has(name))).toEqual(["a", "c"]);
});
