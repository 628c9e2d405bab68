/**
 * Where a component may send HTTP requests, as manifests of wasmCloud v2 say it (`allowedHosts`; wasmCloud
 * `crates/wash-runtime/src/host/allowed_hosts.rs` at v2.7.0): `*`, `*.suffix[:port]`, `host[:port]`, each of the latter
 * two also behind `scheme://`. Nothing listed: nothing allowed.
 */
import { LatticeError } from "./error.ts";

export interface AllowedHost {
  /** Absent: any. */
  readonly scheme?: string;
  /** Lower case; with a leading dot: any host below it; absent: any. */
  readonly host?: string;
  /** Absent: any. */
  readonly port?: number;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/** @throws {LatticeError} `bad-input` that names each entry that cannot be read, and why. */
export function readAllowedHosts(entries: readonly string[]): readonly AllowedHost[] {
  const problems: string[] = [];
  const read = entries.flatMap((entry) => {
    const outcome = readEntry(entry.trim());
    if (typeof outcome !== "string") return [outcome];
    problems.push(`${JSON.stringify(entry)} ${outcome}`);
    return [];
  });
  if (problems.length > 0) {
    throw new LatticeError("bad-input", `allowed hosts: ${problems.join("; ")}`);
  }
  return read;
}

/** The entry, or what is wrong with it. */
function readEntry(entry: string): AllowedHost | string {
  if (entry === "") return "is empty";
  if (entry === "*") return {};
  const [, scheme, rest = ""] = /^(?:([^:/]*):\/\/)?(.*)$/s.exec(entry) ?? [];
  if (scheme !== undefined && !/^[a-z][a-z0-9+.-]*$/i.test(scheme)) return "has no valid scheme";
  const plain = scheme === undefined ? rest : rest.replace(/\/$/, "");
  if (/[/?#]/.test(plain)) return "names more than a host: paths and queries are not told apart";
  const [, name, digits] = /^(\[[\da-f:.]+\]|[^:[\]@\s]+)(?::(\d{1,5}))?$/i.exec(plain) ?? [];
  if (name === undefined) return "is no host";
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 65_535) return "has no valid port";
  const wildcard = name.startsWith("*.");
  const host = (wildcard ? name.slice(1) : name).toLowerCase();
  if (host === "." || host.includes("*")) return "must have its * as *. before a name, or alone";
  // As in a URL, the port of its scheme is as good as none; a wildcard is no URL.
  const told = scheme === undefined || wildcard || DEFAULT_PORTS.get(scheme.toLowerCase()) !== port;
  return {
    host,
    ...(scheme === undefined ? {} : { scheme: scheme.toLowerCase() }),
    ...(port === undefined || !told ? {} : { port }),
  };
}

/**
 * Whether a request to `url` is allowed. This machine itself is, only if an entry names it: neither `*` nor a suffix
 * means the services that whoever looks at the page has running.
 */
export function isAllowed(url: URL, allowed: readonly AllowedHost[]): boolean {
  const scheme = url.protocol.slice(0, -1);
  const host = url.hostname.toLowerCase().replace(/\.$/, ""); // `localhost.` is `localhost`
  const port = url.port === "" ? DEFAULT_PORTS.get(scheme) : Number(url.port);
  const own = isLoopback(host);
  return allowed.some((entry) => {
    if (entry.scheme !== undefined && entry.scheme !== scheme) return false;
    if (entry.port !== undefined && entry.port !== port) return false;
    if (entry.host === undefined) return !own;
    if (entry.host.startsWith(".")) {
      return !own && host.endsWith(entry.host) && host.length > entry.host.length;
    }
    return entry.host === host;
  });
}

/** By its name, in the form that `URL` gives it: who looks names up may find this machine behind others. */
function isLoopback(host: string): boolean {
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host.startsWith("127.") ||
    host === "0.0.0.0" ||
    host === "[::]" ||
    host === "[::1]" ||
    host === "[::ffff:0:0]" ||
    host.startsWith("[::ffff:7f")
  );
}
