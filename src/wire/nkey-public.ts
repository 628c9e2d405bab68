/** Public nkeys as texts; what reads them, and all about seeds, is in `nkey.ts`, which a node of 1.x does not load. */
import type { HostId } from "../core/ids.ts";

import { hostId } from "../core/ids.ts";
import { encodeBase32 } from "./base32.ts";

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
export const PREFIXES: Readonly<Record<NkeyKind, number>> = {
  account: 0,
  cluster: 2 << 3,
  module: 12 << 3,
  server: 13 << 3,
  operator: 14 << 3,
  user: 20 << 3,
  service: 21 << 3,
};

/** The host id of a raw Ed25519 public key of 32 bytes. */
export function hostIdOf(publicKey: Uint8Array): HostId {
  return hostId(publicNkey("server", publicKey));
}

/** The text of a raw Ed25519 public key of 32 bytes: 56 letters, of which the first tells the kind. */
export function publicNkey(kind: NkeyKind, key: Uint8Array): string {
  return sealed(Uint8Array.of(PREFIXES[kind], ...key));
}

function sealed(body: Uint8Array): string {
  const sum = crc16(body);
  return encodeBase32(Uint8Array.of(...body, sum & 0xff, sum >>> 8));
}

/** CRC-16/XMODEM. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}
