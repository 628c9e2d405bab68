/** Reading base32, which joining does not need. */
import { LatticeError } from "../core/error.ts";
import { ALPHABET } from "./base32.ts";

/** @throws {LatticeError} `bad-message` for other letters, or bits behind the last byte that are not zero. */
export function decodeBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value === -1) throw new LatticeError("bad-message", "a letter is not of base32");
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  if (held !== 0 || bits >= 5) throw new LatticeError("bad-message", "base32 with bits left over");
  return bytes;
}
