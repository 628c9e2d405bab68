/**
 * From a reference or bytes to a prepared component: cache, network, digest, types, transpiler, in the order that
 * spares the most.
 *
 * A pinned reference that is in the cache needs neither network nor transpiler. An unpinned one is asked for again each
 * time; its last copy serves only when the network fails. `ImageSource.pull` may want it otherwise.
 */
import type { Bridge } from "../core/node-state.ts";
import type { Digest } from "../core/ids.ts";
import type { ImageSource } from "../core/workload.ts";
import type { LoadOptions } from "../core/runtime.ts";
import type { World } from "../core/wit.ts";
import type { LocateParts } from "./locate.ts";
import type { Prepared } from "./prepared.ts";
import type { Transpiler } from "./transpiler.ts";

import { LatticeError } from "../core/error.ts";
import { componentWorld } from "../wire/component-types.ts";
import { readClaims } from "./claims.ts";
import { exportPatterns, glueModeOf, waitingImports, waitModeOf } from "./bridge.ts";
import { unfitFunctions, unmetImports, versionedImports } from "./imports.ts";
import { locate, pinOf } from "./locate.ts";
import { COMPONENT_FILE, fileOf, readPrepared } from "./prepared.ts";

export interface LoadParts extends LocateParts {
  readonly bridge: Bridge;
  readonly transpiler: Transpiler;
  /** Whether waPC modules are taken besides components. */
  readonly modules?: boolean;
}

export async function load(
  source: ImageSource,
  options: LoadOptions,
  parts: LoadParts,
): Promise<Prepared> {
  const { signal } = options;
  signal.throwIfAborted();
  options.onProgress?.({ stage: "resolve" });
  // Of a pinned component, what was made of it is all that is needed: its own bytes stay where they are.
  const pin = "bytes" in source ? undefined : await pinOf(source, parts.cache);
  const pinned = pin === undefined ? undefined : await fromCache(pin, parts);
  if (pinned !== undefined) return pinned;
  const located = await locate(source, options, parts);
  signal.throwIfAborted();
  const kept = pin === undefined ? await fromCache(located.digest, parts) : undefined;
  if (kept !== undefined) return kept;
  signal.throwIfAborted();
  const bytes = located.bytes ?? (await parts.cache?.read(located.digest, COMPONENT_FILE));
  if (bytes === undefined) {
    throw new LatticeError("image-unavailable", `${source.reference} is no longer in the cache`);
  }
  return prepare(bytes, located.digest, options, parts);
}

/** Both forms of glue may be kept; which one is needed only the world tells, which is in both. */
async function fromCache(digest: Digest, parts: LoadParts): Promise<Prepared | undefined> {
  const { cache, bridge, log } = parts;
  if (cache === undefined) return undefined;
  for (const mode of ["sync", "jspi"] as const) {
    const kept = await readPrepared(cache, digest, mode, log);
    if (kept === undefined) continue;
    refuseUnmet(kept.world);
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
  const claims = await readClaims(bytes);
  if (parts.modules === true) {
    const { isModule, prepareModule } = await import("./wapc/module.ts");
    if (isModule(bytes)) {
      return prepareModule(new Uint8Array(bytes), digest, claims, parts.bridge);
    }
  }
  const world = componentWorld(bytes);
  refuseUnmet(world);
  const [unfit] = unfitFunctions(world);
  if (unfit !== undefined) throw new LatticeError("unsupported", unfit);
  const glueMode = glueModeOf(waitModeOf(world, parts.bridge));
  onProgress?.({ stage: "transpile" });
  const request = {
    bytes,
    mode: glueMode,
    asyncImports: waitingImports(world),
    asyncExports: exportPatterns(world),
    versioned: versionedImports(world),
  };
  const transpiled = await parts.transpiler.transpile(request, signal);
  const { length: sizeBytes } = bytes;
  const prepared: Prepared = { digest, sizeBytes, world, glueMode, claims, ...transpiled };
  const { cache } = parts;
  if (cache !== undefined) {
    parts.afterwards(
      fileOf(prepared).then((file) =>
        cache.write(digest, new Map([[COMPONENT_FILE, bytes], file])),
      ),
    );
  }
  return prepared;
}

function refuseUnmet(world: World): void {
  const unmet = unmetImports(world);
  if (unmet.length === 0) return;
  throw new LatticeError(
    "import-unmet",
    `the component imports ${unmet.join(", ")}, which this host does not offer`,
  );
}
