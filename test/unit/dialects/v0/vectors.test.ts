/** Invocations, answers, keys, tokens and modules of 0.82 against vectors, some of them upstream's own constants. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";

import type { Entity } from "../../../../src/dialects/v0/entity.ts";
import type { Ed25519, Signer } from "../../../../src/wire/ed25519.ts";
import type { NkeyKind } from "../../../../src/wire/nkey-public.ts";

import { checkArgument, checkInvocation, isFault } from "../../../../src/dialects/v0/checks.ts";
import { signInvocation } from "../../../../src/dialects/v0/claims.ts";
import { urlOf } from "../../../../src/dialects/v0/entity.ts";
import {
  hashOf,
  readInvocation,
  readResponse,
  writeInvocation,
  writeResponse,
} from "../../../../src/dialects/v0/invocation.ts";
import { embeddedToken } from "../../../../src/wire/component-claims.ts";
import { openEd25519 } from "../../../../src/wire/ed25519.ts";
import { faultOf, readToken } from "../../../../src/wire/jwt.ts";
import { readPublicNkey, readSeed } from "../../../../src/wire/nkey.ts";
import { publicNkey } from "../../../../src/wire/nkey-public.ts";
import { anything } from "../../../../src/wire/shape.ts";
import { fromHex, toHex } from "../../../support/hex.ts";

interface KeyVector {
  readonly type: string;
  readonly seed: string;
  readonly public: string;
  readonly raw_seed_hex: string;
  readonly raw_public_hex: string;
}

interface InvocationVector {
  readonly name: string;
  readonly origin_url: string;
  readonly target_url: string;
  readonly hash: string;
  readonly claims_json: string;
  readonly jwt: string;
  readonly subject: string;
  readonly invocation: {
    readonly origin: Entity;
    readonly target: Entity;
    readonly operation: string;
    readonly msg: { readonly hex: string };
    readonly id: string;
    readonly host_id: string;
    readonly content_length: number;
    readonly traceContext: Readonly<Record<string, string>>;
  };
  readonly msgpack_hex: string;
}

interface Vectors {
  readonly upstream: {
    readonly antiforgery_test_keys: Readonly<Record<string, string>>;
    readonly actor_jwt: { readonly jwt: string; readonly claims: object };
  };
  readonly computed: {
    readonly keys: Readonly<Record<NkeyKind | "host", KeyVector>>;
    readonly entity_urls: readonly { readonly entity: Entity; readonly url: string }[];
    readonly invocations: readonly InvocationVector[];
    readonly invalid_invocations: readonly {
      readonly name: string;
      readonly valid_issuers: readonly string[];
      readonly error_contains: string;
      readonly msgpack_hex: string;
    }[];
    readonly responses: readonly { readonly name: string; readonly msgpack_hex: string }[];
    readonly module_signing: Readonly<
      Record<string, { unsigned_hex: string; hash: string; jwt: string; signed_hex: string }>
    >;
  };
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../vectors/wasmbus-0.82.json", import.meta.url), "utf8"),
);
const { computed, upstream } = vectors;
const { CLUSTER_SEED = "", CLUSTER_PUBKEY = "" } = upstream.antiforgery_test_keys;
const CHUNKED = "chunked request";

let ed25519: Ed25519;
let signer: Signer;
beforeAll(async () => {
  ed25519 = await openEd25519();
  signer = await ed25519.open(readSeed(CLUSTER_SEED).seed);
});

/** The whole argument, which the chunked vector leaves to the object store. */
function argumentOf({ name, invocation }: InvocationVector): Uint8Array {
  return name.startsWith(CHUNKED)
    ? new Uint8Array(1_000_000).fill(0x61)
    : fromHex(invocation.msg.hex);
}

