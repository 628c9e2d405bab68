/**
 * Public nkeys: an Ed25519 key behind a byte that says whose it is, with a checksum, in base32
 * (nats-io/nkeys `strkey.go`).
 */
import type { HostId } from "../core/ids.ts";

import { hostId } from "../core/ids.ts";
import { encodeBase32 } from "./base32.ts";

/** `N` as the first letter: a server, and so a wasmCloud host. */
const SERVER_PREFIX = 13 << 3;

/** The host id of a raw Ed25519 public key of 32 bytes. */
export function hostIdOf(publicKey: Uint8Array): HostId {
  const body = Uint8Array.of(SERVER_PREFIX, ...publicKey);
  const sum = crc16(body);
  return hostId(encodeBase32(Uint8Array.of(...body, sum & 0xff, sum >>> 8)));
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
