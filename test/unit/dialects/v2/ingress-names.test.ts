import * as fc from "fast-check";
import { expect, test } from "vitest";

import { latticeId } from "../../../../src/core/ids.ts";
import {
  hostTarget,
  ingressLattice,
  setTarget,
} from "../../../../src/dialects/v2/ingress-names.ts";

test("names have a form that gateways may rely on", () => {
  expect(ingressLattice(latticeId("default"))).toBe("inlay-http.default");
  expect(setTarget("2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42", "Shop.example.com:8080")).toBe(
    "set-2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42/shop_example_com",
  );
  expect(hostTarget("shop.example.com")).toBe("host-shop_example_com");
});

test("a Host header names the host that a manifest does", () => {
  expect(hostTarget("Shop.Example.com:8080")).toBe(hostTarget("shop.example.com"));
  expect(hostTarget("[::1]:80")).toBe(hostTarget("[::1]"));
  expect(hostTarget("[::1]:80")).not.toBe(hostTarget("[::2]:80"));
});

test.each(["", " ", ":80", "a b", "a/b", "a".repeat(254)])("%j names no host", (host) => {
  expect(() => hostTarget(host)).toThrow(expect.objectContaining({ code: "bad-input" }));
  expect(() => setTarget("w", host)).toThrow(expect.objectContaining({ code: "bad-input" }));
});

test("the longest host names are targets as well, and no two are the same", () => {
  const names = [250, 251, 252, 253].map((length) => "a.".repeat(127).slice(0, length));

  const targets = names.map(hostTarget);

  expect(new Set(targets).size).toBe(4);
  expect(targets[3]).toHaveLength(255);
  // A short name that begins as a long one's target does is another one.
  expect(hostTarget("h-a")).toBe("host-h-a");
});

test.each([
  { what: "an id with letters of many bytes", set: "ü".repeat(128), host: "a.example" },
  { what: "a long host name", set: "2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42", host: "a".repeat(253) },
])("$what is found by its host name alone", ({ set, host }) => {
  expect(setTarget(set, host)).toBeUndefined();
  expect(hostTarget(host)).toMatch(/^h/);
});

test("each name is one NATS token, and no two are the same", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  const similar = fc.stringMatching(/^[a_=.\-2e]{1,8}$/);

  fc.assert(
    fc.property(fc.oneof(name, similar), fc.oneof(name, similar), (one, other) => {
      const target = setTarget(one, "a");
      expect(target ?? "").toMatch(/^([-\w=]+\/a)?$/);
      expect(target === undefined || target !== setTarget(other, "a")).toBe(
        target === undefined || one !== other,
      );
    }),
  );
});

test("a workload's id never meets a host's name", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-a-z]{1,12}$/), (name) => {
      expect(setTarget(name, name)).not.toBe(hostTarget(name));
    }),
  );
});
