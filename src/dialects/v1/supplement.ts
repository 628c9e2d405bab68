/**
 * Supplemental configuration: what a service of the lattice gives each host that asks at its start (wasmCloud
 * `wasmbus/mod.rs` @ v1.9.2, `load_supplemental_config`). Today that is credentials for registries.
 */
import type { Labels } from "../../core/command.ts";
import type { DialectParts, Supplement } from "../../core/dialect.ts";

import { LatticeError, messageOf } from "../../core/error.ts";
import { optional, readJson, record, writeJson } from "../../wire/shape.ts";
import { plain } from "../json.ts";
import { credentialsOf, credentialsShape } from "../registries.ts";

/** A host that joins waits no longer. */
const ANSWER_LIMIT_MS = 2_000;

const answerShape = record({ registryCredentials: optional(credentialsShape) });

/** Any failure is logged, without a word of what was sent, and gives nothing. */
export async function askForSupplement(
  { control, lattice, clock, log }: DialectParts,
  labels: Labels,
  signal: AbortSignal,
): Promise<Supplement> {
  const limit = new AbortController();
  const cancel = clock.after(ANSWER_LIMIT_MS, () =>
    limit.abort(new LatticeError("deadline", `no answer within ${ANSWER_LIMIT_MS / 1000} s`)),
  );
  try {
    const { data } = await control.request(
      `wasmbus.cfg.${lattice}.req`,
      writeJson({ labels: plain(labels) }),
      { signal: AbortSignal.any([signal, limit.signal]) },
    );
    return { registries: read(data) };
  } catch (cause) {
    log.warn("supplement.missing", { problem: messageOf(cause) });
    return { registries: new Map() };
  } finally {
    cancel();
  }
}

function read(data: Uint8Array): Supplement["registries"] {
  try {
    return credentialsOf(readJson(data, answerShape).registryCredentials ?? new Map());
  } catch {
    throw new LatticeError("bad-message", "the answer is no supplemental configuration");
  }
}
