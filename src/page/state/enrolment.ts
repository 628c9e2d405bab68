/**
 * One-time enrolment of a kiosk: what its first address says behind the `#`, and what is kept of it for later starts.
 *
 * A kept credential is bound to the servers it was given for: an address that names others does not get it.
 */
import type { Credentials } from "../../core/credentials.ts";

import { messageOf } from "../../core/error.ts";
import { readFragment } from "./credentials.ts";
import { readQuery } from "./settings.ts";

/** Credentials as they are, or "by the key of this browser". */
export type KeptCredentials = Exclude<Credentials, { readonly key: unknown }> | BrowserKeyed;

export interface BrowserKeyed {
  readonly browserKey: true;
  /** Of a user who has the public key of this browser; not a secret. */
  readonly jwt?: string;
}

export interface Enrolment {
  /** The query of the first address, for starts without one. */
  readonly query: string;
  /** That the credentials may be shown to; none: those that the site itself names. */
  readonly servers: readonly string[];
  readonly credentials?: KeptCredentials;
}

export interface FragmentReading {
  readonly credentials: KeptCredentials | undefined;
  /** `keep` stands in the fragment. */
  readonly keep: boolean;
  /** It was meant for this page, so that it is to leave the address. */
  readonly meant: boolean;
  /** A sentence, without a word of what was given. */
  readonly complaint: string | undefined;
}

/** Reads `#token=…&keep`, `#creds=…`, `#user=…&pass=…`, `#nkey-seed=…`, `#key`, `#key&jwt=…`. */
export function readEnrolment(fragment: string): FragmentReading {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const keep = given.has("keep");
  const jwt = given.get("jwt");
  try {
    const credentials = given.has("key")
      ? { browserKey: true as const, ...(jwt === null ? {} : { jwt }) }
      : plain(readFragment(fragment));
    const meant = keep || credentials !== undefined;
    return { credentials, keep, meant, complaint: undefined };
  } catch (thrown) {
    const complaint = `The credentials in the address could not be read: ${messageOf(thrown)}.`;
    return { credentials: undefined, keep: false, meant: true, complaint };
  }
}

/** What a fragment gives has no key in it. */
function plain(credentials: Credentials | undefined): KeptCredentials | undefined {
  return credentials === undefined || "key" in credentials ? undefined : credentials;
}

/** What `reading` asks to be kept of the address with `query`. */
export function enrolmentOf(query: string, { credentials }: FragmentReading): Enrolment {
  const { servers } = readQuery(query).node;
  return { query, servers, ...(credentials === undefined ? {} : { credentials }) };
}

/** What storage gave, or `undefined` if that is something else. */
export function asEnrolment(value: unknown): Enrolment | undefined {
  if (!isRecord(value)) return undefined;
  const { query, servers } = value;
  if (typeof query !== "string" || !Array.isArray(servers)) return undefined;
  const credentials = asCredentials(value["credentials"]);
  return {
    query,
    servers: servers.filter((server) => typeof server === "string"),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** The kept credentials, if each of `servers`, as an address names them, is one that they were given for. */
export function credentialsFor(
  enrolment: Enrolment | undefined,
  servers: readonly string[],
): KeptCredentials | undefined {
  if (enrolment === undefined) return undefined;
  const known =
    servers.length === 0
      ? enrolment.servers.length === 0
      : servers.every((server) => enrolment.servers.includes(server));
  return known ? enrolment.credentials : undefined;
}

function asCredentials(value: unknown): KeptCredentials | undefined {
  if (!isRecord(value)) return undefined;
  const { browserKey, jwt, token, user, pass, nkeySeed, creds } = value;
  if (browserKey === true) return { browserKey, ...(typeof jwt === "string" ? { jwt } : {}) };
  if (typeof token === "string") return { token };
  if (typeof user === "string" && typeof pass === "string") return { user, pass };
  if (typeof nkeySeed === "string") return { nkeySeed };
  return typeof creds === "string" ? { creds } : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
