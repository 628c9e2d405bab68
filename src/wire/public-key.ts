/**
 * The text of an nkey, opened: base32 with a checksum (nats-io/nkeys `strkey.go`). Whose it is, and seeds, are read in `nkey.ts`.
 *
 * It imports nothing of `nkey-public.ts`, which joining needs: the bundler would put what both need into a file of its own, and
 * that is one more round trip before a tab joins (`cli/worker-chunks.ts`).
 */
import { LatticeError } from "../core/error.ts";
import { decodeBase32 } from "./base32-read.ts";
import { crc16 } from "./crc16.ts";

/** Letters of a public nkey: a byte that says whose it is, the key of 32 bytes, and a checksum of both, its low byte first. */
const LETTERS = 56;

/**
 * The raw Ed25519 key in a public nkey, whoever's it is.
 *
 * @throws {LatticeError} `bad-message` for what is none.
 */
export function publicKeyOf(nkey: string): Uint8Array {
  try {
    return openPublicNkey(nkey).slice(1);
  } catch (cause) {
    throw new LatticeError("bad-message", `${nkey.slice(0, 80)} is no public nkey`, { cause });
  }
}

/**
 * The first byte of a public nkey, which says whose it is, and the key.
 *
 * @throws {LatticeError} `bad-message` if it has another length or its checksum is wrong.
 */
export function openPublicNkey(text: string): Uint8Array {
  if (text.length !== LETTERS) {
    throw malformedNkey(`a public nkey has ${LETTERS} letters, met ${text.length}`);
  }
  return openNkey(text);
}

/**
 * What stands before the checksum in the text of any nkey.
 *
 * @throws {LatticeError} `bad-message`, without a word of `text`: it may be a seed.
 */
export function openNkey(text: string): Uint8Array {
  const bytes = decodeBase32(text);
  const body = bytes.subarray(0, -2);
  const [low = 0, high = 0] = bytes.subarray(-2);
  if (crc16(body) !== ((high << 8) | low)) {
    throw malformedNkey("the checksum of an nkey is wrong");
  }
  return body;
}

export function malformedNkey(why: string): LatticeError {
  return new LatticeError("bad-message", `no nkey: ${why}`);
}
