import { expect, test } from "vitest";

import { claimsJson, readClaims } from "../../../../src/dialects/v1/facts/claims.ts";
import { withCode } from "../../../contract/bus.ts";

const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const common = { issuer: "A1", name: "n", revision: "3", subject: "M1", version: "0.1.0" };

test.each([
  {
    what: "a component's",
    stored: { call_alias: "", ...common, tags: ["a", "b"] },
    read: { ...common, callAlias: "", tags: ["a", "b"] },
  },
  {
    what: "an older component's",
    stored: {
      call_alias: "x",
      iss: "A1",
      name: "n",
      rev: "3",
      sub: "M1",
      tags: "a,b",
      version: "0.1.0",
    },
    read: { ...common, callAlias: "x", tags: ["a", "b"] },
  },
  { what: "a provider's", stored: common, read: common },
  {
    what: "a provider's with a schema",
    stored: { ...common, config_schema: "{}" },
    read: { ...common, configSchema: "{}" },
  },
  { what: "tags alone are a provider's", stored: { ...common, tags: [] }, read: common },
  {
    what: "a revision that is none",
    stored: { ...common, revision: "?" },
    read: { ...common, revision: "0" },
  },
  {
    what: "a revision above 32 bits",
    stored: { ...common, revision: "9999999999" },
    read: { ...common, revision: "0" },
  },
])("$what claims are read", ({ stored, read }) => {
  expect(readClaims(bytes(stored))).toEqual(read);
});

test.each([{}, { ...common, name: 1 }, { ...common, subject: undefined }, []])(
  "%j is refused",
  (stored) => {
    expect(() => readClaims(bytes(stored))).toThrow(withCode("bad-message"));
  },
);

test("claims are shown flat, in texts, with older names beside the new ones", () => {
  const both = { iss: "A1", issuer: "A1", rev: "3", revision: "3", sub: "M1", subject: "M1" };

  expect(claimsJson({ ...common, callAlias: "x", tags: ["a", "b"] })).toEqual({
    ...both,
    name: "n",
    version: "0.1.0",
    call_alias: "x",
    tags: "a,b",
  });
  expect(claimsJson(common)).toEqual({ ...both, name: "n", version: "0.1.0", config_schema: "" });
});
