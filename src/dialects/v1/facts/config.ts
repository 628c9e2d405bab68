/** Named configuration as bytes: a JSON object of texts (wasmCloud `crates/host/src/wasmbus/config.rs` @ v1.9.2). Pure. */
import type { Values } from "../../../core/facts.ts";

import { LatticeError } from "../../../core/error.ts";
import { dictionary, readJson, text } from "../../../wire/shape.ts";

/** Names that begin so are references to secrets, not configuration. */
const SECRET = "SECRET";

const NO_CONFIG = "config data should be a map of string -> string";

export const isSecret = (name: string): boolean => name.startsWith(SECRET);

/** @throws {LatticeError} `unsupported` if one of `names` is of a secret. */
export function refuseSecrets(names: readonly string[]): void {
  const secret = names.find(isSecret);
  if (secret === undefined) return;
  const text = `this host offers no secrets, and was asked for ${secret}`;
  throw new LatticeError("unsupported", text);
}

/** @throws {LatticeError} `bad-message`, without a word of the values, which may be somebody's secrets. */
export function readConfig(bytes: Uint8Array): Values {
  try {
    return readJson(bytes, dictionary(text));
  } catch {
    throw new LatticeError("bad-message", NO_CONFIG);
  }
}

/** From left to right: of two values for one key the later one counts. */
export function merge(all: readonly Values[]): Values {
  return new Map(all.flatMap((values) => [...values]));
}
