/** The digest by which components are known, as the browser computes it. */
import type { Digest } from "../core/ids.ts";

import { asLatticeError } from "../core/error.ts";
import { digest } from "../core/ids.ts";

/** @throws {LatticeError} `insecure-context` where pages may not compute digests. */
export async function sha256(bytes: Uint8Array): Promise<Digest> {
  try {
    const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
    const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0"));
    return digest(hex.join(""));
  } catch (cause) {
    throw asLatticeError(cause, "insecure-context");
  }
}
