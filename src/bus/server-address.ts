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
      `server "${withoutUser(text)}" must be an address such as ${schemes[0] ?? "ws"}://host:port`,
    );
  }
  const credentials = embedded(url);
  url.username = "";
  url.password = "";
  url.hash = "";
  return { url: url.href, shown: `${url.protocol}//${url.host}`, credentials };
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
  const user = decodeURIComponent(url.username);
  if (url.password === "") return { token: user };
  return { user, pass: decodeURIComponent(url.password) };
}

const withoutUser = (text: string): string => text.slice(text.lastIndexOf("@") + 1);
