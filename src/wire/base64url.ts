/** Base64 in the alphabet for addresses, without padding, as tokens are written (RFC 7515). */
import { LatticeError } from "../core/error.ts";

export function encodeBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws {LatticeError} `bad-message` for other letters, padding, or bits behind the last byte that are not zero. */
export function decodeBase64Url(text: string): Uint8Array {
  const rest = text.length % 4;
  if (!/^[-_A-Za-z0-9]*$/.test(text) || rest === 1) throw malformed();
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  // Two spellings of one token would be two tokens for whoever compares them; only the last letters can be spelled so.
  if (rest > 0 && encodeBase64Url(bytes.subarray(1 - rest)) !== text.slice(-rest))
    throw malformed();
  return bytes;
}

function malformed(): LatticeError {
  return new LatticeError("bad-message", "expected base64url without padding");
}
