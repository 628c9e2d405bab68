/**
 * Pulls components from OCI registries (distribution specification v1.1): manifest, perhaps an index before it, and the
 * one layer that is the component. What has a digest is checked against it.
 */
import type { Clock } from "../core/clock.ts";
import type { Digest } from "../core/ids.ts";
import type { RegistryCredentials, RegistryCredentialsSource } from "../core/registry.ts";
import type { Log } from "../core/log.ts";
import type { LoadOptions } from "../core/runtime.ts";
import type { ImageProxy } from "./image-proxy.ts";
import type { Descriptor, Manifest } from "./oci-manifest.ts";
import type { OciReference } from "./oci-reference.ts";
import type { Patience } from "./patience.ts";
import type { Registry } from "./oci-registry.ts";
import type { SharedImages } from "./shared-images.ts";

import { LatticeError } from "../core/error.ts";
import { readBody, tooLarge, untilWhole } from "./images.ts";
import { readManifest } from "./oci-manifest.ts";
import { openRegistry } from "./oci-registry.ts";
import { orFromLattice } from "./shared-images.ts";
import { sha256 } from "./sha256.ts";

export interface OciParts {
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly credentials: RegistryCredentialsSource;
  readonly log: Log;
  /** Through whom registries are asked; absent: directly. */
  readonly proxy?: ImageProxy | undefined;
  /** Stands in for what the registry does not give; absent if nothing does. */
  readonly shared?: SharedImages | undefined;
  /** Hears of each manifest and component that came from the registry, checked if it was asked for by digest. */
  readonly onPulled?: ((digest: Digest, bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
}

/** What the registry has under a reference, before it is fetched. */
export interface Resolved {
  /** Of the component. */
  readonly digest: Digest;
  /** @throws {LatticeError} as {@link pullImage}. */
  fetch(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A limit that registries share (distribution specification, "Pushing manifests"). */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/**
 * Docker's two types are the wildcard's: up to 128 characters without odd ones are sent across origins without a
 * preflight (Fetch standard, "CORS-safelisted request-header"), and many registries answer none for this header.
 */
const ACCEPT =
  "application/vnd.oci.image.manifest.v1+json,application/vnd.oci.image.index.v1+json,*/*";

/**
 * Asks the registry what `reference` is, and gives what `use` makes of it. Nothing is left open behind it.
 *
 * @throws {LatticeError} `image-unavailable`, as `Unreachable` if there was no answer; `denied`; `bad-image`;
 * `image-too-large`; `digest-mismatch`.
 */
export async function pullImage<T>(
  reference: OciReference,
  { signal, onProgress }: LoadOptions,
  parts: OciParts,
  use: (resolved: Resolved) => Promise<T>,
): Promise<T> {
  const { clock, maxBytes, credentials, proxy, shared, log, onPulled } = parts;
  const { name, registry } = reference;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  try {
    const registered = credentialsFor(registry, await orAborted(credentials(), either));
    const source = openRegistry(reference, {
      clock,
      credentials: registered,
      proxy,
      signal: either,
    });
    const layer = await findLayer(reference, source, { ...parts, signal: either });
    return await use({
      digest: layer.digest,
      async fetch() {
        if (layer.size > maxBytes) throw tooLarge(name, layer.size, maxBytes);
        onProgress?.({ stage: "fetch", bytes: 0, totalBytes: layer.size });
        const read = async (): Promise<Uint8Array<ArrayBuffer>> =>
          readBody(name, await source.get(`blobs/sha256:${layer.digest}`), {
            signal: either,
            maxBytes,
            onProgress: (progress) => onProgress?.({ ...progress, totalBytes: layer.size }),
          });
        const pull = async (): Promise<Uint8Array<ArrayBuffer>> => {
          const bytes = await untilWhole(read, { clock, signal: either });
          onProgress?.({ stage: "verify" });
          await verify(`the layer of ${name}`, bytes, layer.digest);
          onPulled?.(layer.digest, bytes);
          return bytes;
        };
        const instead = { shared, log, signal: either, maxBytes, onProgress };
        return orFromLattice(pull, layer.digest, instead);
      },
    });
  } finally {
    ended.abort(); // lets go of bodies that were not read to their end
    signal.throwIfAborted();
  }
}

function credentialsFor(
  registry: string,
  all: ReadonlyMap<string, RegistryCredentials>,
): RegistryCredentials | undefined {
  const found = all.get(registry);
  // Docker's own tools file them under the host that answers.
  return found ?? (registry === "docker.io" ? all.get("index.docker.io") : undefined);
}

/** What a page gives may come late or never. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

async function findLayer(
  { name, version }: OciReference,
  registry: Registry,
  {
    clock,
    signal,
    shared,
    log,
    onPulled,
  }: Pick<OciParts, "log" | "shared" | "onPulled"> & Patience,
): Promise<Descriptor> {
  const about = `the manifest of ${name}`;
  const limits = { signal, maxBytes: MAX_MANIFEST_BYTES };
  const pull = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
    const read = async (): Promise<Uint8Array<ArrayBuffer>> =>
      readBody(about, await registry.get(`manifests/${path}`, ACCEPT), limits);
    return untilWhole(read, { clock, signal });
  };
  const byTag = async (tag: string): Promise<Manifest> => {
    const bytes = await pull(tag);
    const manifest = readManifest(name, bytes);
    onPulled?.(await sha256(bytes), bytes);
    return manifest;
  };
  const byDigest = async (digest: Digest): Promise<Manifest> => {
    const checked = async (): Promise<Uint8Array<ArrayBuffer>> => {
      const bytes = await pull(`sha256:${digest}`);
      await verify(about, bytes, digest);
      onPulled?.(digest, bytes);
      return bytes;
    };
    return readManifest(name, await orFromLattice(checked, digest, { ...limits, shared, log }));
  };
  const first = await (version.by === "tag" ? byTag(version.tag) : byDigest(version.digest));
  if (first.tag === "image") return first.layer;
  const second = await byDigest(first.manifest.digest);
  if (second.tag === "image") return second.layer;
  throw new LatticeError("bad-image", `${name} is no component: its index names another index`);
}

async function verify(what: string, bytes: Uint8Array, expected: Digest): Promise<void> {
  const actual = await sha256(bytes);
  if (actual === expected) return;
  throw new LatticeError(
    "digest-mismatch",
    `${what} has the SHA-256 ${actual}, but was asked for as ${expected}`,
  );
}
