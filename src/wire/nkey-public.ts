/** Public nkeys as texts; what reads them is in `public-key.ts` and `nkey.ts`, which joining does not need. */
import type { HostId } from "../core/ids.ts";

import { hostId } from "../core/ids.ts";
import { encodeBase32 } from "./base32.ts";
import { crc16 } from "./crc16.ts";

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
