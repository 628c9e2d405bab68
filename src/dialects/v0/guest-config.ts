/**
 * `wasmcloud:bus/guest-config`: what a component's own configuration says, as bytes. What the lattice keeps for it goes before what
 * it was started with (wasmCloud v0.82.0 `crates/host/src/wasmbus/mod.rs`; there is only the former there).
 */
import type { AnswerImport } from "../../core/dialect.ts";
import type { ActorConfig } from "./facts/config.ts";

import { LatticeError } from "../../core/error.ts";
import { succeeded } from "../../interfaces/import-mapping.ts";
import { stringOf } from "../../interfaces/parts.ts";

export const GUEST_CONFIG = "wasmcloud:bus/guest-config";

/** What cannot be read is an error of the interface, as any failure of the machinery. */
export function createGuestConfig(kept: Pick<ActorConfig, "get" | "all">): AnswerImport {
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  return async ({ func, args, signal }, importer) => {
    const { id } = importer;
    const started = importer.config();
    if (func === "get") {
      const [given] = args;
      const key = stringOf(given);
      const own = started.get(key);
      const found = isKey(key) ? await kept.get(id, key, signal) : undefined;
      return succeeded(found ?? (own === undefined ? undefined : utf8(own)));
    }
    if (func === "get-all") {
      const all = new Map(Array.from(started, ([key, value]) => [key, utf8(value)] as const));
      for (const [key, value] of await kept.all(id, signal)) all.set(key, value);
      return succeeded([...all]);
    }
    throw new LatticeError("import-unmet", `this host does not offer ${GUEST_CONFIG}#${func}`);
  };
}

/** Nothing is kept under what cannot be the end of a key of the store. */
function isKey(key: string): boolean {
  return key.length <= 512 && /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/.test(key);
}
