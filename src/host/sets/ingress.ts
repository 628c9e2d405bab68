/**
 * By which hosts' names a set takes HTTP requests (wasmCloud `crates/wash-runtime/src/host/http.rs` at v2.7.0,
 * `DynamicRouter`). Pure.
 */
import type { HostInterface } from "../../core/workload-set.ts";
import type { World } from "../../core/wit.ts";

import { LatticeError } from "../../core/error.ts";
import { isHostname } from "../../core/hostname.ts";

/** The lattice's form of `wasi:http/incoming-handler`. */
const HANDLER = "wrpc:http/incoming-handler@0.1.0";

/** Names beyond those of the first are the operator's; more than this nobody needs. */
const MOST_HOSTS = 64;

export function takesHttp({ exports }: World): boolean {
  return exports.has(HANDLER);
}

/**
 * The first is the set's own name, aliases follow; lower case, without port.
 *
 * @throws {LatticeError} `bad-input` where no entry says a name, or one that is none.
 */
export function httpHosts(entries: readonly HostInterface[]): readonly string[] {
  const entry = entries.find(
    ({ namespace, package: pkg, interfaces }) =>
      namespace === "wasi" &&
      pkg === "http" &&
      interfaces.some((name) => name === "incoming-handler" || name === "handler"),
  );
  if (entry === undefined) {
    throw new LatticeError(
      "bad-input",
      "workload did not request wasi:http/incoming-handler or wasi:http/handler interface",
    );
  }
  const host = entry.config.get("host");
  if (host === undefined) throw new LatticeError("bad-input", "no host header found");
  if (!isHostname(host)) {
    throw new LatticeError(
      "bad-input",
      `primary host ${JSON.stringify(host)} is not a valid RFC 1123 hostname`,
    );
  }
  const aliases = (entry.config.get("host-aliases") ?? "")
    .split(",")
    .map((alias) => alias.trim())
    .filter(isHostname);
  return [...new Set([host, ...aliases].map((name) => name.toLowerCase()))].slice(0, MOST_HOSTS);
}
