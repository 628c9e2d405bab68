/** Fetches components as files: in parts, with a ceiling, and with errors that say what is wrong at the address. */
import type { Clock } from "../core/clock.ts";
import type { LoadProgress } from "../core/workload.ts";

import { LatticeError } from "../core/error.ts";
import { MAX_TRIES, patiently, pause, pauseAfterMs, retryAfterMs } from "./patience.ts";

export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

export interface FetchOptions extends ReadOptions {
  readonly clock: Clock;
  /** If the server still has this version, there is no need to read it. */
  readonly knownEtag?: string | undefined;
}

export type Fetched =
  | { readonly tag: "bytes"; readonly bytes: Uint8Array<ArrayBuffer>; readonly etag?: string }
  /** The server has the version of {@link FetchOptions.knownEtag}. */
  | { readonly tag: "known" };

/** The network failed: no answer at all, or none that may be read. */
export class Unreachable extends LatticeError {}

/** The answer began, and its body did not come to its end. */
export class BrokenOff extends Unreachable {}

/**
 * Reads `address`, asking the server whether a copy in the browser's own cache is still right.
 *
 * @throws {LatticeError} `image-unavailable`, as {@link Unreachable} if there was no answer; `image-too-large`;
 * `bad-image` for a web page; `denied`.
 */
export async function fetchImage(address: string, options: FetchOptions): Promise<Fetched> {
  return untilWhole(() => fetchOnce(address, options), options);
}

/** What `read` gives, tried again if a body breaks off. */
export async function untilWhole<T>(
  read: () => Promise<T>,
  patience: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try waits for the one before
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof BrokenOff) || tries === MAX_TRIES) throw thrown;
    }
    // oxlint-disable-next-line no-await-in-loop -- as above
    await pause(pauseAfterMs(tries), patience);
  }
}

async function fetchOnce(address: string, options: FetchOptions): Promise<Fetched> {
  const { clock, signal, knownEtag } = options;
  const ended = new AbortController();
  try {
    const either = AbortSignal.any([signal, ended.signal]);
    const lost = `${address} could not be fetched: the server is not reachable or does not allow this page's origin (CORS)`;
    const response = await patiently(
      () => respond(address, { signal: either, cache: "no-cache" }, lost),
      { clock, signal },
    );
    if (!response.ok) throw refusal(address, response, clock.now());
    const etag = response.headers.get("etag") ?? undefined;
    if (etag !== undefined && etag === knownEtag && !etag.startsWith("W/")) return { tag: "known" };
    const bytes = await readBody(address, response, options);
    refuseWebPage(address, bytes);
    return { tag: "bytes", bytes, ...(etag === undefined ? {} : { etag }) };
  } finally {
    ended.abort(); // lets go of a body that was not read to its end
    signal.throwIfAborted();
  }
}

function refusal(address: string, response: Response, nowMs: number): LatticeError {
  const status = `${response.status} ${response.statusText}`.trimEnd();
  const waitMs = retryAfterMs(response, nowMs);
  const wait = waitMs === undefined ? "" : `, and asks to wait ${Math.ceil(waitMs / 1_000)} s`;
  const code = response.status === 401 || response.status === 403 ? "denied" : "image-unavailable";
  return new LatticeError(code, `GET ${address} answered ${status}${wait}`);
}

/** @throws {LatticeError} {@link Unreachable} with the message `lost` if there is no answer that may be read. */
export async function respond(address: string, init: RequestInit, lost: string): Promise<Response> {
  try {
    return await fetch(address, { ...init, credentials: "omit" });
  } catch (cause) {
    throw new Unreachable("image-unavailable", lost, { cause });
  }
}

/**
 * The body of `response` as one, under the name of `address` in errors.
 *
 * @throws {LatticeError} `image-too-large`; {@link BrokenOff}.
 */
export async function readBody(
  address: string,
  response: Response,
  { signal, maxBytes, onProgress }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(response.headers.get("content-length") ?? Number.NaN);
  // With a content encoding the length is that of the packed bytes, which says nothing about progress.
  const packed = response.headers.has("content-encoding");
  const total = Number.isNaN(announced) || packed ? {} : { totalBytes: announced };
  if (announced > maxBytes) throw tooLarge(address, announced, maxBytes);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  onProgress?.({ stage: "fetch", bytes, ...total });
  try {
    for await (const part of partsOf(response)) {
      signal.throwIfAborted();
      parts.push(part);
      bytes += part.length;
      if (bytes > maxBytes) throw tooLarge(address, bytes, maxBytes);
      onProgress?.({ stage: "fetch", bytes, ...total });
    }
  } catch (cause) {
    if (cause instanceof LatticeError) throw cause;
    throw new BrokenOff("image-unavailable", `${address} broke off after ${bytes} bytes`, {
      cause,
    });
  }
  if (!packed && bytes < announced) {
    const missing = `${address} ended after ${bytes} of ${announced} bytes`;
    throw new BrokenOff("image-unavailable", missing);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function* partsOf({ body }: Response): AsyncIterable<Uint8Array<ArrayBuffer>> {
  if (body === null) return;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @throws {LatticeError} `bad-image` for the page that many servers answer for addresses they do not know. */
function refuseWebPage(address: string, bytes: Uint8Array): void {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase();
  if (start.startsWith("<")) {
    throw new LatticeError("bad-image", `${address} answered a web page, not WebAssembly`);
  }
}

export function tooLarge(name: string, bytes: number, maxBytes: number): LatticeError {
  return new LatticeError(
    "image-too-large",
    `${name} has ${bytes} bytes or more; this host takes ${maxBytes}`,
  );
}
