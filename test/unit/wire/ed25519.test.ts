/** Both ways to sign and to check: what the browser has, and what is loaded where it has nothing. */
import { afterEach, describe, expect, test, vi } from "vitest";

import { type Ed25519, openEd25519 } from "../../../src/wire/ed25519.ts";

/** RFC 8032, 7.1: tests 1 to 3. */
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    data: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    data: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    data: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");

afterEach(() => vi.restoreAllMocks());

/** As a browser that has WebCrypto without this curve. */
function openWithout(): Promise<Ed25519> {
  const refuse = vi
    .spyOn(crypto.subtle, "generateKey")
    .mockRejectedValue(new DOMException("unknown", "NotSupportedError"));
  return openEd25519().finally(() => refuse.mockRestore());
}

describe.each([
  ["the browser's own", openEd25519],
  ["the library", openWithout],
])("%s", (_, open) => {
  test.each(VECTORS)("signs and checks $key", async ({ seed, key, data, signature }) => {
    const ed25519 = await open();
    const signer = await ed25519.open(bytes(seed));

    expect(hex(signer.publicKey)).toBe(key);
    expect(hex(await signer.sign(bytes(data)))).toBe(signature);
    expect(await ed25519.verify(bytes(key), bytes(signature), bytes(data))).toBe(true);
  });

  test("what is not signed so is false, never an error", async () => {
    const ed25519 = await open();
    const [{ key, signature, data }, other] = VECTORS as [(typeof VECTORS)[0], (typeof VECTORS)[0]];
    const bent = bytes(signature);
    bent[3] = (bent[3] ?? 0) ^ 1;
    const verify = (of: Uint8Array, by: Uint8Array, what = bytes(data)): Promise<boolean> =>
      ed25519.verify(of, by, what);

    expect(await verify(bytes(key), bent)).toBe(false);
    expect(await verify(bytes(key), bytes(signature), Uint8Array.of(1))).toBe(false);
    expect(await verify(bytes(other.key), bytes(signature))).toBe(false);
    expect(await verify(new Uint8Array(32).fill(0xff), bytes(signature))).toBe(false);
    expect(await verify(bytes(key).subarray(1), bytes(signature))).toBe(false);
    expect(await verify(bytes(key), new Uint8Array(64))).toBe(false);
    expect(await verify(bytes(key), bytes(signature).subarray(1))).toBe(false);
    expect(await verify(bytes(key), new Uint8Array(0))).toBe(false);
  });
});

test("each takes what the other has signed", async () => {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const data = crypto.getRandomValues(new Uint8Array(500));
  const [own, library] = [await openEd25519(), await openWithout()];
  const [one, two] = [await own.open(seed), await library.open(seed)];

  expect(hex(one.publicKey)).toBe(hex(two.publicKey));
  expect(await own.verify(one.publicKey, await two.sign(data), data)).toBe(true);
  expect(await library.verify(one.publicKey, await one.sign(data), data)).toBe(true);
});
