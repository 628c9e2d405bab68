/**
 * From a reference or bytes to a component's digest, and to its bytes where they had to be fetched: what the cache
 * knows, what a file's server says, what a registry says.
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/ids.ts";
import type { ImageCache } from "../core/image-cache.ts";
import type { LoadOptions } from "../core/runtime.ts";
import type { Log } from "../core/log.ts";
import type { ImageSource } from "../core/workload.ts";
import type { RegistryCredentials, RegistryCredentialsSource } from "../core/registry.ts";
import type { ImageProxy } from "./image-proxy.ts";
import type { OciReference } from "./oci-reference.ts";
import type { FileReference, LatticeReference } from "./reference.ts";
import type { SharedImages } from "./shared-images.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { fetchImage, tooLarge, Unreachable } from "./images.ts";
import { pullImage } from "./oci.ts";
import { refuseLatest } from "./oci-reference.ts";
import { COMPONENT_FILE } from "./prepared.ts";
import { keyOf, parseReference } from "./reference.ts";
import { orFromLattice } from "./shared-images.ts";
import { sha256 } from "./sha256.ts";

export interface LocateParts {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Take `latest` from registries, and what names no version. */
  readonly allowLatest: boolean;
  readonly registries: RegistryCredentialsSource;
  /** Through whom registries are asked; absent: directly. */
  readonly proxy: ImageProxy | undefined;
  /** Absent when nothing is to be kept. Its reads do not fail. */
  readonly cache: ImageCache | undefined;
  /** Bytes over the lattice, for what has a digest; absent if this node takes none. */
  readonly shared: SharedImages | undefined;
  readonly log: Log;
  /** Takes work that nobody waits for, and that must not be cut off by the end of the runtime. */
  readonly afterwards: (work: Promise<unknown>) => void;
}

/** Bytes, or the digest of what lies in the cache. */
export interface Located {
  readonly digest: Digest;
  readonly bytes: Uint8Array | undefined;
}

/** The component that `source` must mean for all time, if that is known without asking anyone who is to be asked. */
export async function pinOf(
  { reference: name, pull }: ImageSource,
  cache: ImageCache | undefined,
): Promise<Digest | undefined> {
  const reference = parseReference(name);
  if (reference.kind !== "oci") return reference.pin;
  // A registry may also have to say whether whoever asks may have it.
  if (reference.version.by === "tag" || pull === "always") return undefined;
  // The digest is that of a manifest; which component it names was checked when it was remembered.
  return (await cache?.reference(keyOf(reference)))?.digest;
}

/** @throws {LatticeError} as `Runtime.load` does, of what cannot be found, fetched or trusted. */
export async function locate(
  source: ImageSource,
  options: LoadOptions,
  parts: LocateParts,
): Promise<Located> {
  if ("bytes" in source) {
    const { bytes, reference } = source;
    if (bytes.length > parts.maxBytes) throw tooLarge(reference, bytes.length, parts.maxBytes);
    options.onProgress?.({ stage: "verify" });
    return { digest: await sha256(bytes), bytes };
  }
  const reference = parseReference(source.reference);
  if (source.pull === "never") {
    const { locateKept } = await import("./locate-kept.ts");
    if (reference.kind === "oci" && !parts.allowLatest) refuseLatest(reference);
    return locateKept(reference, source.reference, parts.cache);
  }
  if (reference.kind === "lattice") return locateInLattice(reference, options, parts);
  if (reference.kind === "file" && reference.pin !== undefined) {
    return locatePinned({ ...reference, pin: reference.pin }, options, parts);
  }
  const asked: Asked = {
    credentials: source.credentials,
    // What is kept may be what it meant once.
    now: source.pull === "always",
  };
  return reference.kind === "oci"
    ? locateInRegistry(reference, asked, options, parts)
    : locateLatest(reference, asked, options, parts);
}

/** How whoever has a reference is asked what it means. */
interface Asked {
  /** Instead of the node's own. */
  readonly credentials: RegistryCredentials | undefined;
  /** True if nothing that is kept stands in for the answer. */
  readonly now: boolean;
}

async function locateInLattice(
  { pin }: LatticeReference,
  { signal, onProgress }: LoadOptions,
  { cache, shared, maxBytes }: LocateParts,
): Promise<Located> {
  const kept = await cache?.read(pin, COMPONENT_FILE);
  if (kept !== undefined) return { digest: pin, bytes: kept };
  if (shared === undefined) {
    throw new LatticeError(
      "unsupported",
      `this node takes no images from the lattice: sha256:${pin}`,
    );
  }
  return { digest: pin, bytes: await shared.read(pin, { signal, maxBytes, onProgress }) };
}

