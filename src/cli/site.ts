/**
 * The names and origins under which the gateway is itself. A page of another site can make a browser send requests
 * here, and can point a name of its own at this address: both show in `Origin` and `Host`.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

import { isLoopback } from "./arguments.ts";

export interface Site {
  /** Base address of the page, ending in `/`. */
  readonly page: string;
  /** Origins that pages from here can have, as far as they can be listed. */
  readonly origins: readonly string[];
  /** Whether a `Host` header names this gateway. */
  isOwnHost(header: string | undefined): boolean;
  /** Whether an `Origin` header names a page of this gateway. */
  isOwnOrigin(header: string): boolean;
}

export interface SiteOptions {
  /** The address that was asked for: a name, an IP address, or `0.0.0.0` or `::` for all. */
  readonly host: string;
  readonly port: number;
  /** The certificate in PEM; its names are ours too. */
  readonly certificate: string | undefined;
}

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

export function createSite({ host, port, certificate }: SiteOptions): Site {
  const scheme = certificate === undefined ? "http" : "https";
  const x509 = certificate === undefined ? undefined : new X509Certificate(certificate);
  const all = host === "0.0.0.0" || host === "::";
  const certified = namesOf(x509);
  const names = [
    ...(all ? [] : [bracketed(host)]),
    ...certified,
    ...(all || isLoopback(host) ? LOOPBACK_NAMES : []),
  ].map((name) => name.toLowerCase());
  const origins = [...new Set(names)].map((name) => new URL(`${scheme}://${name}:${port}`).origin);

  const isOwn = (url: URL): boolean => {
    if (url.protocol !== `${scheme}:` || portOf(url) !== port) return false;
    if (names.includes(url.hostname)) return true;
    const bare = url.hostname.replace(/^\[|\]$/g, "");
    return isIP(bare) === 0
      ? x509?.checkHost(bare) !== undefined
      : x509?.checkIP(bare) !== undefined;
  };
  return {
    page: `${origins[0] ?? `${scheme}://localhost:${port}`}/`,
    origins,
    isOwnHost: (header) => {
      const address = `${scheme}://${header ?? ""}`;
      // Nothing but host and port: `Host: good.example@evil` must not parse its way in.
      if (header === undefined || !/^[^/@?#\\\s]+$/.test(header)) return false;
      return URL.canParse(address) && isOwn(new URL(address));
    },
    isOwnOrigin: (header) => URL.canParse(header) && isOwn(new URL(header)),
  };
}

/** The DNS names and addresses that a certificate spells out; wildcards are left to `checkHost`. */
function namesOf(x509: X509Certificate | undefined): readonly string[] {
  return (x509?.subjectAltName ?? "")
    .split(", ")
    .flatMap((entry) => /^(?:DNS|IP Address):([^*"]+)$/.exec(entry)?.[1] ?? [])
    .map(bracketed)
    .filter((name) => URL.canParse(`https://${name}`));
}

/** IPv6 addresses stand in brackets in URLs, and are shortened there. */
function bracketed(host: string): string {
  return isIP(host) === 6 ? new URL(`http://[${host}]`).hostname : host;
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}
