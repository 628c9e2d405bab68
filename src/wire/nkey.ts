/**
 * nkeys: an Ed25519 key behind a byte that says whose it is, with a checksum, in base32 (nats-io/nkeys `strkey.go`;
 * wasmCloud/nkeys `src/lib.rs` adds modules and services).
 *
 * Messages of errors never hold a seed.
 */
import type { HostId } from "../core/ids.ts";

import { LatticeError } from "../core/error.ts";
import { hostId } from "../core/ids.ts";
import { decodeBase32, encodeBase32 } from "./base32.ts";

/** Whose key it is. */
export type NkeyKind =
  | "account"
  | "cluster"
  | "module"
  | "operator"
  | "server"
  | "service"
  | "user";

/** The first byte; its upper five bits are the first letter of the text. */
const PREFIXES: Readonly<Record<NkeyKind, number>> = {
  account: 0,
  cluster: 2 << 3,
  module: 12 << 3,
  server: 13 << 3,
  operator: 14 << 3,
  user: 20 << 3,
  service: 21 << 3,
};
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

/** The host id of a raw Ed25519 public key of 32 bytes. */
export function hostIdOf(publicKey: Uint8Array): HostId {
  return hostId(publicNkey("server", publicKey));
}

/** The text of a raw Ed25519 public key of 32 bytes: 56 letters, of which the first tells the kind. */
export function publicNkey(kind: NkeyKind, key: Uint8Array): string {
  return sealed(Uint8Array.of(PREFIXES[kind], ...key));
}

/** @throws {LatticeError} `bad-message` if `text` is no public nkey of a known kind, or its checksum is wrong. */
export function readPublicNkey(text: string): PublicNkey {
  if (text.length !== 56) throw malformed(`a public nkey has 56 letters, met ${text.length}`);
  const body = opened(text);
  return { kind: kindOf(body[0]), key: body.slice(1) };
}

/** @throws {LatticeError} `bad-message` if `text` is no seed of a known kind, or its checksum is wrong. */
export function readSeed(text: string): NkeySeed {
  if (text.length !== 58) throw malformed(`a seed has 58 letters, met ${text.length}`);
  const body = opened(text);
  const [first = 0, second = 0] = body;
  if ((first & 0xf8) !== SEED_PREFIX) throw malformed("a seed begins with S");
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
  if (kind === undefined) throw malformed("an nkey begins with a letter of A, C, M, N, O, U, V");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the map was made of the kinds
  return kind as NkeyKind;
}

function sealed(body: Uint8Array): string {
  const sum = crc16(body);
  return encodeBase32(Uint8Array.of(...body, sum & 0xff, sum >>> 8));
}

function opened(text: string): Uint8Array {
  const bytes = decodeBase32(text);
  const body = bytes.subarray(0, -2);
  const [low = 0, high = 0] = bytes.subarray(-2);
  if (crc16(body) !== ((high << 8) | low)) throw malformed("the checksum of an nkey is wrong");
  return body;
}

function malformed(why: string): LatticeError {
  return new LatticeError("bad-message", `no nkey: ${why}`);
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}
