import { describe, expect, test } from "vitest";
import fc from "fast-check";

import type { Handed } from "../../../src/page/state/join-link.ts";

import { credentialWords, expiryWords } from "../../../src/page/state/credential-words.ts";
import { readFragment } from "../../../src/page/state/credentials.ts";
import { pastedCredential, reachWords } from "../../../src/page/state/invite.ts";
import { joinLink } from "../../../src/page/state/join-link.ts";
import { offerRows } from "../../../src/page/state/offer.ts";
import { readQuery } from "../../../src/page/state/settings.ts";

const PAGE = "https://lattice.example/inlay/index.html?autojoin#/links";
const NOW_MS = Date.UTC(2026, 10, 21, 12);

/** A creds text whose JWT says just this. */
const creds = (claims: object): string =>
  `-----BEGIN NATS USER JWT-----\ne30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln\n------END NATS USER JWT------\n`;

const words = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => text.trim() === text && !text.includes("="));
const credential: fc.Arbitrary<Handed> = fc.oneof(
  fc.record({ token: fc.string() }),
  fc.record({ user: fc.string(), pass: fc.string() }),
  fc.record({ nkeySeed: fc.string() }),
  fc.record({ creds: fc.string({ unit: "grapheme" }) }),
);

test("whatever is shared arrives at whoever opens the link, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom("wss://a.example:4223", "ws://127.0.0.1:9/nats", "wss://b"), {
        minLength: 1,
      }),
      words,
      fc.dictionary(
        words,
        fc.string().map((text) => text.trim()),
      ),
      fc.option(credential, { nil: undefined }),
      (servers, lattice, labels, given) => {
        const link = new URL(joinLink(PAGE, { servers, lattice, labels }, given));

        const { node, autojoin, complaints } = readQuery(link.search);
        expect(node).toEqual({ servers, lattice, labels });
        expect([autojoin, complaints]).toEqual([false, []]);
        expect(readFragment(link.hash)).toEqual(given);
        expect(link.origin + link.pathname).toBe("https://lattice.example/inlay/index.html");
      },
    ),
  );
});

test("a token in a server's address stays out of the link", () => {
  const link = joinLink(PAGE, { servers: ["wss://a.example/nats?token=s3cr3t#x"] });

  expect(link).toBe("https://lattice.example/inlay/index.html?servers=wss://a.example/nats");
});

describe("credentials in words", () => {
  test("name and end of a creds file are told, nothing that is secret", () => {
    const told = credentialWords({ creds: creds({ name: "kiosk-7", exp: NOW_MS / 1000 + 60 }) });

    expect(told).toEqual({ what: "the creds file of kiosk-7", expires: NOW_MS / 1000 + 60 });
    expect(expiryWords(told.expires, NOW_MS)).toMatch(/^ends at /);
    expect(expiryWords(told.expires, NOW_MS + 90_000)).toBe("has expired");
    expect(expiryWords(undefined, NOW_MS)).toBe("does not say when it ends");
  });

  test.each([
    { given: { token: "s3cr3t" } },
    { given: { user: "ada", pass: "s3cr3t" } },
    { given: { nkeySeed: "SUs3cr3t" } },
    { given: { creds: "s3cr3t.s3cr3t.s3cr3t" } },
    { given: { creds: creds({ name: 7, exp: "s3cr3t" }) } },
  ])("$given", ({ given }) => {
    expect(JSON.stringify(credentialWords(given))).not.toContain("s3cr3t");
  });
});

describe("a pasted credential", () => {
  const seed = `SU${"A".repeat(56)}`;
  test.each([
    { pasted: "  ", credential: undefined },
    { pasted: " t0ken ", credential: { token: "t0ken" } },
    { pasted: seed, credential: { nkeySeed: seed } },
    { pasted: creds({}), credential: { creds: creds({}) } },
  ])("is known by its form: $pasted", ({ pasted, credential: wanted }) => {
    expect(pastedCredential(pasted)).toEqual(wanted);
  });

  test.each([`SA${"A".repeat(56)}`, "two words"])(
    "%s is refused without being repeated",
    (pasted) => {
      const read = (): unknown => pastedCredential(pasted);

      expect(read).toThrow(expect.objectContaining({ code: "bad-input" }));
      expect(read).not.toThrow(pasted);
    },
  );
});

test("an offer tells all that joining would do, and no secret", () => {
  const settings = readQuery(
    "?servers=wss://a.example/nats?token=s3cr3t&lattice=shop&label=zone=edge&name=till-1&component=hello=ghcr.io/x/hello:1",
  );

  const rows = offerRows(settings, { creds: creds({ name: "till", exp: 1 }) }, NOW_MS);

  expect(rows).toEqual([
    { term: "Server", words: "wss://a.example/nats" },
    { term: "Lattice", words: "shop" },
    { term: "As", words: "till-1" },
    { term: "Labels", words: "zone=edge" },
    { term: "Starts", words: "hello, from ghcr.io/x/hello:1" },
    { term: "Credential", words: "the creds file of till, which has expired", wait: true },
  ]);
  expect(offerRows(readQuery(""), undefined, NOW_MS)).toEqual([]);
});

test.each([
  { servers: ["wss://a.example"], words: /Whoever opens it/ },
  { servers: ["ws://127.0.0.1:1", "ws://localhost:2"], words: /this machine’s own/ },
  { servers: ["solo:"], words: /lives in this browser/ },
])("an invitation says whom it can reach: $servers", ({ servers, words: wanted }) => {
  expect(reachWords(servers)).toMatch(wanted);
});
