/** What a host shows an operator of: nothing that Kubernetes refuses, and the same after a reload. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { hostId } from "../../../../src/core/ids.ts";
import { identify, uuidOf } from "../../../../src/dialects/v2/identity.ts";
import { hostIdOf } from "../../../../src/wire/nkey-public.ts";
import { recordLog } from "../../../support/log-recorder.ts";

const HOST = hostIdOf(new Uint8Array(32).map((_, index) => index * 7));
const UUID_4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const SUBDOMAIN = /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/;

const identityOf = (options: Parameters<typeof identify>[1] = {}) =>
  identify(HOST, options, recordLog().log);

describe("the id", () => {
  test("is a UUID of version 4 in lower case, the same for a host each time", () => {
    expect(identityOf().id).toMatch(UUID_4);
    expect(identityOf().id).toBe("00070e15-1c23-4a31-b83f-464d545b6269");
  });

  test("is one per host", () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(key, (bytes) => {
        expect(uuidOf(hostIdOf(bytes))).toMatch(UUID_4);
      }),
    );

    const ids = Array.from({ length: 200 }, () =>
      uuidOf(hostIdOf(crypto.getRandomValues(new Uint8Array(32)))),
    );
    expect(new Set(ids).size).toBe(200);
  });

  test("may be chosen, as one NATS token", () => {
    expect(identityOf({ operator: { id: "till-7" } }).id).toBe("till-7");
    for (const id of ["", "a.b", "a b", "*", ">", "ä", "a".repeat(64)]) {
      expect(() => identityOf({ operator: { id } })).toThrow("operator.id");
    }
  });
});

describe("the name", () => {
  test.each([
    { name: undefined, friendlyName: "inlay-00070e151c23" },
    { name: "till-7", friendlyName: "till-7" },
    { name: "till.shop-a", friendlyName: "till.shop-a" },
    { name: "Till 7", friendlyName: "till-7-00070e151c23" },
    { name: "Café", friendlyName: "cafe-00070e151c23" },
    { name: "-till-", friendlyName: "till-00070e151c23" },
    { name: "a..b", friendlyName: "a-b-00070e151c23" },
    { name: "日本", friendlyName: "inlay-00070e151c23" },
    { name: "", friendlyName: "inlay-00070e151c23" },
  ])("$name becomes $friendlyName", ({ name, friendlyName }) => {
    expect(identityOf(name === undefined ? {} : { name }).friendlyName).toBe(friendlyName);
  });

  test("is always one that Kubernetes takes", () => {
    const names = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.stringMatching(/^[-a-z\d.]{0,300}$/),
    );
    fc.assert(
      fc.property(names, (name) => {
        const { friendlyName } = identityOf({ name });
        expect(friendlyName).toMatch(SUBDOMAIN);
        expect(friendlyName.length).toBeLessThanOrEqual(253);
      }),
    );
  });
});

describe("labels", () => {
  test("have the host's group: the option's, else the label's, else browser", () => {
    const own = new Map([["hostgroup", "tills"]]);

    expect(identityOf().labels(new Map())).toEqual(new Map([["hostgroup", "browser"]]));
    expect(identityOf().labels(own)).toEqual(own);
    expect(identityOf({ operator: { hostGroup: "edge" } }).labels(own)).toEqual(
      new Map([["hostgroup", "edge"]]),
    );
  });

  test("that Kubernetes would refuse are left out, and told once", () => {
    const { log, entries } = recordLog();
    const identity = identify(HOST, {}, log);
    const good = [
      ["zone", "edge"],
      ["hostcore.os", "browser"],
      ["example.com/tier", "A_1.2-b"],
      ["empty", ""],
    ] as const;
    const bad = [
      ["with space", "a"],
      ["value", "a b"],
      ["end", "a-"],
      ["long", "a".repeat(64)],
      ["", "a"],
      ["/a", "a"],
      ["a/b/c", "a"],
      ["Example.com/a", "a"],
    ] as const;

    const labels = identity.labels(new Map([...good, ...bad]));
    identity.labels(new Map(bad));

    expect([...labels]).toEqual([["hostgroup", "browser"], ...good]);
    expect(entries.map(({ event, fields }) => [event, fields?.["key"]])).toEqual(
      bad.map(([key]) => ["operator.label-left-out", key]),
    );
  });
});

test("address and environment are told where they are given", () => {
  expect(identityOf()).toMatchObject({
    hostname: "browser-00070e151c23",
    httpPort: undefined,
    environment: undefined,
  });
  expect(
    identityOf({ operator: { hostname: "gate.example", httpPort: 8080, environment: "edge-eu" } }),
  ).toMatchObject({ hostname: "gate.example", httpPort: 8080, environment: "edge-eu" });
});

test.each([
  { hostGroup: "" },
  { hostGroup: "a b" },
  { environment: "" },
  { environment: "a b" },
  { hostname: "http://gate" },
  { httpPort: 0 },
  { httpPort: 65_536 },
  { httpPort: 1.5 },
])("%o is refused with the option's name", (operator) => {
  expect(() => identityOf({ operator })).toThrow(
    expect.objectContaining({
      code: "bad-input",
      message: expect.stringContaining(`operator.${Object.keys(operator)[0]}`),
    }),
  );
});

test("ids of hosts are nkeys", () => {
  expect(() => uuidOf(hostId(`N${"A".repeat(55)}`))).toThrow("no nkey");
});
