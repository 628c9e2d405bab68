import { afterEach, expect, test, vi } from "vitest";

import { readComponents, readLabels } from "../../../src/page/state/attributes.ts";
import { joinOptions } from "../../../src/page/state/tag-options.ts";

afterEach(() => vi.unstubAllGlobals());

test("attributes become the options of a join", () => {
  const options = joinOptions({
    servers: "wss://a.example wss://b.example",
    lattice: "shop",
    name: "till",
    labels: "zone=edge,rack=7",
    dialects: "v0, v1",
    issuers: `C${"A".repeat(55)}, C${"B".repeat(55)}`,
    watch: "",
  });

  expect(options).toEqual({
    servers: ["wss://a.example", "wss://b.example"],
    lattice: "shop",
    name: "till",
    labels: { zone: "edge", rack: "7" },
    dialects: ["v0", "v1"],
    clusterIssuers: [`C${"A".repeat(55)}`, `C${"B".repeat(55)}`],
    watch: true,
  });
});

test("absent and empty attributes leave the defaults", () => {
  const options = joinOptions({
    servers: "wss://a.example",
    lattice: null,
    name: "",
    labels: undefined,
  });

  expect(options).toEqual({ servers: ["wss://a.example"] });
});

test("what registries are shown comes of a global function, when it is asked for", async () => {
  const { images } = joinOptions({ servers: "wss://a.example", registries: "giveRegistries" });
  const asked = images?.registries;
  if (typeof asked !== "function") throw new Error("no function");
  await expect(asked()).rejects.toMatchObject({ code: "bad-input" });

  const logins = { "ghcr.io": { token: "t" } };
  vi.stubGlobal("giveRegistries", async () => logins);
  const given = await asked();
  vi.stubGlobal("giveRegistries", () => "token");
  const wrong = asked();

  expect(given).toEqual(logins);
  await expect(wrong).rejects.toMatchObject({ code: "bad-input" });
});

test("an image proxy is named by its address", () => {
  const { images } = joinOptions({ servers: "wss://a.example", imageProxy: "/-/images/" });

  expect(images).toEqual({ proxy: "/-/images/" });
});

test("a tag without servers says what is missing", () => {
  expect(() => joinOptions({ servers: null })).toThrow(/servers/);
});

test("components are pairs of id and address, and the address may hold more", () => {
  expect(readComponents(" a=https://h/x.wasm?v=1  b=ghcr.io/o/b:1 ")).toEqual([
    { id: "a", image: "https://h/x.wasm?v=1" },
    { id: "b", image: "ghcr.io/o/b:1" },
  ]);
  expect(() => readComponents("=https://h/x.wasm")).toThrow(/id=address/);
});

test("labels may be empty values, but not without a key", () => {
  expect(readLabels("a=, b = c=d ,")).toEqual({ a: "", b: "c=d" });
  expect(() => readLabels("=x")).toThrow(/key=value/);
});
