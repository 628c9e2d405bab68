/** Who signs for this host, and whose signatures it believes. */
import type { Ed25519, Signer } from "../../wire/ed25519.ts";

import { LatticeError, ownMessageOf } from "../../core/error.ts";
import { openEd25519 } from "../../wire/ed25519.ts";
import { isPublicNkey, readSeed } from "../../wire/nkey.ts";
import { publicNkey } from "../../wire/nkey-public.ts";

export interface ClusterOptions {
  /** Public nkeys of clusters that are trusted besides this host's own. */
  readonly issuers: readonly string[];
  /** Seed of the cluster key; absent: a fresh one, which nobody else trusts. */
  readonly seed?: string;
}

export interface Cluster {
  readonly ed25519: Ed25519;
  readonly signer: Signer;
  /** Public nkey of {@link signer}. */
  readonly issuer: string;
  /** All that are trusted, the host's own among them. */
  readonly issuers: ReadonlySet<string>;
}

/** @throws {LatticeError} `bad-input` for keys that are no cluster keys (a seed is never in a message), `insecure-context`. */
export async function openCluster({ issuers, seed }: ClusterOptions): Promise<Cluster> {
  for (const issuer of issuers) {
    if (!isPublicNkey(issuer, "cluster")) throw noIssuer(issuer);
  }
  const ed25519 = await openEd25519();
  const raw = seed === undefined ? crypto.getRandomValues(new Uint8Array(32)) : seedOf(seed);
  const signer = await ed25519.open(raw);
  raw.fill(0);
  const issuer = publicNkey("cluster", signer.publicKey);
  return { ed25519, signer, issuer, issuers: new Set([...issuers, issuer]) };
}

/** Nothing of `text` is told but its first letter: it may be a seed that was put into the wrong place. */
function noIssuer(text: string): LatticeError {
  const met = text.trim();
  const is = /^S/i.test(met)
    ? "looks like a seed"
    : `has ${met.length} and begins with "${met.slice(0, 1)}"`;
  return new LatticeError(
    "bad-input",
    `a cluster issuer is a public key of 56 letters that begins with C and has a right checksum; this one ${is}`,
  );
}

function seedOf(text: string): Uint8Array {
  try {
    const { kind, seed } = readSeed(text.trim());
    if (kind === "cluster") return seed;
    throw new LatticeError("bad-input", `it is that of a ${kind}`);
  } catch (cause) {
    const why = ownMessageOf(cause);
    throw new LatticeError(
      "bad-input",
      `the cluster seed begins with SC and has 58 letters: ${why}`,
    );
  }
}
