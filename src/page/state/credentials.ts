/** Credentials as people hand them over: behind the `#` of an address, or by a function of the page. */
import type { BrowserKey, Credentials } from "../../core/credentials.ts";
import type { RegistryLogins } from "../../core/registry.ts";

import { LatticeError } from "../../core/error.ts";

/**
 * Reads `#token=…`, `#user=…&pass=…`, `#nkey-seed=…` or `#creds=<base64url of a creds file>`; `undefined` for any
 * other fragment. Whoever reads it wipes the address bar afterwards.
 *
 * @throws {LatticeError} `bad-input` when the fragment is meant as credentials and cannot be read.
 */
export function readFragment(fragment: string): Credentials | undefined {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const token = given.get("token");
  if (token !== null) return { token };
  const user = given.get("user");
  if (user !== null) return { user, pass: given.get("pass") ?? "" };
  const nkeySeed = given.get("nkey-seed");
  if (nkeySeed !== null) return { nkeySeed };
  const creds = given.get("creds");
  return creds === null ? undefined : { creds: fromBase64Url(creds) };
}

/**
 * `value` as credentials, for what a function of someone else's page gave.
 *
 * @throws {LatticeError} `bad-input`, without a word of the value.
 */
export function readCredentials(value: unknown): Credentials {
  if (typeof value === "object" && value !== null) {
    const text = (key: string): string | undefined => {
      const field: unknown = Reflect.get(value, key);
      return typeof field === "string" ? field : undefined;
    };
    const [user, token, nkeySeed, creds] = ["user", "token", "nkeySeed", "creds"].map(text);
    if (token !== undefined) return { token };
    if (user !== undefined) return { user, pass: text("pass") ?? "" };
    if (nkeySeed !== undefined) return { nkeySeed };
    if (creds !== undefined) return { creds };
    const key: unknown = Reflect.get(value, "key");
    if (isBrowserKey(key))
      return { key, ...(text("jwt") === undefined ? {} : { jwt: text("jwt") ?? "" }) };
  }
  throw new LatticeError(
    "bad-input",
    "credentials must be { user, pass }, { token }, { nkeySeed }, { creds } or { key }",
  );
}

function isBrowserKey(value: unknown): value is BrowserKey {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "publicKey") === "string" &&
    Reflect.get(value, "privateKey") instanceof CryptoKey
  );
}

/**
 * The global function `name` as a source of credentials. It is looked up when it is asked, so that it may be
 * defined after the element.
 */
export function credentialsOf(name: string): () => Promise<Credentials> {
  return async () => readCredentials(await askGlobal(name));
}

/** The same for registries; the node itself checks what is given. */
export function registriesOf(name: string): () => Promise<RegistryLogins> {
  return async () => {
    const given = await askGlobal(name);
    if (typeof given === "object" && given !== null) return { ...given };
    throw new LatticeError("bad-input", `"${name}" must give an object of registries by name`);
  };
}

async function askGlobal(name: string): Promise<unknown> {
  const found: unknown = Reflect.get(globalThis, name);
  if (typeof found === "function") return Reflect.apply(found, undefined, []);
  throw new LatticeError("bad-input", `"${name}" must be a global function that gives credentials`);
}

function fromBase64Url(text: string): string {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch (cause) {
    throw new LatticeError("bad-input", "the creds in the address must be base64url", { cause });
  }
}
