/** Ids as 0.82 makes them: ULIDs in the text form of UUIDs (wasmCloud v0.82.0 `crates/core/src/lib.rs`), and NUIDs. */

/** 48 bits of milliseconds since 1970 and 80 random ones, in hexadecimal with hyphens. */
export function invocationId(nowMs: number): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, "0").slice(-12);
  const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const digits = time + random;
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join("-");
}

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** 22 characters of base62, unique. */
export function tokenId(): string {
  // 248 is the largest multiple of 62 in a byte: without the rest each letter is equally likely.
  const letters: string[] = [];
  while (letters.length < 22) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      if (byte < 248 && letters.length < 22) letters.push(LETTERS.charAt(byte % 62));
    }
  }
  return letters.join("");
}
