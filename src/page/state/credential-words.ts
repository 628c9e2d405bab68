/** What a person is told of a credential: what kind it is, whose, until when. Never a part of what is secret. */
import type { Credentials } from "../../core/credentials.ts";

export interface CredentialWords {
  /** `the password of ops`. */
  readonly what: string;
  /** Seconds since the epoch; absent where it does not say. */
  readonly expires: number | undefined;
}

export function credentialWords(credential: Credentials): CredentialWords {
  if ("token" in credential) return { what: "a token", expires: undefined };
  if ("user" in credential) {
    return { what: `the password of ${credential.user}`, expires: undefined };
  }
  if ("nkeySeed" in credential) return { what: "the seed of a key", expires: undefined };
  if ("key" in credential) return { what: "the key of this browser", expires: undefined };
  const { name, exp } = readJwt(credential.creds);
  return { what: name === undefined ? "a creds file" : `the creds file of ${name}`, expires: exp };
}

/** `until 14:30`, `until 24 Nov 2026, 14:30`, or that it does not end. */
export function expiryWords(expires: number | undefined, nowMs: number): string {
  if (expires === undefined) return "does not say when it ends";
  const at = new Date(expires * 1000);
  if (at.getTime() <= nowMs) return "has expired";
  const today = at.toDateString() === new Date(nowMs).toDateString();
  const words = at.toLocaleString(
    undefined,
    today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  );
  return `ends ${today ? "at" : "on"} ${words}`;
}

/** Name and end of the user JWT in a creds text (nats-io/jwt v2: `name`, `exp` in seconds). */
function readJwt(creds: string): { readonly name?: string; readonly exp?: number } {
  const payload = /[\w-]+\.([\w-]+)\.[\w-]+/.exec(creds)?.[1];
  if (payload === undefined) return {};
  try {
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return {};
    const name: unknown = Reflect.get(claims, "name");
    const exp: unknown = Reflect.get(claims, "exp");
    return {
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof exp === "number" && exp > 0 ? { exp } : {}),
    };
  } catch {
    return {}; // no JWT: the server will say so
  }
}
