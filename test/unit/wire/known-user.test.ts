import { expect, test } from "vitest";
import fc from "fast-check";

import { knownUser } from "../../../src/wire/known-user.ts";
import { createTestOperator } from "../../support/nats-jwt.ts";

test("a JWT tells its user's name, end and rights; no secret of it is told", () => {
  const creds = createTestOperator().creds({ expiresAtMs: 5_000_000 });
  const [, seed = "none"] = /(SU[A-Z2-7]{56})/.exec(creds) ?? [];

  const user = knownUser({ creds });

  expect(user).toEqual({
    kind: "jwt",
    name: "tab",
    expires: 5000,
    rights: { publish: { allow: [], deny: [] }, subscribe: { allow: [], deny: [] } },
  });
  expect(JSON.stringify(user)).not.toContain(seed);
});

test.each([
  { given: { token: "s3cr3t" }, user: { kind: "token" } },
  { given: { user: "ops", pass: "s3cr3t" }, user: { kind: "password", name: "ops" } },
  { given: { nkeySeed: "SUs3cr3t" }, user: { kind: "nkey" } },
])("$user", ({ given, user }) => {
  expect(knownUser(given)).toEqual(user);
});

test("whatever a JWT says, what comes of it is lists of texts", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (claims) => {
      const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
      const creds = `-----BEGIN NATS USER JWT-----\ne30.${body}.c2ln\n------END NATS USER JWT------`;

      const { rights } = knownUser({ creds });

      const lists = Object.values(rights ?? {}).flatMap(({ allow, deny }) => [...allow, ...deny]);
      expect(lists.every((each) => typeof each === "string")).toBe(true);
    }),
  );
});
