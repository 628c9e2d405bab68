/**
 * Answers a server's nonce with a key that only WebCrypto can use.
 *
 * The library asks for the signature within the handshake and cannot wait for it, WebCrypto signs asynchronously: so the
 * nonce is read from the server's first frame (`INFO {…}`, NATS client protocol) before the library gets that.
 */
import type { Authenticator } from "nats.ws";
import type { BrowserKey } from "../core/credentials.ts";
import { LatticeError } from "../core/error.ts";

export interface Answer {
  readonly authenticator: Authenticator;
  /** To be done with the first frame before the library sees it. */
  readonly prepare?: (first: ArrayBuffer) => Promise<void>;
}

export function answerByKey(
  { publicKey, privateKey }: BrowserKey,
  jwt: string | undefined,
): Answer {
  let sig: string | undefined;
  return {
    authenticator: () => ({
      nkey: publicKey,
      sig: sig ?? "",
      ...(jwt === undefined ? {} : { jwt }),
    }),
    async prepare(first) {
      const nonce = nonceOf(first);
      // A server that asks for no proof sends no nonce: whom it lets in, it lets in without.
      if (nonce === undefined) return;
      try {
        const bytes = new TextEncoder().encode(nonce);
        sig = base64Url(await crypto.subtle.sign("Ed25519", privateKey, bytes));
      } catch (cause) {
        const text = "the key of this browser could not sign the server's challenge";
        throw new LatticeError("denied", text, { cause });
      }
    },
  };
}

function nonceOf(frame: ArrayBuffer): string | undefined {
  const info = /^INFO\s+(\{.*\})/i.exec(new TextDecoder().decode(frame))?.[1];
  if (info === undefined) return undefined;
  try {
    const told: unknown = JSON.parse(info);
    const nonce: unknown =
      typeof told === "object" && told !== null ? Reflect.get(told, "nonce") : undefined;
    return typeof nonce === "string" ? nonce : undefined;
  } catch {
    return undefined; // the library says what is wrong with it
  }
}

/** Without padding, as nats-server decodes it first (`auth.go`, `RawURLEncoding`). */
function base64Url(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
