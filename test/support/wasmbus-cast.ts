/** Who takes part in forged invocations of 0.82, and what a forgery is. */
import type { Check } from "../../src/dialects/v0/checks.ts";
import type { Entity } from "../../src/dialects/v0/entity.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";
import type { Ed25519, Signer } from "../../src/wire/ed25519.ts";

import { signInvocation } from "../../src/dialects/v0/claims.ts";
import { actor } from "../../src/dialects/v0/entity.ts";
import { invocationId, tokenId } from "../../src/dialects/v0/ids.ts";
import { publicNkey } from "../../src/wire/nkey-public.ts";

/**
 * What a forgery comes to: it fails one of these checks; or nothing is known to be wrong with what was signed, but it is not
 * whole (`unverified`); or nobody can read it; or it was damaged, and is any of these.
 */
export type Expectation = ReadonlySet<Check> | "unverified" | "unreadable" | "not genuine";

export interface Forgery {
  readonly name: string;
  readonly data: Uint8Array;
  readonly expected: Expectation;
  /** A genuine message that has to come first. */
  readonly before?: Uint8Array;
  /** What lies in the object store under its id. */
  readonly stored?: Uint8Array;
  /** Where it is sent, if that is not the target's own subject. */
  readonly subject?: string;
}

/** Numbers from 0 to 1. */
export type Random = () => number;

/** Who takes part in forgeries. */
export interface Cast {
  readonly cluster: Signer;
  /** Has a key of its own, which nobody trusts. */
  readonly outsider: Signer;
  /** The host that sends. */
  readonly host: Signer;
  readonly target: Entity;
  readonly origin: Entity;
  /** An actor that has nothing to do with it. */
  readonly elsewhere: Entity;
  /** A genuine invocation of {@link target} by {@link origin}, if {@link cluster} signs. */
  readonly make: (argument: Uint8Array, signer?: Signer) => Promise<Invocation>;
}

export async function createCast(ed25519: Ed25519): Promise<Cast> {
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
  const make = (argument: Uint8Array, signer: Signer = cluster): Promise<Invocation> => {
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
    const iat = Math.floor(Date.now() / 1000);
    return signInvocation(unsigned, argument, { signer, iat, jti: tokenId() });
  };
  return { cluster, outsider, host, target, origin, elsewhere, make };
}

/** One to forty bytes. */
export function argumentOf(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
    Math.floor(random() * 256),
  );
}
