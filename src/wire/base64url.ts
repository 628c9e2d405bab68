/** Base64 in the alphabet for addresses, without padding, as tokens are written (RFC 7515). */
import { LatticeError } from "../core/error.ts";

export function encodeBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws {LatticeError} `bad-message` for other letters, padding, or bits behind the last byte that are not zero. */
export function decodeBase64Url(text: string): Uint8Array {
  if (text.length % 4 === 1) throw malformed();
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  /** Bits that are in no byte yet, the `count` lowest of it. */
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let place = 0; place < text.length; place++) {
    const value = VALUES[text.charCodeAt(place)];
    if (value === undefined || value === NONE) throw malformed();
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[at++] = bits >>> count;
  }
  // Two spellings of one token would be two tokens for whoever compares them.
  if ((bits & ((1 << count) - 1)) !== 0) throw malformed();
  return bytes;
}

const NONE = 255;
/** What each letter stands for, by its code. */
const VALUES = new Uint8Array(128).fill(NONE);
for (const [value, letter] of Array.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
).entries()) {
  VALUES[letter.charCodeAt(0)] = value;
}

function malformed(): LatticeError {
  return new LatticeError("bad-message", "expected base64url without padding");
}
