/**
 * Public nkeys, read: the other way of `nkey.ts` (nats-io/nkeys `strkey.go`).
 *
 * It shares no code with that file, which joining needs: what both need would become a file of its own, and one more round
 * trip before a tab joins (`cli/worker-chunks.ts`).
 */
import { LatticeError } from "../core/error.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTER_BITS = 5;
/** A byte that says whose it is, the key, and a checksum of both, its low byte first. */
const KEY_BYTES = 32;
const ALL_BYTES = 1 + KEY_BYTES + 2;

/**
 * The raw Ed25519 key in a public nkey, whoever's it is.
 *
 * @throws {LatticeError} `bad-message` for what is none.
 */
export function publicKeyOf(nkey: string): Uint8Array {
  const bytes = nkey.length * LETTER_BITS === ALL_BYTES * 8 ? decoded(nkey) : undefined;
  if (bytes === undefined || !isWhole(bytes)) {
    throw new LatticeError("bad-message", `${nkey.slice(0, 80)} is no public nkey`);
  }
  return bytes.subarray(1, 1 + KEY_BYTES);
}

function decoded(nkey: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of nkey) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << LETTER_BITS) | value) & 0xfff;
    bits += LETTER_BITS;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >>> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** Whether the checksum, CRC-16/XMODEM, is that of what stands before it. */
function isWhole(bytes: Uint8Array): boolean {
  let crc = 0;
  for (const byte of bytes.subarray(0, -2)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return bytes.at(-2) === (crc & 0xff) && bytes.at(-1) === crc >>> 8;
}
