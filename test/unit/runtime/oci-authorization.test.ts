import { expect, test } from "vitest";

import {
  basic,
  bearer,
  parseChallenge,
  readToken,
  tokenAddress,
} from "../../../src/runtime/oci-authorization.ts";
import { parseOciReference } from "../../../src/runtime/oci-reference.ts";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test.each([
  [
    `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull"`,
    {
      scheme: "bearer",
      parameters: {
        realm: "https://ghcr.io/token",
        service: "ghcr.io",
        scope: "repository:a/b:pull",
      },
    },
  ],
  [
    `bearer Realm = https://x/t , error="invalid_token, or \\"old\\""`,
    { scheme: "bearer", parameters: { realm: "https://x/t", error: `invalid_token, or "old"` } },
  ],
  [`BASIC realm="a registry"`, { scheme: "basic", parameters: { realm: "a registry" } }],
  [
    `Negotiate, Bearer realm="https://x/t"`,
    { scheme: "bearer", parameters: { realm: "https://x/t" } },
  ],
  ["Basic", { scheme: "basic", parameters: {} }],
])("the challenge %s is read", (header, wanted) => {
  const challenge = parseChallenge(header);

  expect(challenge?.scheme).toBe(wanted.scheme);
  expect(Object.fromEntries(challenge?.parameters ?? [])).toEqual(wanted.parameters);
});

test.each(["", "Negotiate", `Digest realm="x"`])("%s is no challenge for us", (header) => {
  expect(parseChallenge(header)).toBeUndefined();
});

test("basic credentials are UTF-8", () => {
  expect(basic({ username: "zoë", password: "p:w" })).toBe("Basic em/DqzpwOnc=");
});

function addressFor(reference: string, challenge: string, withCredentials = false): string {
  const parsed = parseChallenge(challenge);
  if (parsed === undefined) throw new Error(`no challenge: ${challenge}`);
  return tokenAddress(parseOciReference(reference), parsed, withCredentials);
}

test("a token is asked for with the registry's own words, or for pulling from the repository", () => {
  const full = `Bearer realm="https://auth.example/t?a=1",service="a service",scope="repository:x:pull,push"`;

  expect(addressFor("ghcr.io/acme/hello:1", full)).toBe(
    "https://auth.example/t?a=1&service=a+service&scope=repository%3Ax%3Apull%2Cpush",
  );
  expect(addressFor("ghcr.io/acme/hello:1", `Bearer realm="https://auth.example/t"`)).toBe(
    "https://auth.example/t?scope=repository%3Aacme%2Fhello%3Apull",
  );
});

test.each([
  ["localhost:5000/a:1", "http://127.0.0.1:5001/t"],
  ["docker.io/a:1", "https://auth.docker.io/token"],
])("the credentials for %s may go to %s", (reference, realm) => {
  expect(addressFor(reference, `Bearer realm="${realm}"`, true)).toContain(realm);
});

test.each([
  ["ghcr.io/a:1", "http://auth.example/t"],
  ["ghcr.io/a:1", "http://localhost/t"],
  ["localhost:5000/a:1", "http://auth.example/t"],
])("the credentials for %s may not go to %s, where one may ask without", (reference, realm) => {
  const challenge = `Bearer realm="${realm}"`;

  expect(() => addressFor(reference, challenge, true)).toThrowError(
    expect.objectContaining({ code: "denied" }),
  );
  expect(addressFor(reference, challenge)).toContain(realm);
});

test.each(["", "ftp://x/t", "/token", "https://user:secret@x/t"])(
  "a realm of %j names no service",
  (realm) => {
    expect(() => addressFor("ghcr.io/a:1", `Bearer realm="${realm}"`)).toThrowError(
      expect.objectContaining({ code: "denied" }),
    );
  },
);

test.each([
  [{ token: "t" }, "t"],
  [{ access_token: "a", expires_in: 300 }, "a"],
  [{ token: "t", access_token: "a" }, "t"],
])("the token in %j is %s", (answer, token) => {
  expect(readToken("s", json(answer))).toBe(token);
});

test.each([[{}], [{ token: "" }], [{ token: "a\nb" }], [{ token: 5 }], ["<html>"]])(
  "%j holds no token that can be used",
  (answer) => {
    expect(() => bearer("s", readToken("s", json(answer)))).toThrowError(
      expect.objectContaining({ code: "denied" }),
    );
  },
);
