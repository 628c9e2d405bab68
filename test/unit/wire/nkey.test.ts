import { expect, test } from "vitest";

import { hostIdOf } from "../../../src/wire/nkey-public.ts";
import { encodeBase32 } from "../../../src/wire/base32.ts";

test.each([
  { text: "", base32: "" },
  { text: "f", base32: "MY" },
  { text: "fooba", base32: "MZXW6YTB" },
  { text: "foobar", base32: "MZXW6YTBOI" },
])("base32 of $text is $base32 (RFC 4648 without padding)", ({ text, base32 }) => {
  expect(encodeBase32(new TextEncoder().encode(text))).toBe(base32);
});

test("a raw key becomes a server nkey that the nkeys library takes", async () => {
  const { nkeys } = await import("nats.ws");
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new Error("no pair");
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));

  const id = hostIdOf(raw);

  expect(id).toMatch(/^N[A-Z2-7]{55}$/);
  const message = new TextEncoder().encode("hello");
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
  expect(nkeys.fromPublic(id).verify(message, signature)).toBe(true);
});
