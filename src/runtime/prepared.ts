/** A component that is ready to be instantiated, and its form in the image cache. */
import type { GlueMode } from "../channels/transpile.ts";
import type { Digest } from "../core/ids.ts";
import type { ImageCache } from "../core/image-cache.ts";
import type { FuncType, World } from "../core/wit.ts";

export interface Prepared {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly world: World;
  readonly glueMode: GlueMode;
  readonly glue: string;
  readonly cores: ReadonlyMap<string, Uint8Array>;
}

/** The original bytes, under the component's digest. */
export const COMPONENT_FILE = "component.wasm";

/**
 * What made the glue: a new release of jco, or other options for it, must not meet old files. Raise the last number
 * when the transpile worker or {@link Manifest} changes.
 */
const ENGINE = "jco-1.35.0-2";

interface Manifest {
  readonly sizeBytes: number;
  readonly imports: PlainInterfaces;
  readonly exports: PlainInterfaces;
  readonly cores: readonly string[];
}

/** Maps as JSON has them. */
type PlainInterfaces = readonly (readonly [
  name: string,
  functions: readonly (readonly [string, FuncType])[],
])[];

/** The files of `prepared` for the cache. */
export function filesOf(prepared: Prepared): ReadonlyMap<string, Uint8Array> {
  const { sizeBytes, world, glueMode, glue, cores } = prepared;
  const manifest: Manifest = {
    sizeBytes,
    imports: plainOf(world.imports),
    exports: plainOf(world.exports),
    cores: [...cores.keys()],
  };
  const encoder = new TextEncoder();
  return new Map<string, Uint8Array>([
    [fileName(glueMode, "manifest.json"), encoder.encode(JSON.stringify(manifest))],
    [fileName(glueMode, "glue.js"), encoder.encode(glue)],
    ...[...cores].map(([name, bytes]) => [fileName(glueMode, name), bytes] as const),
  ]);
}

/** `undefined` unless all files are there. Rejects if they are not what {@link filesOf} made. */
export async function readPrepared(
  cache: ImageCache,
  digest: Digest,
  glueMode: GlueMode,
): Promise<Prepared | undefined> {
  const read = (name: string): Promise<Uint8Array<ArrayBuffer> | undefined> =>
    cache.read(digest, fileName(glueMode, name));
  const [head, glue] = await Promise.all([read("manifest.json"), read("glue.js")]);
  if (head === undefined || glue === undefined) return undefined;
  const decoder = new TextDecoder();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- filesOf wrote it, under the same engine
  const manifest = JSON.parse(decoder.decode(head)) as Manifest;
  const cores = new Map<string, Uint8Array>();
  const bodies = await Promise.all(manifest.cores.map(read));
  for (const [index, name] of manifest.cores.entries()) {
    const body = bodies[index];
    if (body === undefined) return undefined;
    cores.set(name, body);
  }
  const world = { imports: mapsOf(manifest.imports), exports: mapsOf(manifest.exports) };
  const { sizeBytes } = manifest;
  return { digest, sizeBytes, world, glueMode, glue: decoder.decode(glue), cores };
}

function fileName(mode: GlueMode, name: string): string {
  return `${ENGINE}/${mode}/${name}`;
}

function plainOf(interfaces: World["imports"]): PlainInterfaces {
  return [...interfaces].map(([name, functions]) => [name, [...functions]]);
}

function mapsOf(plain: PlainInterfaces): World["imports"] {
  return new Map(plain.map(([name, functions]) => [name, new Map(functions)]));
}
