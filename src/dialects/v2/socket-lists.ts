/**
 * What a manifest lets sockets of a component reach: `allowedIpNameLookups` and `allowedHostLoopbackPorts` (wasmCloud
 * `crates/wash-runtime/src/host/{allowed_ip_name,allowed_loopback}.rs` at v2.7.0). A page has no sockets, and a component that
 * imports them does not start, so nothing is allowed by them here; what cannot be read is refused as hosts of upstream do.
 */
import { LatticeError } from "../../core/error.ts";
import { isHostname } from "../../core/hostname.ts";

/** Of one list, before it is read; and of what is wrong with it, told. */
const MOST_ENTRIES = 256;
const MOST_PROBLEMS = 10;
const MOST_LETTERS = 80;

/** @throws {LatticeError} `bad-input` that names the entries that are no `*`, `*.suffix`, name or address. */
export function checkNameLookups(entries: readonly string[]): void {
  check("allowed_ip_name_lookups", entries, (entry) => {
    if (entry === "*") return undefined;
    const name = entry.replace(/^\*\./, "").replace(/\.$/, "");
    if (name.includes("*")) return "must have its * as *. before a name, or alone";
    if (isHostname(name) || (name === entry && isIpv6(name))) return undefined;
    return "is no name of a host, without scheme, port and path";
  });
}

/** @throws {LatticeError} `bad-input` that names the entries that are no port, `port/tcp` or `port/udp`. */
export function checkLoopbackPorts(entries: readonly string[]): void {
  check("allowed_host_loopback_ports", entries, (entry) => {
    const [, digits] = /^(\d{1,5})\s*(?:\/\s*(?:tcp|udp))?$/i.exec(entry) ?? [];
    const port = Number(digits ?? 0);
    return port > 0 && port < 65_536 ? undefined : "is no port, port/tcp or port/udp";
  });
}

function check(
  list: string,
  entries: readonly string[],
  problemOf: (entry: string) => string | undefined,
): void {
  if (entries.length > MOST_ENTRIES) {
    const error = `invalid ${list}: ${entries.length} entries, and ${MOST_ENTRIES} at most`;
    throw new LatticeError("bad-input", error);
  }
  const problems = entries.flatMap((entry) => {
    const problem = problemOf(entry.trim());
    return problem === undefined
      ? []
      : [`${JSON.stringify(entry.slice(0, MOST_LETTERS))} ${problem}`];
  });
  if (problems.length === 0) return;
  throw new LatticeError(
    "bad-input",
    `invalid ${list}: ${problems.slice(0, MOST_PROBLEMS).join("; ")}`,
  );
}

/** As `URL` reads it in brackets, which must not end before it does. */
function isIpv6(text: string): boolean {
  return /^[\da-f:.]+$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]/`);
}
