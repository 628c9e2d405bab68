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
  expect(setTarget("2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42")).toBe(
    "set-2f6f3c1a-9d0b-4f7e-8a55-5b1f0c9d7e42",
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
});

test("each name is one NATS token, and no two are the same", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  const similar = fc.stringMatching(/^[a_=.\-2e]{1,8}$/);

  fc.assert(
    fc.property(fc.oneof(name, similar), fc.oneof(name, similar), (one, other) => {
      expect(setTarget(one)).toMatch(/^[-\w=]+$/);
      expect(setTarget(one) === setTarget(other)).toBe(one === other);
    }),
  );
});

test("a workload's id never meets a host's name", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-a-z]{1,12}$/), (name) => {
      expect(setTarget(name)).not.toBe(hostTarget(name));
    }),
  );
});
