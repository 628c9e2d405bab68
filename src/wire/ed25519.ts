/**
 * Ed25519 signatures: by WebCrypto where it knows them (Chrome 137, Firefox 129, Safari 17, Node 20), else by
 * `@noble/ed25519`, which is loaded then.
 */
import { asLatticeError, LatticeError } from "../core/error.ts";
import { decodeBase64Url } from "./base64url.ts";

export interface Signer {
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** Makes signers and checks signatures; keys and seeds are raw, 32 bytes. */
export interface Ed25519 {
  /** With WebCrypto nobody can read the seed back from it. */
  open(seed: Uint8Array): Promise<Signer>;
  /** False also for a key that is no point of the curve. */
  verify(publicKey: Uint8Array, signature: Uint8Array, data: Uint8Array): Promise<boolean>;
}

const NAME = "Ed25519";
/** What stands before the seed in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32);
/** Keys that are kept ready: those of clusters and accounts, of which there are few. */
const MAX_KEYS = 256;

/** @throws {LatticeError} `insecure-context` where pages have no WebCrypto at all. */
export async function openEd25519(): Promise<Ed25519> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new LatticeError("insecure-context", "signatures need WebCrypto, which only https has");
  }
  return (await knows(subtle)) ? byWebCrypto(subtle) : byLibrary();
}

async function knows(subtle: SubtleCrypto): Promise<boolean> {
  try {
    await subtle.generateKey(NAME, false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

function byWebCrypto(subtle: SubtleCrypto): Ed25519 {
  const keys = new Map<string, Promise<CryptoKey | undefined>>();
  const keyOf = (publicKey: Uint8Array): Promise<CryptoKey | undefined> => {
    const name = publicKey.join();
    let key = keys.get(name);
    if (key === undefined) {
      key = subtle
        .importKey("raw", unshared(publicKey), NAME, true, ["verify"])
        .catch(() => undefined);
      const [oldest] = keys.keys();
      if (oldest !== undefined && keys.size >= MAX_KEYS) keys.delete(oldest);
      keys.set(name, key);
    }
    return key;
  };
  return {
    async open(seed) {
      const pkcs8 = Uint8Array.of(...PKCS8_HEAD, ...seed);
      try {
        const readable = await subtle.importKey("pkcs8", pkcs8, NAME, true, ["sign"]);
        const { x = "" } = await subtle.exportKey("jwk", readable);
        const key = await subtle.importKey("pkcs8", pkcs8, NAME, false, ["sign"]);
        return {
          publicKey: decodeBase64Url(x),
          sign: async (data) => new Uint8Array(await subtle.sign(NAME, key, unshared(data))),
        };
      } finally {
        pkcs8.fill(0);
      }
    },
    async verify(publicKey, signature, data) {
      const key = await keyOf(publicKey);
      if (key === undefined) return false;
      return subtle.verify(NAME, key, unshared(signature), unshared(data));
    },
  };
}

async function byLibrary(): Promise<Ed25519> {
  try {
    const { getPublicKeyAsync, signAsync, verifyAsync } = await import("@noble/ed25519");
    return {
      async open(given) {
        const seed = given.slice();
        return {
          publicKey: await getPublicKeyAsync(seed),
          sign: (data) => signAsync(data, seed),
        };
      },
      async verify(publicKey, signature, data) {
        try {
          return await verifyAsync(signature, data, publicKey);
        } catch {
          return false; // it throws for what is no point of the curve
        }
      },
    };
  } catch (cause) {
    throw asLatticeError(cause, "unsupported");
  }
}

function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing here is in shared memory
  return bytes as Uint8Array<ArrayBuffer>;
}
