/** Opening the stream of a bucket: it is taken as it is, or made if that is wanted. */
import { asLatticeError, LatticeError } from "../core/error.ts";
import type { JetStream, StreamInfo } from "./jetstream.ts";

/**
 * `settings` to make it by; absent if it must be there.
 *
 * @throws {LatticeError} `unsupported`, `not-found`, `denied`, `disconnected`, or the signal's reason.
 */
export async function openStream(
  jetstream: JetStream,
  stream: string,
  settings: object | undefined,
  signal: AbortSignal,
): Promise<StreamInfo> {
  try {
    return await jetstream.info(stream, signal);
  } catch (cause) {
    if (asLatticeError(cause).code !== "not-found") throw cause;
    if (settings === undefined) {
      const bucket = stream.replace(/^[A-Z]+_/, "");
      throw new LatticeError("not-found", `there is no bucket "${bucket}"`, { cause });
    }
  }
  try {
    return await jetstream.create(stream, settings, signal);
  } catch (thrown) {
    // Somebody was faster, and of another mind about the settings.
    if (asLatticeError(thrown).code === "conflict") return jetstream.info(stream, signal);
    throw thrown;
  }
}

/** @throws {LatticeError} `bad-input` */
export function checkBucketName(name: string): void {
  checkName("bucket name", name, /^[-_a-zA-Z0-9]+$/, "of letters, digits and - _");
}

/** @throws {LatticeError} `bad-input` */
export function checkDomain(domain: string): void {
  checkName("JetStream domain", domain, /^[^\s.*>]+$/, "one word without dots, spaces, * or >");
}

/** @throws {LatticeError} `bad-input` */
export function checkName(what: string, met: string, form: RegExp, wanted: string): void {
  if (form.test(met)) return;
  throw new LatticeError("bad-input", `${what} ${JSON.stringify(met)} must be ${wanted}`);
}
