/**
 * Whom credentials are of, and what a user's JWT says that they may do (nats-io/jwt v2 `user_claims.go`: `nats.pub`, `nats.sub`).
 * It is read and not checked: the server does that, and what it takes from the account is not in it.
 */
import type { KnownUser, Rights, Rule } from "../core/access.ts";
import type { Credentials } from "../core/credentials.ts";

/** Longer lists are cut: this is for people to read. */
const MOST_SUBJECTS = 500;

export function knownUser(credentials: Credentials): KnownUser {
  if ("token" in credentials) return { kind: "token" };
  if ("user" in credentials) return { kind: "password", name: credentials.user };
  if ("nkeySeed" in credentials) return { kind: "nkey" };
  if ("key" in credentials) {
    const { key, jwt } = credentials;
    return { kind: "key", name: key.publicKey, ...(jwt === undefined ? {} : claimsOf(jwt)) };
  }
  const jwt = /-BEGIN NATS USER JWT-+\s+(\S+)/.exec(credentials.creds)?.[1];
  return { kind: "jwt", ...(jwt === undefined ? {} : claimsOf(jwt)) };
}

function claimsOf(jwt: string): Omit<KnownUser, "kind"> {
  const claims = payloadOf(jwt);
  const name = fieldOf(claims, "name");
  const expires = fieldOf(claims, "exp");
  const nats = fieldOf(claims, "nats");
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof expires === "number" && expires > 0 ? { expires } : {}),
    ...(nats === undefined ? {} : { rights: rightsOf(nats) }),
  };
}

function rightsOf(nats: unknown): Rights {
  return { publish: ruleOf(fieldOf(nats, "pub")), subscribe: ruleOf(fieldOf(nats, "sub")) };
}

function ruleOf(rule: unknown): Rule {
  return { allow: textsOf(fieldOf(rule, "allow")), deny: textsOf(fieldOf(rule, "deny")) };
}

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each) => typeof each === "string").slice(0, MOST_SUBJECTS);
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function payloadOf(jwt: string): unknown {
  try {
    const text = (jwt.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // the server says what is wrong with it
  }
}
