/** Invocations of 0.82 as an intruder without the cluster's seed would make them, and the genuine ones they are made of. */
import type { Entity } from "../../src/dialects/v0/entity.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";
import type { Ed25519, Signer } from "../../src/wire/ed25519.ts";

import { signInvocation } from "../../src/dialects/v0/claims.ts";
import { actor } from "../../src/dialects/v0/entity.ts";
import { invocationId, tokenId } from "../../src/dialects/v0/ids.ts";
import { writeInvocation } from "../../src/dialects/v0/invocation.ts";
import { decodeBase64Url, encodeBase64Url } from "../../src/wire/base64url.ts";
import { publicNkey } from "../../src/wire/nkey-public.ts";

/** What a mutation must come to: `forged` ones are seen by whoever watches, `unreadable` ones say nothing of anybody. */
export type Expectation = "forged" | "forged-or-unreadable";

export interface Forgery {
  readonly name: string;
  readonly data: Uint8Array;
  readonly expected: Expectation;
}

export interface Forger {
  /** Public nkey of the cluster that is trusted. */
  readonly issuer: string;
  /** The actor that they are for. */
  readonly target: Entity;
  genuine(argument?: Uint8Array): Promise<Invocation>;
  /** A forgery by the kind that `random` chooses. */
  forge(random: () => number): Promise<Forgery>;
}

const HOUR_S = 3600;