describe("nkeys", () => {
  test.each(Object.entries(computed.keys))(
    "%s: seed and public key both ways",
    async (name, key) => {
      const kind = name === "host" ? "server" : name;
      const seed = readSeed(key.seed);
      expect(seed.kind).toBe(kind);
      expect(toHex(seed.seed)).toBe(key.raw_seed_hex);
      const { publicKey } = await ed25519.open(seed.seed);
      expect(toHex(publicKey)).toBe(key.raw_public_hex);
      expect(publicNkey(seed.kind, publicKey)).toBe(key.public);
      expect(readPublicNkey(key.public)).toEqual({ kind, key: publicKey });
    },
  );

  test("of upstream's tests", async () => {
    expect(publicNkey("cluster", signer.publicKey)).toBe(CLUSTER_PUBKEY);
    const { HOSTKEY_SEED = "", HOSTKEY_PUBKEY = "" } = upstream.antiforgery_test_keys;
    const host = await ed25519.open(readSeed(HOSTKEY_SEED).seed);
    expect(publicNkey("server", host.publicKey)).toBe(HOSTKEY_PUBKEY);
    for (const name of ["ACTOR_PUBKEY", "PROVIDER_PUBKEY", "OUTSIDE_CLUSTER_PUBKEY"]) {
      const text = upstream.antiforgery_test_keys[name] ?? "";
      const { kind, key } = readPublicNkey(text);
      expect(publicNkey(kind, key)).toBe(text);
    }
  });
});

test.each(computed.entity_urls)("the URL $url", ({ entity, url }) => {
  expect(urlOf(entity)).toBe(url);
});

test("upstream's token of an actor", async () => {
  const token = readToken(upstream.actor_jwt.jwt, anything);
  expect(token.claims).toMatchObject(upstream.actor_jwt.claims);
  expect(await faultOf(token, { ed25519, nowMs: Date.now() })).toBeUndefined();
});

describe.each(computed.invocations)("$name", (vector) => {
  test("is hashed, signed and written byte for byte", async () => {
    const { invocation } = vector;
    const argument = argumentOf(vector);
    const { jti, iat } = JSON.parse(vector.claims_json) as { jti: string; iat: number };
    const unsigned = {
      ...invocation,
      msg: fromHex(invocation.msg.hex),
      traceContext: new Map(Object.entries(invocation.traceContext)),
    };
    expect(await hashOf(unsigned, argument)).toBe(vector.hash);
    const signed = await signInvocation(unsigned, argument, { signer, iat, jti });
    expect(signed.encoded_claims).toBe(vector.jwt);
    expect(toHex(writeInvocation(signed))).toBe(vector.msgpack_hex);
  });

  test("is read, and passes the checks", async () => {
    const invocation = readInvocation(fromHex(vector.msgpack_hex));
    expect(invocation.content_length).toBe(argumentOf(vector).length);
    expect(toHex(writeInvocation(invocation))).toBe(vector.msgpack_hex);
    const outcome = await check(invocation, [CLUSTER_PUBKEY], argumentOf(vector));
    expect(outcome).toBeUndefined();
  });
});

test.each(computed.invalid_invocations)(
  "refused: $name",
  async ({ msgpack_hex, valid_issuers, error_contains }) => {
    const invocation = readInvocation(fromHex(msgpack_hex));
    for (const strict of [true, false]) {
      expect(await check(invocation, valid_issuers, invocation.msg, strict)).toContain(
        error_contains,
      );
    }
  },
);

test.each(computed.responses)("the answer: $name", ({ msgpack_hex }) => {
  const answer = readResponse(fromHex(msgpack_hex));
  expect(toHex(writeResponse(answer))).toBe(msgpack_hex);
});

describe("signed modules", () => {
  test.each(Object.entries(computed.module_signing))("%s", async (_, vector) => {
    const embedded = embeddedToken(fromHex(vector.signed_hex));
    expect(embedded && new TextDecoder().decode(embedded.token)).toBe(vector.jwt);
    expect(embedded && (await sha256(embedded.signed()))).toBe(vector.hash);
    expect(embeddedToken(fromHex(vector.unsigned_hex))).toBeUndefined();
  });
});

/** The text of the first fault. */
async function check(
  invocation: ReturnType<typeof readInvocation>,
  issuers: readonly string[],
  argument: Uint8Array,
  strict = true,
): Promise<string | undefined> {
  const parts = { issuers: new Set(issuers), strict, ed25519, now: () => Date.now() };
  const outcome = await checkInvocation(invocation, { subject: "home", home: "home" }, parts);
  if (isFault(outcome)) return outcome.text;
  return (await checkArgument(invocation, argument, outcome.hash, parts))?.text;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return toHex(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))),
  ).toUpperCase();
}
