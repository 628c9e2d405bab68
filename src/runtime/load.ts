/**
 * From a reference or bytes to a prepared component: cache, network, digest, types, transpiler, in the order that
 * spares the most.
 *
 * A pinned reference that is in the cache needs neither network nor transpiler. An unpinned one is asked for again each
 * time; its last copy serves only when the network fails.
 */
import type { Bridge } from "../core/node-state.ts";
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { ImageCache } from "../core/image-cache.ts";
import type { ImageSource } from "../core/workload.ts";
import type { LoadOptions } from "../core/runtime.ts";
import type { RegistryCredentialsSource } from "../core/registry.ts";
import type { World } from "../core/wit.ts";
import type { OciReference } from "./oci-reference.ts";
import type { FileReference, Reference } from "./reference.ts";
import type { Prepared } from "./prepared.ts";
import type { Transpiler } from "./transpiler.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { componentWorld } from "../wire/component-types.ts";
import { exportPatterns, glueModeOf, waitingImports, waitModeOf } from "./bridge.ts";
import { fetchImage, tooLarge, Unreachable } from "./images.ts";
import { unmetImports } from "./imports.ts";
import { pullImage } from "./oci.ts";
import { refuseLatest } from "./oci-reference.ts";
import { COMPONENT_FILE, fileOf, readPrepared } from "./prepared.ts";
import { parseReference } from "./reference.ts";
import { sha256 } from "./sha256.ts";

export interface LoadParts {
  readonly bridge: Bridge;
  /** Interfaces without version that the host answers. */
  readonly provided: ReadonlySet<string>;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Take `latest` from registries, and what names no version. */
  readonly allowLatest: boolean;
  readonly registries: RegistryCredentialsSource;
  /** Absent when nothing is to be kept. Its reads do not fail. */
  readonly cache: ImageCache | undefined;
  readonly transpiler: Transpiler;
  readonly log: Log;
  /** Takes work that nobody waits for, and that must not be cut off by the end of the runtime. */
  readonly afterwards: (work: Promise<unknown>) => void;
}

/** Bytes, or the digest of what lies in the cache. */
interface Located {
  readonly digest: Digest;
  readonly bytes: Uint8Array | undefined;
}

export async function load(
  source: ImageSource,
  options: LoadOptions,
  parts: LoadParts,
): Promise<Prepared> {
  const { signal } = options;
  signal.throwIfAborted();
  // Of a pinned component, what was made of it is all that is needed: its own bytes stay where they are.
  const pin =
    "bytes" in source ? undefined : await pinOf(parseReference(source.reference), parts.cache);
  const pinned = pin === undefined ? undefined : await fromCache(pin, parts);
  if (pinned !== undefined) return pinned;
  const located = await locate(source, options, parts);
  signal.throwIfAborted();
  options.onProgress?.({ stage: "verify" });
  const kept = pin === undefined ? await fromCache(located.digest, parts) : undefined;
  if (kept !== undefined) return kept;
  signal.throwIfAborted();
  const bytes = located.bytes ?? (await parts.cache?.read(located.digest, COMPONENT_FILE));
  if (bytes === undefined) {
    throw new LatticeError("image-unavailable", `${source.reference} is no longer in the cache`);
  }
  return prepare(bytes, located.digest, options, parts);
}

/** The component that `reference` must mean for all time, if that is known without asking anyone. */
async function pinOf(
  reference: Reference,
  cache: ImageCache | undefined,
): Promise<Digest | undefined> {
  if (reference.kind === "file") return reference.pin;
  if (reference.version.by === "tag") return undefined;
  // The digest is that of a manifest; which component it names was checked when it was remembered.
  return (await cache?.reference(keyOf(reference)))?.digest;
}

/** The key of the cache for what a registry's name led to; no file has such an address. */
function keyOf({ origin, name }: OciReference): string {
  return `oci:${origin} ${name}`;
}

async function locate(
  source: ImageSource,
  options: LoadOptions,
  parts: LoadParts,
): Promise<Located> {
  if ("bytes" in source) {
    const { bytes, reference } = source;
    if (bytes.length > parts.maxBytes) throw tooLarge(reference, bytes.length, parts.maxBytes);
    return { digest: await sha256(bytes), bytes };
  }
  const reference = parseReference(source.reference);
  if (reference.kind === "oci") return locateInRegistry(reference, options, parts);
  return reference.pin === undefined
    ? locateLatest(reference, options, parts)
    : locatePinned({ ...reference, pin: reference.pin }, options, parts);
}

