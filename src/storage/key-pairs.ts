/** Ed25519 key pairs that IndexedDB keeps: their private halves are not extractable. */
import { LatticeError } from "../core/error.ts";

/** `purpose` completes "this browser cannot make Ed25519 keys, which …". */
export async function generateKeyPair(purpose: string): Promise<CryptoKeyPair> {
  try {
    const keys = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    if (isKeyPair(keys)) return keys;
    throw new LatticeError("internal", "Ed25519 gave one key, not a pair");
  } catch (cause) {
    throw new LatticeError(
      "unsupported",
      `this browser cannot make Ed25519 keys, which ${purpose}`,
      { cause },
    );
  }
}

export function isKeyPair(value: unknown): value is CryptoKeyPair {
  return (
    typeof value === "object" && value !== null && "publicKey" in value && "privateKey" in value
  );
}

/** 32 bytes. */
export async function rawPublicKey({ publicKey }: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
}
