/**
 * What a registry asks for with a 401, and what answers it: Basic credentials, or a token from the service that the
 * registry names (distribution project, "Token Authentication Specification").
 */
import type { RegistryCredentials } from "../core/registry.ts";
import type { OciReference } from "./oci-reference.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { optional, readJson, record, text } from "../wire/shape.ts";
import { isLoopback } from "./oci-reference.ts";

/** `WWW-Authenticate` of one scheme; parameters by their lower-case names. */
export interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly parameters: ReadonlyMap<string, string>;
}

/** The first challenge in `header` that can be answered; `undefined` if there is none. */
export function parseChallenge(header: string): Challenge | undefined {
  const start = /(?:^|,)\s*(basic|bearer)(?:\s+|$)/i.exec(header);
  if (start === null) return undefined;
  const scheme = start[1]?.toLowerCase() === "basic" ? "basic" : "bearer";
  const parameters = new Map<string, string>();
  const pair = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)/y;
  pair.lastIndex = start.index + start[0].length;
  for (let found = pair.exec(header); found !== null; found = pair.exec(header)) {
    const [, name = "", quoted, plain = ""] = found;
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? plain);
  }
  return { scheme, parameters };
}

export function basic({
  username,
  password,
}: Extract<RegistryCredentials, { username: string }>): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

/** @throws {LatticeError} `denied` for a token that no header can hold; fetch would take it for a failing network. */
export function bearer(from: string, token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new LatticeError(
    "denied",
    `${from} gave a token that cannot be sent: it must be printable ASCII`,
  );
}

/**
 * The address that gives a token for pulling from `reference`'s repository.
 *
 * @throws {LatticeError} `denied` if the registry names none that may be asked: whoever can answer for a registry
 * must not be able to send credentials where others can read them.
 */
export function tokenAddress(
  { registry, origin, repository }: OciReference,
  { parameters }: Challenge,
  withCredentials: boolean,
): string {
  const realm = parameters.get("realm") ?? "";
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  // Fetch refuses addresses with a user in them.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new LatticeError(
      "denied",
      `the registry ${registry} wants a token and names no usable service for it, but "${realm}"`,
    );
  }
  const safe =
    url.protocol === "https:" || (isLoopback(url.host) && isLoopback(new URL(origin).host));
  if (withCredentials && !safe) {
    throw new LatticeError(
      "denied",
      `the registry ${registry} wants its credentials sent to ${url.origin}, which is not https`,
    );
  }
  const service = parameters.get("service");
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", parameters.get("scope") ?? `repository:${repository}:pull`);
  return url.href;
}

const tokenAnswer = record<{
  readonly token: string | undefined;
  readonly access_token: string | undefined;
}>({ token: optional(text), access_token: optional(text) });

/** The token in a token service's answer; the two names mean the same. */
export function readToken(service: string, answer: Uint8Array): string {
  try {
    const { token, access_token: oauth } = readJson(answer, tokenAnswer);
    return token ?? oauth ?? "";
  } catch (cause) {
    throw new LatticeError("denied", `${service} answered no token: ${messageOf(cause)}`, {
      cause,
    });
  }
}
