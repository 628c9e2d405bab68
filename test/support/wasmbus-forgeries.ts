/** The kinds of forged invocations of 0.82, and which check each of them must fail. */
import type { Check } from "../../src/dialects/v0/checks.ts";
import type { InvocationMeta } from "../../src/dialects/v0/claims.ts";
import type { Entity } from "../../src/dialects/v0/entity.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";
import type { Signer } from "../../src/wire/ed25519.ts";
import type { Cast, Forgery, Random } from "./wasmbus-cast.ts";

import { targetUrlOf, urlOf } from "../../src/dialects/v0/entity.ts";
import { invocationId, tokenId } from "../../src/dialects/v0/ids.ts";
import { CHUNK_THRESHOLD, hashOf, writeInvocation } from "../../src/dialects/v0/invocation.ts";
import { decodeBase64Url, encodeBase64Url } from "../../src/wire/base64url.ts";
import { publicNkey } from "../../src/wire/nkey-public.ts";
import { argumentOf } from "./wasmbus-cast.ts";
import { respelled } from "./wasmbus-spellings.ts";

export type Made = Pick<Forgery, "expected" | "before" | "stored" | "subject"> & {
  readonly invocation: Invocation;
};
type Kind = (random: Random) => Promise<Made>;
type Claims = Record<string, unknown> & { wascap?: Record<string, unknown> | undefined };

const HOUR_S = 3600;
const NOTHING = new Uint8Array(0);
/** The order of the curve's group: a signature to which it is added is the same to who does not look. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** An argument that is too long for a message. */
const LONG = new Uint8Array(CHUNK_THRESHOLD + 79).fill(6);
const nowS = (): number => Math.floor(Date.now() / 1000);
const textOf = (value: unknown): string => encodeBase64Url(Buffer.from(JSON.stringify(value)));

