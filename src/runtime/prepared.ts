/**
 * A component that is ready to be instantiated, and its form in the image cache: one file, since each file that is read
 * costs a turn through the browser's storage.
 */
import type { GlueMode } from "../channels/transpile.ts";
import type { SignedClaims } from "../core/claims.ts";
import type { Digest } from "../core/ids.ts";
import type { ImageCache } from "../core/image-cache.ts";
import type { Log } from "../core/log.ts";
import type { FuncType, World } from "../core/wit.ts";

import { messageOf } from "../core/error.ts";
import { concatBytes } from "../wire/bytes.ts";
import { sha256 } from "./sha256.ts";

/** What one component may be prepared as. */
export interface GlueForm {
  readonly glueMode: GlueMode;
  /** Whether its guests can be given files, for which they wait. */
  readonly files: boolean;
}

export interface Prepared extends GlueForm {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly world: World;
  readonly glue: string;
  readonly cores: ReadonlyMap<string, Uint8Array>;
  /** Whether the glue may keep state for the guest, such as handles. */
  readonly keepsHandles: boolean;
  /** Checked but for the time. */
  readonly claims?: SignedClaims | undefined;
}

/** The original bytes, under the component's digest. */
export const COMPONENT_FILE = "component.wasm";

/**
 * What made the glue: a new release of jco, or other options for it, must not meet old files. Raise the last number
 * when the transpile worker or {@link Manifest} changes.
 */
export const ENGINE = "jco-1.35.0-11";

/**
 * Stands behind the SHA-256 of all that follows, in hex, and behind its own length; the glue and the core modules follow
 * as they are.
 */
interface Manifest {
  readonly sizeBytes: number;
  readonly imports: PlainInterfaces;
  readonly exports: PlainInterfaces;
  readonly keepsHandles: boolean;
  readonly claims?: SignedClaims | undefined;
  readonly glueBytes: number;
  readonly cores: readonly (readonly [name: string, bytes: number])[];
}

/** Maps as JSON has them. */
type PlainInterfaces = readonly (readonly [
  name: string,
  functions: readonly (readonly [string, FuncType])[],
])[];

const LENGTH_BYTES = 4;
const HASH_BYTES = 64;

/** The file of `prepared` for the cache. */
export async function fileOf(
  prepared: Prepared,
): Promise<readonly [name: string, bytes: Uint8Array]> {
  const { sizeBytes, world, cores, keepsHandles, claims } = prepared;
  const encoder = new TextEncoder();
  const glue = encoder.encode(prepared.glue);
  const manifest: Manifest = {
    sizeBytes,
    imports: plainOf(world.imports),
    exports: plainOf(world.exports),
    keepsHandles,
    claims,
    glueBytes: glue.length,
    cores: [...cores].map(([name, { length }]) => [name, length]),
  };
  const head = encoder.encode(JSON.stringify(manifest));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, head.length);
  const content = concatBytes([length, head, glue, ...cores.values()]);
  const hash = encoder.encode(await sha256(content));
  return [fileName(prepared), concatBytes([hash, content])];
}

/** `undefined` unless it is there, and is byte for byte what {@link fileOf} made; damage is logged. */
export async function readPrepared(
  cache: ImageCache,
  digest: Digest,
  form: GlueForm,
  log: Log,
): Promise<Prepared | undefined> {
  try {
    const file = await cache.read(digest, fileName(form));
    if (file === undefined) return undefined;
    const content = file.subarray(HASH_BYTES);
    const told = new TextDecoder().decode(file.subarray(0, HASH_BYTES));
    const actual = await sha256(content);
    if (told !== actual) throw new Error(`its SHA-256 is ${actual} instead of ${told}`);
    const { glueMode, files } = form;
    return { digest, glueMode, files, ...partsOf(content) };
  } catch (thrown) {
    log.warn("cache.damaged", { digest, file: fileName(form), error: messageOf(thrown) });
    return undefined;
  }
}

function partsOf(content: Uint8Array<ArrayBuffer>): Omit<Prepared, "digest" | keyof GlueForm> {
  const decoder = new TextDecoder();
  let at = 0;
  const take = (length: number): Uint8Array => content.subarray(at, (at += length));
  const { buffer, byteOffset } = take(LENGTH_BYTES);
  const head = take(new DataView(buffer, byteOffset, LENGTH_BYTES).getUint32(0));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fileOf wrote it, under the same engine
  const manifest = JSON.parse(decoder.decode(head)) as Manifest;
  const { sizeBytes, keepsHandles, claims } = manifest;
  const glue = decoder.decode(take(manifest.glueBytes));
  const cores = new Map(manifest.cores.map(([name, bytes]) => [name, take(bytes)]));
  if (at !== content.length) throw new Error(`it has ${content.length} bytes instead of ${at}`);
  const world = { imports: mapsOf(manifest.imports), exports: mapsOf(manifest.exports) };
  return { sizeBytes, world, glue, cores, keepsHandles, claims };
}

function fileName({ glueMode, files }: GlueForm): string {
  return `${ENGINE}/${glueMode}${files ? "-files" : ""}`;
}

function plainOf(interfaces: World["imports"]): PlainInterfaces {
  return [...interfaces].map(([name, functions]) => [name, [...functions]]);
}

function mapsOf(plain: PlainInterfaces): World["imports"] {
  return new Map(plain.map(([name, functions]) => [name, new Map(functions)]));
}
