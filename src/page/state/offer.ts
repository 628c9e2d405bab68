/** What a join link would do, in rows: shown before it is done. */
import type { Credentials } from "../../core/credentials.ts";
import type { PageSettings } from "./settings.ts";

import { credentialWords, expiryWords } from "./credential-words.ts";

export interface OfferRow {
  readonly term: string;
  readonly words: string;
  /** Worth a second look. */
  readonly wait?: boolean;
}

/** Empty where the address offers nothing: it names no server. */
export function offerRows(
  { node, components }: PageSettings,
  credentials: Credentials | undefined,
  nowMs: number,
): readonly OfferRow[] {
  if (node.servers.length === 0) return [];
  const labels = Object.entries(node.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    { term: "Server", words: node.servers.map((each) => each.replace(/[?#].*$/s, "")).join(", ") },
    { term: "Lattice", words: node.lattice ?? "default" },
    ...(node.name === undefined ? [] : [{ term: "As", words: node.name }]),
    ...(labels.length === 0 ? [] : [{ term: "Labels", words: labels.join(", ") }]),
    ...components.map(({ id, image }) => ({ term: "Starts", words: `${id}, from ${image}` })),
    credentialRow(credentials, nowMs),
  ];
}

function credentialRow(credentials: Credentials | undefined, nowMs: number): OfferRow {
  if (credentials === undefined) return { term: "Credential", words: "none" };
  const { what, expires } = credentialWords(credentials);
  const gone = expires !== undefined && expires * 1000 <= nowMs;
  return {
    term: "Credential",
    words: `${what}, which ${expiryWords(expires, nowMs)}`,
    ...(gone ? { wait: true } : {}),
  };
}