export function createForgeries(cast: Cast): Readonly<Record<string, Kind>> {
  const { cluster, outsider, host, target, origin, elsewhere, make } = cast;
  const issuer = publicNkey("cluster", cluster.publicKey);

  /** A genuine invocation, changed in what `change` gives. */
  const changed =
    (
      expected: Check | "unverified",
      change: (invocation: Invocation, random: Random) => Partial<Invocation>,
    ): Kind =>
    async (random) => {
      const invocation = await make(argumentOf(random));
      return {
        invocation: { ...invocation, ...change(invocation, random) },
        expected: expected === "unverified" ? expected : new Set([expected]),
      };
    };
  /** The claims of a genuine token, changed, under its old signature. */
  const withClaims = (
    expected: Check,
    change: (claims: Claims, random: Random) => Claims | void,
  ): Kind =>
    changed(expected, ({ encoded_claims }, random) => {
      const [head = "", body = "", tail = ""] = encoded_claims.split(".");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- we have just written it
      const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Claims;
      const other = change(claims, random) ?? claims;
      return { encoded_claims: `${head}.${textOf(other)}.${tail}` };
    });
  /** A token of our own about a genuine invocation. */
  const signed =
    (
      expected: Check,
      claimsOf: (invocation: Invocation, meta: InvocationMeta) => Claims,
      by: Signer = cluster,
      head: object = { typ: "jwt", alg: "Ed25519" },
    ): Kind =>
    async (random) => {
      const invocation = await make(argumentOf(random));
      const meta = {
        target_url: targetUrlOf(invocation.target, invocation.operation),
        origin_url: urlOf(invocation.origin),
        hash: await hashOf(invocation, invocation.msg),
      };
      const own = { jti: tokenId(), iat: nowS(), iss: issuer, sub: invocation.id, wascap: meta };
      const claims = { ...own, ...claimsOf(invocation, meta) };
      const text = `${textOf(head)}.${textOf(claims)}`;
      const tail = encodeBase64Url(await by.sign(Buffer.from(text)));
      const encoded_claims = `${text}.${tail}`;
      return { invocation: { ...invocation, encoded_claims }, expected: new Set([expected]) };
    };
  const withSignature = (change: (signature: Uint8Array, random: Random) => void): Kind =>
    changed("signature", ({ encoded_claims }, random) => {
      const [head = "", body = "", tail = ""] = encoded_claims.split(".");
      const signature = decodeBase64Url(tail);
      change(signature, random);
      return { encoded_claims: `${head}.${body}.${encodeBase64Url(signature)}` };
    });
  /** The token of another call that the cluster has signed, with or without that one's id. */
  const borrowed =
    (expected: Check, other: (random: Random) => Promise<Invocation>, withId = false): Kind =>
    async (random) => {
      const one = await make(argumentOf(random));
      const { encoded_claims, id } = await other(random);
      return {
        invocation: { ...one, encoded_claims, ...(withId ? { id } : {}) },
        expected: new Set([expected]),
      };
    };
  /** A genuine invocation, and then something that was made of it. */
  const copied =
    (copyOf: (invocation: Invocation, random: Random) => Invocation): Kind =>
    async (random) => {
      const first = await make(argumentOf(random));
      const before = random() < 0.5 ? writeInvocation(first) : respelled(first, random);
      return { invocation: copyOf(first, random), before, expected: new Set(["replay"] as const) };
    };
  const stored = (msgOf: (invocation: Invocation) => Uint8Array): Kind =>
    rarely(async (random) => {
      const genuine = await make(argumentOf(random));
      const invocation = { ...genuine, msg: msgOf(genuine), content_length: LONG.length };
      return { invocation, stored: LONG, expected: new Set(["hash"] as const) };
    });
  const cut = (text: string, segments: number): string =>
    text.split(".").slice(0, segments).join(".");
  const odd = (entity: Entity, change: Partial<Entity>): Entity => ({ ...entity, ...change });

  return {
    // What is asked for.
    "another argument": changed("hash", (_, random) => {
      const msg = Uint8Array.of(...argumentOf(random), 0xc0, 1, 2);
      return { msg, content_length: msg.length };
    }),
    "a longer argument": changed("hash", ({ msg }) => {
      const longer = Uint8Array.of(...msg, 0);
      return { msg: longer, content_length: longer.length };
    }),
    "an emptied argument": changed("hash", () => ({ msg: NOTHING, content_length: 0 })),
    "an emptied argument that keeps its length": changed("hash", () => ({ msg: NOTHING })),
    "an emptied argument, another one in the object store": stored(() => NOTHING),
    "its argument, and another one in the object store": stored(({ msg }) => msg),
    "an argument that is not whole": changed("unverified", ({ msg }) => ({
      content_length: msg.length + 1,
    })),
    "an argument that is said to be short": changed("unverified", ({ msg }) => ({
      content_length: msg.length - 1,
    })),
    "an argument that is nowhere": changed("unverified", () => ({
      content_length: CHUNK_THRESHOLD + 1,
    })),
    "another operation": changed("target", (_, random) => ({
      operation: `Any.Thing${Math.floor(random() * 1e6)}`,
    })),
    "no operation": changed("target", () => ({ operation: "" })),
    "an operation that has swallowed a bit of the argument": changed("target", (each) => ({
      operation: `${each.operation}${String.fromCharCode((each.msg[0] ?? 0) & 0x7f)}`,
      msg: each.msg.subarray(1),
      content_length: each.msg.length - 1,
    })),

    // Who is asked, and by whom.
    "another target": changed("target", () => ({ target: elsewhere })),
    "no target": changed("target", () => ({ target: odd(target, { public_key: "" }) })),
    "a target that is a provider": changed("subject", () => ({
      target: odd(target, { link_name: "default", contract_id: "a:b" }),
    })),
    "a subject of another actor": async (random) => ({
      invocation: await make(argumentOf(random)),
      subject: `wasmbus.rpc.default.${elsewhere.public_key}`,
      expected: new Set(["subject"] as const),
    }),
    "another origin": changed("origin", () => ({ origin: elsewhere })),
    "another contract of the origin": changed("origin", () => ({
      origin: odd(origin, { contract_id: "wasmcloud:messaging" }),
    })),
    "another link of the origin": changed("origin", () => ({
      origin: odd(origin, { link_name: "admin" }),
    })),
    "a host of another kind": changed("host-id", () => ({ host_id: target.public_key })),
    "a host whose checksum is wrong": changed("host-id", ({ host_id }) => ({
      host_id: `${host_id.slice(0, -1)}${host_id.endsWith("A") ? "B" : "A"}`,
    })),
    "no host": changed("host-id", () => ({ host_id: "" })),

    // Which call it is.
    "another id": changed("id", () => ({ id: invocationId(Date.now()) })),
    "an id with something behind it": changed("id", ({ id }) => ({ id: `${id} ` })),
    "no id": changed("id", () => ({ id: "" })),
    "the token of another call": borrowed("id", (random) => make(argumentOf(random))),
    "the token and the id of a call with another argument": borrowed(
      "hash",
      (random) => make(Uint8Array.of(...argumentOf(random), 0xc0, 1, 2)),
      true,
    ),
    "the token of a call without an argument": borrowed("hash", () => make(NOTHING), true),
    "a copy": copied((each) => each),
    "a copy by another host": copied((each) => ({
      ...each,
      host_id: publicNkey("server", outsider.publicKey),
    })),
    "a copy with a trace": copied((each) => ({
      ...each,
      traceContext: new Map([["traceparent", "00-x"]]),
    })),

    // What the cluster has said.
    "no token": changed("token", () => ({ encoded_claims: "" })),
    "a token of two segments": changed("token", ({ encoded_claims }) => ({
      encoded_claims: cut(encoded_claims, 2),
    })),
    "a token of four segments": changed("token", ({ encoded_claims }) => ({
      encoded_claims: `${encoded_claims}.e30`,
    })),
    "a token without its signature": changed("signature", ({ encoded_claims }) => ({
      encoded_claims: `${cut(encoded_claims, 2)}.`,
    })),
    "a padded token": changed("token", ({ encoded_claims }) => ({
      encoded_claims: `${encoded_claims}==`,
    })),
    "a token with a line behind it": changed("token", ({ encoded_claims }) => ({
      encoded_claims: `${encoded_claims}\n`,
    })),
    // 64 bytes leave four bits of the last letter that mean nothing.
    "a token in another spelling": changed("token", ({ encoded_claims }) => ({
      encoded_claims: `${encoded_claims.slice(0, -1)}${nextLetter(encoded_claims.at(-1) ?? "A")}`,
    })),
    "a token that says none is needed": signed("token", () => ({}), cluster, {
      typ: "jwt",
      alg: "none",
    }),
    "a token of another algorithm": signed("token", () => ({}), cluster, {
      typ: "jwt",
      alg: "EdDSA",
    }),
    "a token with an empty issuer": withClaims("token", (claims) => ({ ...claims, iss: "" })),
    "a token whose claims are a list": withClaims("token", () => [] as unknown as Claims),
    "a token that has expired": signed("expired", () => ({ exp: nowS() - HOUR_S })),
    "a token that is not in force": signed("early", () => ({ nbf: nowS() + HOUR_S })),
    "a token that never was in force": withClaims("early", (claims) => ({
      ...claims,
      nbf: nowS() + HOUR_S,
    })),
    "a token that is said to last": withClaims("signature", (claims) => ({
      ...claims,
      exp: nowS() + HOUR_S,
    })),
    "a token without its subject matter": withClaims("signature", (claims) => {
      delete claims.wascap;
    }),
    "a signed token without its subject matter": signed("meta", () => ({ wascap: undefined })),
    "a signed token of another target": signed("target", (_, meta) => ({
      wascap: { ...meta, target_url: `${urlOf(elsewhere)}/HttpServer.HandleRequest` },
    })),
    "a signed token of another origin": signed("origin", (_, meta) => ({
      wascap: { ...meta, origin_url: urlOf(elsewhere) },
    })),
    "a signed token of another hash": signed("hash", (_, { hash, ...meta }) => ({
      wascap: { ...meta, hash: hash.toLowerCase() },
    })),
    "a signed token of another id": signed("id", () => ({ sub: invocationId(Date.now()) })),
    "another subject in the token": withClaims("signature", (claims) => ({
      ...claims,
      sub: invocationId(Date.now()),
    })),
    "another hash in the token": withClaims("signature", (claims, random) => ({
      ...claims,
      wascap: { ...claims.wascap, hash: random() < 0.5 ? "0".repeat(64) : "", more: random() },
    })),

    // Who has signed.
    "signed by an outsider": async (random) => ({
      invocation: await make(argumentOf(random), outsider),
      expected: new Set(["issuer"] as const),
    }),
    "signed by the host that sends it": signed(
      "issuer",
      () => ({ iss: publicNkey("server", host.publicKey) }),
      host,
    ),
    "signed by an outsider in the cluster's name": signed("signature", () => ({}), outsider),
    "signed by the cluster in the name of one that is not trusted": signed("signature", () => ({
      iss: publicNkey("cluster", outsider.publicKey),
    })),
    "a cluster's key of another kind": signed("issuer", () => ({
      iss: publicNkey("account", cluster.publicKey),
    })),
    "an issuer who is no key": withClaims("token", (claims) => ({
      ...claims,
      iss: `${issuer.slice(0, -1)}${issuer.endsWith("A") ? "B" : "A"}`,
    })),
    // With the neutral element as key and as commitment, zero signs everything.
    "a key of which everybody has the seed": async (random) => {
      const neutral = Uint8Array.of(1, ...new Uint8Array(31));
      const iss = publicNkey("cluster", neutral);
      const sign = (): Promise<Uint8Array> =>
        Promise.resolve(Uint8Array.of(...neutral, ...new Uint8Array(32)));
      const anybody = { publicKey: neutral, sign };
      const made = await signed("issuer", () => ({ iss }), anybody)(random);
      return { ...made, expected: new Set(["issuer", "signature"] as const) };
    },
    "a bit of the signature": withSignature((signature, random) => {
      const at = Math.floor(random() * signature.length);
      signature[at] = (signature[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    }),
    "a signature with a byte less": changed("signature", ({ encoded_claims }) => {
      const [head = "", body = "", tail = ""] = encoded_claims.split(".");
      const short = encodeBase64Url(decodeBase64Url(tail).subarray(0, 63));
      return { encoded_claims: `${head}.${body}.${short}` };
    }),
    "a signature that is as good as the genuine one": withSignature((signature) => {
      const half = signature.subarray(32);
      let sum = ORDER + BigInt(`0x${Buffer.from(half.toReversed()).toString("hex")}`);
      for (let at = 0; at < 32; at++, sum >>= 8n) half[at] = Number(sum & 0xffn);
    }),
  };
}

/** Of a megabyte, so once in fifty times; else its argument is nowhere. */
function rarely(kind: Kind): Kind {
  return async (random) => {
    const often = random() >= 0.02;
    const made = await kind(random);
    return often ? { invocation: made.invocation, expected: "unverified" } : made;
  };
}

function nextLetter(letter: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return letters.charAt((letters.indexOf(letter) + 1) % 64);
}