async function locatePinned(
  { address, pin }: FileReference & { readonly pin: Digest },
  { signal, onProgress }: LoadOptions,
  { cache, clock, log, maxBytes, shared, afterwards }: LocateParts,
): Promise<Located> {
  const kept = await cache?.read(pin, COMPONENT_FILE);
  if (kept !== undefined) return { digest: pin, bytes: kept };
  const fetchPinned = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const fetched = await fetchImage(address, { clock, signal, maxBytes, onProgress });
    if (fetched.tag === "known") throw new LatticeError("internal", "an etag nobody asked about");
    onProgress?.({ stage: "verify" });
    const digest = await sha256(fetched.bytes);
    if (digest !== pin) {
      throw new LatticeError(
        "digest-mismatch",
        `${address} has the SHA-256 ${digest}, but the reference pins ${pin}`,
      );
    }
    if (shared !== undefined) afterwards(shared.share(pin, fetched.bytes));
    return fetched.bytes;
  };
  const instead = { shared, log, signal, maxBytes, onProgress };
  return { digest: pin, bytes: await orFromLattice(fetchPinned, pin, instead) };
}

async function locateLatest(
  reference: FileReference,
  { now }: Asked,
  { signal, onProgress }: LoadOptions,
  { cache, clock, maxBytes, log, shared, afterwards }: LocateParts,
): Promise<Located> {
  const { address } = reference;
  const last = await cache?.reference(keyOf(reference));
  const kept = last && (await cache?.read(last.digest, COMPONENT_FILE));
  const known = kept === undefined ? undefined : last;
  try {
    const options = { clock, signal, maxBytes, onProgress, knownEtag: known?.etag };
    const fetched = await fetchImage(address, options);
    if (fetched.tag === "known" && known !== undefined) {
      return { digest: known.digest, bytes: kept };
    }
    if (fetched.tag === "known") throw new LatticeError("internal", "an etag nobody asked about");
    const { bytes, etag } = fetched;
    onProgress?.({ stage: "verify" });
    const digest = await sha256(bytes);
    const led = { digest, ...(etag === undefined ? {} : { etag }) };
    if (cache !== undefined) afterwards(cache.remember(keyOf(reference), led));
    if (shared !== undefined) afterwards(shared.share(digest, bytes));
    return { digest, bytes };
  } catch (thrown) {
    if (!(thrown instanceof Unreachable) || known === undefined || now) throw thrown;
    log.warn("image.last-copy", { address, digest: known.digest, error: messageOf(thrown) });
    return { digest: known.digest, bytes: kept };
  }
}

async function locateInRegistry(
  reference: OciReference,
  { credentials: own, now }: Asked,
  options: LoadOptions,
  parts: LocateParts,
): Promise<Located> {
  const { cache, clock, maxBytes, allowLatest, afterwards } = parts;
  const { log, proxy } = parts;
  // Nothing stands in for a registry that is to answer now.
  const shared = now ? undefined : parts.shared;
  // What an image's own credentials have opened is not passed on.
  const sharing = own === undefined ? parts.shared : undefined;
  const onPulled =
    sharing && ((digest: Digest, bytes: Uint8Array) => afterwards(sharing.share(digest, bytes)));
  const credentials: RegistryCredentialsSource =
    own === undefined ? parts.registries : async () => new Map([[reference.registry, own]]);
  const oci = { clock, maxBytes, credentials, log, proxy, shared, onPulled };
  if (!allowLatest) refuseLatest(reference);
  const key = keyOf(reference);
  const last = (await cache?.reference(key))?.digest;
  const kept = last && (await cache?.read(last, COMPONENT_FILE));
  const known = last && kept && { digest: last, bytes: kept };
  if (known !== undefined && reference.version.by === "digest" && !now) return known;
  try {
    return await pullImage(reference, options, oci, async (image) => {
      const { digest } = image;
      const had = digest === last ? kept : await cache?.read(digest, COMPONENT_FILE);
      const bytes = had ?? (await image.fetch());
      if (cache !== undefined) afterwards(cache.remember(key, { digest }));
      return { digest, bytes };
    });
  } catch (thrown) {
    if (!(thrown instanceof Unreachable) || known === undefined || now) throw thrown;
    const fields = { address: reference.name, digest: known.digest, error: messageOf(thrown) };
    log.warn("image.last-copy", fields);
    return known;
  }
}