async function locatePinned(
  { address, pin }: FileReference & { readonly pin: Digest },
  { signal, onProgress }: LoadOptions,
  { cache, maxBytes }: LoadParts,
): Promise<Located> {
  const kept = await cache?.read(pin, COMPONENT_FILE);
  if (kept !== undefined) return { digest: pin, bytes: kept };
  const fetched = await fetchImage(address, { signal, maxBytes, onProgress });
  if (fetched.tag === "known") throw new LatticeError("internal", "an etag nobody asked about");
  const digest = await sha256(fetched.bytes);
  if (digest === pin) return { digest, bytes: fetched.bytes };
  throw new LatticeError(
    "digest-mismatch",
    `${address} has the SHA-256 ${digest}, but the reference pins ${pin}`,
  );
}

async function locateLatest(
  { address }: FileReference,
  { signal, onProgress }: LoadOptions,
  { cache, maxBytes, log, afterwards }: LoadParts,
): Promise<Located> {
  const last = await cache?.reference(address);
  const kept = last && (await cache?.read(last.digest, COMPONENT_FILE));
  const known = kept === undefined ? undefined : last;
  try {
    const options = { signal, maxBytes, onProgress, knownEtag: known?.etag };
    const fetched = await fetchImage(address, options);
    if (fetched.tag === "known" && known !== undefined) {
      return { digest: known.digest, bytes: kept };
    }
    if (fetched.tag === "known") throw new LatticeError("internal", "an etag nobody asked about");
    const { bytes, etag } = fetched;
    const digest = await sha256(bytes);
    const led = { digest, ...(etag === undefined ? {} : { etag }) };
    if (cache !== undefined) afterwards(cache.remember(address, led));
    return { digest, bytes };
  } catch (thrown) {
    if (!(thrown instanceof Unreachable) || known === undefined) throw thrown;
    log.warn("image.last-copy", { address, digest: known.digest, error: messageOf(thrown) });
    return { digest: known.digest, bytes: kept };
  }
}

async function locateInRegistry(
  reference: OciReference,
  options: LoadOptions,
  parts: LoadParts,
): Promise<Located> {
  const { cache, clock, maxBytes, registries: credentials, allowLatest, afterwards } = parts;
  if (!allowLatest) refuseLatest(reference);
  const key = keyOf(reference);
  const last = (await cache?.reference(key))?.digest;
  const kept = last && (await cache?.read(last, COMPONENT_FILE));
  const known = last && kept && { digest: last, bytes: kept };
  if (known !== undefined && reference.version.by === "digest") return known;
  try {
    return await pullImage(reference, options, { clock, maxBytes, credentials }, async (image) => {
      const { digest } = image;
      const had = digest === last ? kept : await cache?.read(digest, COMPONENT_FILE);
      const bytes = had ?? (await image.fetch());
      if (cache !== undefined) afterwards(cache.remember(key, { digest }));
      return { digest, bytes };
    });
  } catch (thrown) {
    if (!(thrown instanceof Unreachable) || known === undefined) throw thrown;
    const fields = { address: reference.name, digest: known.digest, error: messageOf(thrown) };
    parts.log.warn("image.last-copy", fields);
    return known;
  }
}

/** Both forms of glue may be kept; which one is needed only the world tells, which is in both. */
async function fromCache(digest: Digest, parts: LoadParts): Promise<Prepared | undefined> {
  const { cache, bridge, log } = parts;
  if (cache === undefined) return undefined;
  const damaged = (thrown: unknown): undefined => {
    log.warn("cache.failed", { digest, error: messageOf(thrown) });
    return undefined;
  };
  for (const mode of ["sync", "jspi"] as const) {
    const kept = await readPrepared(cache, digest, mode).catch(damaged);
    if (kept === undefined) continue;
    refuseUnmet(kept.world, parts);
    if (glueModeOf(waitModeOf(kept.world, bridge)) !== mode) continue;
    parts.afterwards(cache.touch(digest));
    return kept;
  }
  return undefined;
}

async function prepare(
  bytes: Uint8Array,
  digest: Digest,
  { signal, onProgress }: LoadOptions,
  parts: LoadParts,
): Promise<Prepared> {
  const world = componentWorld(bytes);
  refuseUnmet(world, parts);
  const glueMode = glueModeOf(waitModeOf(world, parts.bridge));
  onProgress?.({ stage: "transpile" });
  const request = {
    bytes,
    mode: glueMode,
    asyncImports: waitingImports(world),
    asyncExports: exportPatterns(world),
  };
  const { glue, cores } = await parts.transpiler.transpile(request, signal);
  const prepared: Prepared = { digest, sizeBytes: bytes.length, world, glueMode, glue, cores };
  const { cache } = parts;
  if (cache !== undefined) {
    const files = new Map([[COMPONENT_FILE, bytes], fileOf(prepared)]);
    parts.afterwards(cache.write(digest, files));
  }
  return prepared;
}

function refuseUnmet(world: World, { provided }: LoadParts): void {
  const unmet = unmetImports(world, provided);
  if (unmet.length === 0) return;
  throw new LatticeError(
    "import-unmet",
    `the component imports ${unmet.join(", ")}, which this host does not offer`,
  );
}
