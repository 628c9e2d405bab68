import { expect, test } from "vitest";

import { createLateSets } from "../../../../src/host/late-sets.ts";
import { createTestParts, entryOf, setOf, worldOf } from "../../../support/sets.ts";

const plain = { world: worldOf("", {}), functions: {} };
const absent = { id: "set-1", phase: "absent", message: "Workload not found" };

test("before the first start there is nothing, and what is offered is told", async () => {
  const imports = [entryOf("wasi:config", ["store"])];
  const exports = [entryOf("wasmcloud:messaging", ["handler"])];
  const offers = [{ id: "any", imports, exports, named: false }];
  const sets = createLateSets(createTestParts({}, { offers }).parts);

  expect(await sets.handlers["set.status"]({ id: "set-1" })).toEqual(absent);
  expect(await sets.handlers["set.stop"]({ id: "set-1" })).toEqual(absent);
  expect(sets.entries()).toEqual([]);
  expect(sets.summary()).toEqual({ count: 0, members: 0, imports, exports });
});

test("a stop that comes while the code is loaded finds the start before it", async () => {
  const sets = createLateSets(createTestParts({ plain }).parts);

  const started = sets.handlers["set.start"](setOf(["plain"]));
  const stopped = sets.handlers["set.stop"]({ id: "set-1" });

  expect(await stopped).toMatchObject({ phase: "stopping" });
  expect(await started).toMatchObject({ phase: "stopping" });
  expect(await sets.handlers["set.status"]({ id: "set-1" })).toEqual(absent);
});

test("only sets that run count their components", async () => {
  const sets = createLateSets(createTestParts({ plain }).parts);

  await sets.handlers["set.start"](setOf(["plain"]));
  await sets.handlers["set.start"](setOf(["gone"], { id: "set-2" }));

  expect(sets.summary()).toMatchObject({ count: 2, members: 1 });
});

test("a host that stops while the code is loaded starts nothing", async () => {
  const sets = createLateSets(createTestParts({ plain }).parts);

  const started = sets.handlers["set.start"](setOf(["plain"])).catch(String);
  await sets.stopAll(AbortSignal.timeout(10_000));

  expect(await started).toContain("this host is stopping");
  expect(sets.entries()).toEqual([]);
});
