import { expect, test } from "vitest";

import type { Answerer } from "../../../../src/host/sets/plan.ts";

import { linksOfMember } from "../../../../src/host/sets/member-links.ts";
import { createNames } from "../../../../src/host/sets/names.ts";
import { createInterfaces } from "../../../../src/interfaces/interfaces.ts";
import { sampleOffer } from "../../../support/sets.ts";

const names = createNames({ namespace: "a", name: "b" }, new Set());
const interfaces = createInterfaces();
const { offer } = sampleOffer({ id: "broker" });
const { offer: http } = sampleOffer({ id: "http" });

const table = (answerers: Readonly<Record<string, Answerer>>) =>
  linksOfMember(new Map(Object.entries(answerers)), names, interfaces);

test("components are found by the full name alone", () => {
  const links = table({
    "x:y/z@1.0.0": { by: "component", name: "one" },
    "x:y/z@2.0.0": { by: "component", name: "two" },
  });

  expect(links.target("default", "x:y/z@1.0.0")).toBe("a/b/one");
  expect(links.target("default", "x:y/z@2.0.0")).toBe("a/b/two");
  expect(links.target("default", "x:y/z")).toBeUndefined();
  expect(links.target("other", "x:y/z@1.0.0")).toBeUndefined();
  expect([links.names("x:y/z@1.0.0"), links.names("x:y/z@3.0.0")]).toEqual([["default"], []]);
});

test("offers are found by the names that the mapping of an import asks for", () => {
  const links = table({
    "wrpc:http/outgoing-handler@0.1.0": { by: "offer", offer: http, entry: undefined },
    "wasmcloud:messaging/producer@0.3.0": { by: "offer", offer, entry: undefined },
  });

  expect(links.target("default", "wasi:http/outgoing-handler")).toBe("a/b/offer.http");
  expect(links.target("default", "wasmcloud:messaging/consumer")).toBe("a/b/offer.broker");
});

test("what a mapping asks for besides does not take the place of another import", () => {
  const links = table({
    "wasmcloud:messaging/producer@0.3.0": { by: "offer", offer, entry: undefined },
    "wasmcloud:messaging/consumer@0.2.0": { by: "offer", offer: http, entry: undefined },
  });

  expect(links.target("default", "wasmcloud:messaging/consumer")).toBe("a/b/offer.http");
  expect(links.target("default", "wasmcloud:messaging/producer")).toBe("a/b/offer.broker");
});
