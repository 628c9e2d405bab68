/**
 * nkeys: an Ed25519 key behind a byte that says whose it is, with a checksum, in base32 (nats-io/nkeys `strkey.go`;
 * wasmCloud/nkeys `src/lib.rs` adds modules and services).
 *
 * Messages of errors never hold a seed.
 */
import { type NkeyKind, PREFIXES } from "./nkey-public.ts";
import { malformedNkey, openNkey, openPublicNkey } from "./public-key.ts";

const KINDS = new Map(Object.entries(PREFIXES).map(([kind, prefix]) => [prefix, kind]));
const SEED_PREFIX = 18 << 3;

export interface PublicNkey {
  readonly kind: NkeyKind;
  /** Raw Ed25519 key of 32 bytes. */
  readonly key: Uint8Array;
}

export interface NkeySeed {
  readonly kind: NkeyKind;
  /** Raw Ed25519 seed of 32 bytes. */
  readonly seed: Uint8Array;
}

/** @throws {LatticeError} `bad-message` if `text` is no public nkey of a known kind, or its checksum is wrong. */
export function readPublicNkey(text: string): PublicNkey {
  const body = openPublicNkey(text);
  return { kind: kindOf(body[0]), key: body.slice(1) };
}

/** @throws {LatticeError} `bad-message` if `text` is no seed of a known kind, or its checksum is wrong. */
export function readSeed(text: string): NkeySeed {
  if (text.length !== 58) throw malformedNkey(`a seed has 58 letters, met ${text.length}`);
  const body = openNkey(text);
  const [first = 0, second = 0] = body;
  if ((first & 0xf8) !== SEED_PREFIX) throw malformedNkey("a seed begins with S");
  return { kind: kindOf(((first & 7) << 5) | (second >>> 3)), seed: body.slice(2) };
}

/** Whether `text` is a public nkey of `kind`. */
export function isPublicNkey(text: string, kind: NkeyKind): boolean {
  try {
    return readPublicNkey(text).kind === kind;
  } catch {
    return false;
  }
}

function kindOf(prefix: number | undefined): NkeyKind {
  const kind = prefix === undefined ? undefined : KINDS.get(prefix);
  if (kind === undefined)
    throw malformedNkey("an nkey begins with a letter of A, C, M, N, O, U, V");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the map was made of the kinds
  return kind as NkeyKind;
}