export async function createForger(ed25519: Ed25519): Promise<Forger> {
  const keys = (): Promise<Signer> => ed25519.open(crypto.getRandomValues(new Uint8Array(32)));
  const [cluster, outsider, host, module, other, service] = await Promise.all([
    keys(),
    keys(),
    keys(),
    keys(),
    keys(),
    keys(),
  ]);
  const hostId = publicNkey("server", host.publicKey);
  const target = actor(publicNkey("module", module.publicKey));
  const elsewhere = actor(publicNkey("module", other.publicKey));
  const origin: Entity = {
    public_key: publicNkey("service", service.publicKey),
    link_name: "default",
    contract_id: "wasmcloud:httpserver",
  };
  const make = (
    argument: Uint8Array,
    signer: Signer = cluster,
    iat: number = Math.floor(Date.now() / 1000),
  ): Promise<Invocation> => {
    const unsigned = {
      origin,
      target,
      operation: "HttpServer.HandleRequest",
      msg: argument,
      id: invocationId(Date.now()),
      host_id: hostId,
      content_length: argument.length,
      traceContext: new Map<string, string>(),
    };
    return signInvocation(unsigned, argument, { signer, iat, jti: tokenId() });
  };
  const bytes = (random: () => number, most = 40): Uint8Array =>
    Uint8Array.from({ length: 1 + Math.floor(random() * most) }, () => Math.floor(random() * 256));

  type Kind = (random: () => number) => Promise<Invocation>;
  /** The claims of a genuine token, changed, under its old signature. */
  const withClaims =
    (change: (claims: Record<string, unknown>, random: () => number) => void): Kind =>
    async (random) => {
      const invocation = await make(bytes(random));
      const [head = "", body = "", tail = ""] = invocation.encoded_claims.split(".");
      const claims = JSON.parse(new TextDecoder().decode(decodeBase64Url(body))) as Record<
        string,
        unknown
      >;
      change(claims, random);
      const changed = encodeBase64Url(new TextEncoder().encode(JSON.stringify(claims)));
      return { ...invocation, encoded_claims: `${head}.${changed}.${tail}` };
    };
  const changed =
    (change: (invocation: Invocation, random: () => number) => Partial<Invocation>): Kind =>
    async (random) => {
      const invocation = await make(bytes(random));
      return { ...invocation, ...change(invocation, random) };
    };

  const kinds: Readonly<Record<string, Kind>> = {
    "another argument": changed((_, random) => {
      const msg = Uint8Array.of(...bytes(random), 0xc0, 1, 2);
      return { msg, content_length: msg.length };
    }),
    "an emptied argument": changed(() => ({ msg: new Uint8Array(0), content_length: 0 })),
    "another target": changed(() => ({ target: elsewhere })),
    "a target that is a provider": changed(() => ({
      target: { ...target, link_name: "default", contract_id: "a:b" },
    })),
    "another origin": changed(() => ({ origin: elsewhere })),
    "another contract of the origin": changed(() => ({
      origin: { ...origin, contract_id: "wasmcloud:messaging" },
    })),
    "another operation": changed((_, random) => ({
      operation: `Any.Thing${Math.floor(random() * 1e6)}`,
    })),
    "another id": changed(() => ({ id: invocationId(Date.now()) })),
    "no id": changed(() => ({ id: "" })),
    "no token": changed(() => ({ encoded_claims: "" })),
    "a token of two segments": changed(({ encoded_claims }) => ({
      encoded_claims: encoded_claims.split(".").slice(0, 2).join("."),
    })),
    "a host of another kind": changed(() => ({ host_id: target.public_key })),
    "no host": changed(() => ({ host_id: "" })),
    "signed by an outsider": (random) => make(bytes(random), outsider),
    "an outsider's token in the cluster's name": withClaims((claims) => {
      claims["iss"] = publicNkey("cluster", cluster.publicKey);
      claims["jti"] = tokenId();
    }),
    "another subject in the token": withClaims((claims) => {
      claims["sub"] = invocationId(Date.now());
    }),
    "another hash in the token": withClaims((claims, random) => {
      const wascap = claims["wascap"] as Record<string, unknown>;
      wascap["hash"] = String(wascap["hash"]).replace(/^./, random() < 0.5 ? "0" : "Z");
      wascap["more"] = random();
    }),
    "a token that never was in force": withClaims((claims) => {
      claims["nbf"] = Math.floor(Date.now() / 1000) + HOUR_S;
    }),
    "a token without its subject matter": withClaims((claims) => {
      delete claims["wascap"];
    }),
    "the token of another call": async (random) => {
      const one = await make(bytes(random));
      const two = await make(bytes(random));
      return { ...one, encoded_claims: two.encoded_claims };
    },
    "a bit of the signature": changed(({ encoded_claims }, random) => {
      const [head = "", body = "", tail = ""] = encoded_claims.split(".");
      const signature = decodeBase64Url(tail);
      const at = Math.floor(random() * signature.length);
      signature[at] = (signature[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return { encoded_claims: `${head}.${body}.${encodeBase64Url(signature)}` };
    }),
  };
  const names = Object.keys(kinds);

  return {
    issuer: publicNkey("cluster", cluster.publicKey),
    target,
    genuine: (argument = Uint8Array.of(1, 2, 3)) => make(argument),
    async forge(random) {
      const name = names[Math.floor(random() * names.length)] ?? "";
      const invocation = await kinds[name]?.(random);
      if (invocation === undefined) throw new Error(`no kind of forgery is named ${name}`);
      const data = writeInvocation(invocation);
      if (random() < 0.7) return { name, data, expected: "forged" };
      // Damaged on top of it: what can still be read must be seen for what it is.
      return {
        name: `${name}, damaged`,
        data: damaged(data, random),
        expected: "forged-or-unreadable",
      };
    },
  };
}

function damaged(data: Uint8Array, random: () => number): Uint8Array {
  const copy = data.slice();
  switch (Math.floor(random() * 4)) {
    case 0:
      return copy.subarray(0, Math.floor(random() * copy.length));
    case 1:
      return Uint8Array.of(...copy, ...copy.subarray(0, Math.floor(random() * 20)));
    case 2:
      for (let times = 0; times < 3; times++) {
        copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
      }
      return copy;
    default: {
      // A length that nothing stands behind.
      const at = Math.floor(random() * Math.max(1, copy.length - 5));
      copy.set(
        [[0xdd, 0xdf, 0xdb, 0xc6][Math.floor(random() * 4)] ?? 0xdd, 0xff, 0xff, 0xff, 0xff],
        at,
      );
      return copy;
    }
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
