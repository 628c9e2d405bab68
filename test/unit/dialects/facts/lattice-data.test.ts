import { expect, test } from "vitest";
import type { KvChange } from "../../../../src/core/kv.ts";

import { entityId } from "../../../../src/core/ids.ts";
import { createLatticeData } from "../../../../src/dialects/v1/facts/lattice-data.ts";
import { recordLog } from "../../../support/log-recorder.ts";

const link = (target: string, source = "a") => ({
  source_id: source,
  target,
  wit_namespace: "wasi",
  wit_package: "keyvalue",
  interfaces: ["store"],
});
const spec = (...targets: readonly string[]): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ url: "", links: targets.map((each) => link(each)) }));
const put = (key: string, value: Uint8Array, revision = 1): KvChange => ({
  operation: "put",
  key,
  value,
  revision,
});
const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));

function setUp() {
  const { log, entries } = recordLog();
  const data = createLatticeData(log);
  const targets = (): string[] =>
    [...data.links.peek().values()].flat().map(({ target }) => target);
  return { data, targets, problems: () => entries.map(({ fields }) => fields["key"]) };
}

test("a first reading is one change of the views", async () => {
  const { data, targets } = setUp();
  let changes = 0;
  data.links.subscribe(() => changes++);

  for (let n = 0; n < 50; n++) data.hear(put(`COMPONENT_c${n}`, spec("x"), n));
  await settled();

  expect(changes).toBe(1);
  expect(targets()).toHaveLength(50);
});

test("an entry that becomes unreadable leaves what was known, and is told once until it is well", async () => {
  const { data, targets, problems } = setUp();
  const broken = new TextEncoder().encode("x");

  data.hear(put("COMPONENT_a", spec("x")));
  data.hear(put("COMPONENT_a", broken));
  data.hear(put("COMPONENT_a", broken));
  await settled();
  const kept = targets();
  data.hear(put("COMPONENT_a", spec("y")));
  data.hear(put("COMPONENT_a", broken));
  await settled();

  expect(kept).toEqual(["x"]);
  expect(targets()).toEqual(["y"]);
  expect(problems()).toEqual(["COMPONENT_a", "COMPONENT_a"]);
});

test("links that nobody could follow are left out, the others stay", async () => {
  const { data, targets, problems } = setUp();

  data.hear(put("COMPONENT_a", spec("x", "not an id", "a.>", "y")));
  await settled();

  expect(targets()).toEqual(["x", "y"]);
  expect(problems()).toHaveLength(2);
});

test.each(["delete", "purge"] as const)(
  "a %s takes the links of its source away",
  async (operation) => {
    const { data, targets } = setUp();
    data.hear(put("COMPONENT_a", spec("x")));

    data.hear({ operation, key: "COMPONENT_a", revision: 2 });
    await settled();

    expect(targets()).toEqual([]);
  },
);

test("what this host wrote counts at once, and older news does not undo it", async () => {
  const { data, targets } = setUp();
  data.hear(put("COMPONENT_a", spec("x"), 1));

  data.wrote(entityId("a"), { value: spec("mine"), revision: 5 });
  const atOnce = targets();
  data.hear(put("COMPONENT_a", spec("older"), 4));
  await settled();
  const meanwhile = targets();
  data.hear(put("COMPONENT_a", spec("mine"), 5));
  data.hear(put("COMPONENT_a", spec("later"), 6));
  await settled();

  expect([atOnce, meanwhile, targets()]).toEqual([["mine"], ["mine"], ["later"]]);
});

test("no lattice fills a tab: beyond 20,000 links specifications are left out", async () => {
  const { data, targets, problems } = setUp();
  const many = spec(...Array.from({ length: 5_000 }, (_, n) => `t${n}`));

  for (const id of ["a", "b", "c", "d", "e"]) data.hear(put(`COMPONENT_${id}`, many));
  await settled();

  expect(targets()).toHaveLength(20_000);
  expect(problems()).toEqual(["COMPONENT_e"]);
});
