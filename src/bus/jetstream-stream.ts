/** Opening the stream of a bucket or object store: it is taken as it is, or made if that is wanted. */
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { BucketOptions } from "../core/kv.ts";
import {
  createJetStream,
  type JetStream,
  type JetStreamParts,
  type StreamInfo,
} from "./jetstream.ts";

/** What buckets and object stores ask for alike: as clients do by default, without bounds. */
const COMMON = {
  retention: "limits",
  max_consumers: -1,
  max_msgs: -1,
  max_bytes: -1,
  max_msg_size: -1,
  max_age: 0,
  storage: "file",
  num_replicas: 1,
  discard: "new",
  allow_rollup_hdrs: true,
  allow_direct: true,
};

export interface BucketStream {
  readonly jetstream: JetStream;
  readonly stream: StreamInfo;
}

/**
 * The stream of the bucket `name`: `KV_{name}`, `OBJ_{name}`. Where it is to be made and is not there it is made with
 * `settings` beside those that all buckets have.
 *
 * @throws {LatticeError} `unsupported`, `not-found`, `denied`, `bad-input`, `disconnected`, or the signal's reason.
 */
export async function openStream(
  parts: JetStreamParts,
  {
    kind,
    name,
    settings,
  }: { readonly kind: "KV" | "OBJ"; readonly name: string; readonly settings: object },
  { signal, domain, create = false }: BucketOptions,
): Promise<BucketStream> {
  checkName("bucket name", name, /^[-_a-zA-Z0-9]+$/, "of letters, digits and - _");
  if (domain !== undefined) {
    checkName("JetStream domain", domain, /^[^\s.*>]+$/, "one word without dots, spaces, * or >");
  }
  const jetstream = createJetStream(parts, domain);
  const stream = `${kind}_${name}`;
  try {
    return { jetstream, stream: await jetstream.info(stream, signal) };
  } catch (cause) {
    if (asLatticeError(cause).code !== "not-found") throw cause;
    if (!create) throw new LatticeError("not-found", `there is no bucket "${name}"`, { cause });
  }
  try {
    const made = await jetstream.create(stream, { ...COMMON, ...settings }, signal);
    return { jetstream, stream: made };
  } catch (thrown) {
    if (asLatticeError(thrown).code !== "conflict") throw thrown;
    // Somebody was faster, and of another mind about the settings.
    return { jetstream, stream: await jetstream.info(stream, signal) };
  }
}

/** @throws {LatticeError} `bad-input` */
export function checkName(what: string, met: string, form: RegExp, wanted: string): void {
  if (form.test(met)) return;
  throw new LatticeError("bad-input", `${what} ${JSON.stringify(met)} must be ${wanted}`);
}
