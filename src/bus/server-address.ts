/** Addresses of servers: what is dialled, and what may be shown. Pure. */
import type { Credentials } from "../core/credentials.ts";
import { LatticeError } from "../core/error.ts";

export interface ServerAddress {
  /** What is dialled: the address without user, password and fragment. */
  readonly url: string;
  /** Scheme, host and port, fit for views, errors and logs: paths and queries may hold secrets too. */
  readonly shown: string;
  /** What the address itself carried, as `user:pass@` or `token@`. */
  readonly credentials: Credentials | undefined;
}

/** @throws {LatticeError} `bad-input` for what is not an absolute address of one of `schemes`. */
export function serverAddress(
  text: string,
  schemes: readonly string[] | undefined = ["ws", "wss"],
): ServerAddress {
  const url = parse(text);
  if (url === undefined || url.host === "" || !schemes.includes(url.protocol.slice(0, -1))) {
    throw new LatticeError(
      "bad-input",
      `server "${showable(text, url)}" must be an address such as ${schemes[0] ?? "ws"}://host:port`,
    );
  }
  const credentials = embedded(url);
  url.username = "";
  url.password = "";
  url.hash = "";
  return { url: url.href, shown: origin(url), credentials };
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text.trim());
  } catch {
    return undefined; // the caller names the address and what was wanted
  }
}

function embedded(url: URL): Credentials | undefined {
  if (url.username === "") return undefined;
  try {
    const user = decodeURIComponent(url.username);
    if (url.password === "") return { token: user };
    return { user, pass: decodeURIComponent(url.password) };
  } catch {
    // The decoder's own error says less.
    throw new LatticeError(
      "bad-input",
      `the credentials in the address of server "${origin(url)}" must be percent-encoded, a "%" as "%25"`,
    );
  }
}

const origin = ({ protocol, host }: URL): string => `${protocol}//${host}`;

/** What an error may show of a text that is no address to dial. Nothing, where parts of it may be secret. */
function showable(text: string, url: URL | undefined): string {
  if (url !== undefined && url.host !== "") return origin(url);
  return /[@?#]/.test(text) ? "…" : text;
}
