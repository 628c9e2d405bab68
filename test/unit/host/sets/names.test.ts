import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createNames } from "../../../../src/host/sets/names.ts";

const plain = { namespace: "default", name: "echo" };

test("ids are readable", () => {
  const names = createNames(plain, new Set());

  expect(names.member("web")).toBe("default/echo/web");
  expect(names.offer("wasi-keyvalue", undefined)).toBe("default/echo/offer.wasi-keyvalue");
  expect(names.offer("wasi-keyvalue", "cache")).toBe("default/echo/offer.wasi-keyvalue.cache");
});

test("a set that is called as another one is has another label", () => {
  const first = createNames(plain, new Set());
  const second = createNames(plain, new Set([first.label]));

  expect(second.label).toBe("default/echo-2");
  expect(createNames(plain, new Set([first.label, second.label])).label).toBe("default/echo-3");
});

test("whatever things are called, each has an id of its own, and keeps it", () => {
  const name = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom("a.b", "a-b", "offer.x", ""),
  );

  fc.assert(
    fc.property(
      name,
      name,
      fc.uniqueArray(name),
      fc.uniqueArray(name),
      (namespace, own, members, offers) => {
        const names = createNames({ namespace, name: own }, new Set());
        const all = (): readonly string[] => [
          ...members.map((member) => names.member(member)),
          ...offers.map((offer) => names.offer(offer, undefined)),
          ...offers.map((offer) => names.offer("one", offer)),
        ];

        const ids = all();

        expect(new Set(ids).size).toBe(ids.length);
        expect(all()).toEqual(ids);
        expect(ids.every((id) => id.startsWith(`${names.label}/`) && id.length <= 255)).toBe(true);
      },
    ),
  );
});
