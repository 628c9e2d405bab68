import { expect, test } from "vitest";

import { createRegistries } from "../../../src/host/registries.ts";
import { withCode } from "../../contract/bus.ts";

const ANNA = { username: "anna", password: "s3cret" };

test("what the page has is asked at each pull, and is found under the name in lower case", async () => {
  let pass = "first";
  const { source } = createRegistries(async () => ({
    "GHCR.io": { user: "anna", pass },
    "localhost:5000": { token: "t" },
  }));

  const before = await source();
  pass = "second";
  const after = await source();

  expect(Array.from(before)).toEqual([
    ["ghcr.io", { username: "anna", password: "first" }],
    ["localhost:5000", { token: "t" }],
  ]);
  expect(after.get("ghcr.io")).toEqual({ username: "anna", password: "second" });
});

test("what the lattice says takes the place of an earlier entry, and of none else", async () => {
  const page = { "ghcr.io": { user: "page", pass: "x" }, "quay.io": { token: "page" } };
  const { source, put } = createRegistries(async () => page);

  put(new Map([["GHCR.IO", ANNA]]));
  put(new Map([["registry.example", { token: "lattice" }]]));
  const told = await source();
  put(new Map([["ghcr.io", undefined]]));
  const anonymous = await source();

  expect(told.get("ghcr.io")).toEqual(ANNA);
  expect(told.get("quay.io")).toEqual({ token: "page" });
  expect(told.get("registry.example")).toEqual({ token: "lattice" });
  expect(anonymous.has("ghcr.io")).toBe(false);
});

test("without a page's there are those of the lattice, and not any number of them", async () => {
  const { source, put } = createRegistries();
  const names = Array.from({ length: 300 }, (_, n) => `r${n}.example`);

  const none = await source();
  for (const name of names) put(new Map([[name, { token: name }]]));
  const all = await source();

  expect(none.size).toBe(0);
  expect(Array.from(all.keys())).toEqual(names.slice(-200));
});

test.each([[{ user: "anna" }], ["anna:s3cret"], [null], [{ pass: "s3cret" }]])(
  "%j is refused without a word of what is secret",
  async (login) => {
    const given: object = { "ghcr.io": login };
    const { source } = createRegistries(async () => ({ ...given }));

    const asked = source();

    await expect(asked).rejects.toThrow(withCode("bad-input"));
    await expect(asked).rejects.toThrow(/^images\.registries has "ghcr\.io" without/);
  },
);
