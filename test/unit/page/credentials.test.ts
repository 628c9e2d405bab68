import { afterEach, expect, test, vi } from "vitest";

import {
  credentialsOf,
  readCredentials,
  readFragment,
} from "../../../src/page/state/credentials.ts";

const CREDS = "-----BEGIN NATS USER JWT-----\neyJ…ü\n------END NATS USER JWT------\n";

afterEach(() => vi.unstubAllGlobals());

test.each([
  { fragment: "#token=a%20b", credentials: { token: "a b" } },
  { fragment: "#user=ada&pass=x", credentials: { user: "ada", pass: "x" } },
  { fragment: "#nkey-seed=SUAB", credentials: { nkeySeed: "SUAB" } },
  {
    fragment: `#creds=${Buffer.from(CREDS).toString("base64url")}`,
    credentials: { creds: CREDS },
  },
  { fragment: "#calls", credentials: undefined },
  { fragment: "", credentials: undefined },
])("reads the fragment $fragment", ({ fragment, credentials }) => {
  expect(readFragment(fragment)).toEqual(credentials);
});

test("creds that are not base64url are refused without being repeated", () => {
  const read = (): unknown => readFragment("#creds=%%%secret%%%");

  expect(read).toThrow(expect.objectContaining({ code: "bad-input" }));
  expect(read).not.toThrow(/secret/);
});

test("only the known forms are credentials, and nothing else comes along", () => {
  expect(readCredentials({ token: "t", admin: true })).toEqual({ token: "t" });
  expect(readCredentials({ user: "u" })).toEqual({ user: "u", pass: "" });
  for (const wrong of [undefined, null, "t", {}, { token: 7 }]) {
    expect(() => readCredentials(wrong)).toThrow(expect.objectContaining({ code: "bad-input" }));
  }
});

test("a global function gives credentials at each dial, and may be defined late", async () => {
  const source = credentialsOf("giveCredentials");
  await expect(source()).rejects.toMatchObject({ code: "bad-input" });

  const give = vi.fn<() => Promise<unknown>>(async () => ({ token: "fresh" }));
  vi.stubGlobal("giveCredentials", give);

  await expect(source()).resolves.toEqual({ token: "fresh" });
  await expect(source()).resolves.toEqual({ token: "fresh" });
  expect(give).toHaveBeenCalledTimes(2);
});
