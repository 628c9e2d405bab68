import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TokenFields } from "../../support/sign-component.ts";

import { checkTimes, readClaims } from "../../../src/runtime/claims.ts";
import { withCode } from "../../contract/bus.ts";
import { fixture } from "../../support/fixtures.ts";
import { newSigner, section, signToken, withSection } from "../../support/sign-component.ts";

interface Vectors {
  readonly tokens: readonly { readonly fixture: string; readonly token: string }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../vectors/component-claims.json", import.meta.url), "utf8"),
);

const hello = fixture("hello");
const signer = newSigner();
const signed = (fields: TokenFields = {}, bytes = hello): Uint8Array =>
  withSection(bytes, signToken(bytes, signer, fields));

test.each(vectors.tokens)(
  "what wasmCloud's signing tool writes into $fixture is valid",
  async ({ fixture: name, token }) => {
    const claims = await readClaims(withSection(fixture(name), token));

    expect(claims).toEqual({
      subject: expect.stringMatching(/^M[A-Z2-7]{55}$/),
      issuer: expect.stringMatching(/^A[A-Z2-7]{55}$/),
      name: "Greeter",
      version: "0.3.1",
      revision: 7,
      callAlias: "greet_er",
      tags: ["demo", "hello"],
    });
  },
);

test("a component without a token has no claims", async () => {
  expect(await readClaims(hello)).toBeUndefined();
  // That of a part of it is not its own.
  const inner = signed();
  expect(await readClaims(section(hello, 4, inner))).toBeUndefined();
});

test("tokens are no part of what is signed, wherever they stand", async () => {
  const part = section(hello, 4, hello);
  const token = signToken(part, signer);
  const around = withSection(section(hello, 4, withSection(hello, "x")), token);

  expect(await readClaims(around)).toMatchObject({ subject: "MSUBJECT" });
  expect(await readClaims(withSection(hello, signToken(hello, signer), "jwt"))).toBeDefined();
});

test("a token stands for the bytes that were signed", async () => {
  const other = withSection(hello, "something", "name");

  await expect(readClaims(withSection(other, signToken(hello, signer)))).rejects.toThrow(
    "they were made for other bytes",
  );
  // Tools of long ago did not have the hash that is compared now.
  const old = { payload: { wascap_revision: 2 }, wascap: { hash: "?" } };
  expect(await readClaims(signed(old))).toBeDefined();
});

test("a token that its issuer did not sign is refused", async () => {
  const forged = signed({ payload: { iss: newSigner().getPublicKey() } });

  await expect(readClaims(forged)).rejects.toThrow(withCode("bad-image"));
  await expect(readClaims(forged)).rejects.toThrow("did not sign them");
});

test.each<{ what: string; bytes: Uint8Array }>([
  { what: "no token", bytes: withSection(hello, "hello") },
  { what: "no JSON", bytes: withSection(hello, "YQ.YQ.YQ") },
  { what: "no base64", bytes: withSection(hello, "?.?.?") },
  { what: "another algorithm", bytes: signed({ header: { alg: "none" } }) },
  { what: "another type", bytes: signed({ header: { typ: "JWT" } }) },
  { what: "no subject", bytes: signed({ payload: { sub: "" } }) },
  { what: "no metadata", bytes: signed({ payload: { wascap: undefined } }) },
  { what: "no hash", bytes: signed({ wascap: { hash: undefined } }) },
  { what: "an issuer that is no key", bytes: signed({ payload: { iss: "AISSUER" } }) },
  { what: "a revision beyond 32 bits", bytes: signed({ wascap: { rev: 2 ** 31 } }) },
  { what: "a time beyond dates", bytes: signed({ payload: { nbf: 9e15 } }) },
  { what: "too many bytes", bytes: signed({ wascap: { name: "x".repeat(70_000) } }) },
])("a token with $what is refused", async ({ bytes }) => {
  await expect(readClaims(bytes)).rejects.toThrow(withCode("bad-image"));
});

test("claims are valid from their first second to their last", async () => {
  const claims = await readClaims(signed({ payload: { nbf: 1000, exp: 2000 } }));
  if (claims === undefined) throw new Error("there are claims");

  expect(() => checkTimes(claims, 999_999)).toThrow(
    "the component's claims are not valid before 1970-01-01T00:16:40.000Z",
  );
  expect(() => checkTimes(claims, 1_000_000)).not.toThrow();
  expect(() => checkTimes(claims, 2_000_000)).not.toThrow();
  expect(() => checkTimes(claims, 2_000_001)).toThrow(
    "the component's claims expired at 1970-01-01T00:33:20.000Z",
  );
});
