/** The port to object stores: what a lattice keeps that is larger than a message. */
import type { Digest, LatticeId } from "./ids.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly sizeBytes: number;
  /** Messages that it lies in. */
  readonly chunks: number;
  /** What its writer says; {@link ObjectStore.get} holds it to that. */
  readonly digest: Digest;
}

export interface ObjectReadOptions {
  readonly signal: AbortSignal;
  /** Larger objects are refused before they are read. */
  readonly maxBytes: number;
  readonly onProgress?: ((bytes: number, totalBytes: number) => void) | undefined;
}

/**
 * Objects by name, in the layout that all NATS clients share, so that their tools list, read and fill it. Names are any text
 * but an empty one.
 *
 * Whoever may write to the lattice may write anything under any name: readers who need to know what they get must know
 * its digest from elsewhere.
 *
 * All methods throw {@link LatticeError}: `disconnected`, `denied`, `not-served`, `deadline` when the server is silent for
 * 5 s, `bad-message` for an entry that no client should write, `unsupported` for one that is a link, `closed`, or the
 * signal's reason.
 */
export interface ObjectStore {
  readonly name: string;
  /** `undefined` for what was never there, or was deleted. */
  info(name: string, signal: AbortSignal): Promise<ObjectInfo | undefined>;
  /**
   * The bytes, in full; `undefined` as for {@link ObjectStore.info}.
   *
   * @throws {LatticeError} `too-large`, `incomplete`, `digest-mismatch`.
   */
  get(name: string, options: ObjectReadOptions): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Takes the place of what has the name. Until all of it is stored, the name leads to what was there before.
   *
   * @throws {LatticeError} `too-large` when the store is full; `conflict` when another domain took the writes.
   */
  put(name: string, bytes: Uint8Array, signal: AbortSignal): Promise<ObjectInfo>;
  /** Does nothing for what is not there. */
  delete(name: string, signal: AbortSignal): Promise<void>;
}

/**
 * The store of a lattice's images: components, and the manifests of registries that lead to them, each under the name
 * `sha256:<hex>` of its own digest.
 */
export const imagesStore = (lattice: LatticeId): string => `INLAY_IMAGES_${lattice}`;

/** The name of what has `digest` in {@link imagesStore}. */
export const imageObject = (digest: Digest): string => `sha256:${digest}`;
