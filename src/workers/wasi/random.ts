/** `wasi:random`: the browser's generator, for all of it. */
import type { GuestImports } from "../instantiate.ts";

import { LatticeError } from "../../core/error.ts";

/** Most bytes that the browser's generator gives at once. */
const RANDOM_PART_BYTES = 65_536;

/** `maxBytes`: ceiling of what one call gives. */
export function random(maxBytes: number): GuestImports {
  const bytes = (length: bigint): Uint8Array => {
    if (length > BigInt(maxBytes)) {
      throw new LatticeError(
        "guest-trapped",
        `the component asked for ${length} random bytes; its memory takes ${maxBytes}`,
      );
    }
    const filled = new Uint8Array(Number(length));
    for (let at = 0; at < filled.length; at += RANDOM_PART_BYTES) {
      crypto.getRandomValues(filled.subarray(at, at + RANDOM_PART_BYTES));
    }
    return filled;
  };
  const u64 = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  return {
    "wasi:random/random": { getRandomBytes: bytes, getRandomU64: u64 },
    "wasi:random/insecure": { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
    "wasi:random/insecure-seed": {
      insecureSeed: () => [u64(), u64()],
      getInsecureSeed: () => [u64(), u64()],
    },
  };
}
