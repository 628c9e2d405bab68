/** What an invitation needs past its address: the credential that a person pastes, and whom the link can reach. */
import type { Handed } from "./join-link.ts";

import { LatticeError } from "../../core/error.ts";

/**
 * What was pasted, by its form: a `.creds` text, a user's seed, else a token; `undefined` for nothing.
 *
 * @throws {LatticeError} `bad-input` for what is none of them, without a word of it.
 */
export function pastedCredential(text: string): Handed | undefined {
  const pasted = text.trim();
  if (pasted === "") return undefined;
  if (pasted.includes("BEGIN NATS USER JWT")) return { creds: `${pasted}\n` };
  if (/^SU[A-Z2-7]{56}$/.test(pasted)) return { nkeySeed: pasted };
  if (/^S[A-Z][A-Z2-7]{20,}/.test(pasted)) {
    throw new LatticeError("bad-input", "this is the seed of something else than a user");
  }
  if (/\s/.test(pasted)) {
    throw new LatticeError("bad-input", "paste a token, a user’s seed or a whole .creds file");
  }
  return { token: pasted };
}

/** Where a link with these servers is of use. */
export function reachWords(servers: readonly string[]): string {
  const hosts = servers.filter((server) => URL.canParse(server)).map((each) => new URL(each));
  if (hosts.length > 0 && hosts.every(({ protocol }) => protocol === "solo:")) {
    return "This lattice lives in this browser: the link is for other tabs of it.";
  }
  if (hosts.length > 0 && hosts.every(({ hostname }) => isLoopback(hostname))) {
    return "The server is this machine’s own: the link is for other tabs and browsers here.";
  }
  return "Whoever opens it sees what it would join, and decides.";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}
