import { parse } from "@bytecodealliance/jco";
import { generate } from "@bytecodealliance/jco/component";
import { expect, test } from "vitest";

import { instantiationsOf } from "../../../src/runtime/instantiations.ts";
import { fixture } from "../../support/fixtures.ts";

async function counted(bytes: Uint8Array): Promise<readonly number[]> {
  const { files } = await generate(bytes, {
    name: "component",
    instantiation: { tag: "async" },
    noNodejsCompat: true,
    noTypescript: true,
    base64Cutoff: 0,
  });
  const glue = files.find(([name]) => name === "component.js")?.[1];
  const names = files.flatMap(([name]) => (name.endsWith(".wasm") ? [name] : []));
  return [...instantiationsOf(new TextDecoder().decode(glue), names).values()];
}

test("a module that a component instantiates several times counts as often", async () => {
  const bytes = await parse(`(component
    (core module $m (memory 1))
    (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m)))`);

  expect(await counted(bytes)).toEqual([3]);
});

test("so does one of a nested component that is instantiated several times", async () => {
  const bytes = await parse(`(component
    (component $c
      (core module $m (memory 1))
      (core instance (instantiate $m)) (core instance (instantiate $m)))
    (instance (instantiate $c)) (instance (instantiate $c)))`);

  expect(await counted(bytes)).toEqual([4]);
});

test.each(["hello", "composed", "realistic"])(
  "all modules of %s are made once",
  async (name) => {
    const times = await counted(fixture(name));

    expect(times.length).toBeGreaterThan(0);
    expect(new Set(times)).toEqual(new Set([1]));
  },
  30_000,
);

test("a module of which the glue says nothing counts once", () => {
  expect(instantiationsOf("", ["component.core.wasm"])).toEqual(
    new Map([["component.core.wasm", 1]]),
  );
});
