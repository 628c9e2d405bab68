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
import type { GlueForm, Prepared } from "./prepared.ts";
import type { Transpiler } from "./transpiler.ts";

import { LatticeError } from "../core/error.ts";
import { componentWorld } from "../wire/component-types.ts";
import { readClaims } from "./claims.ts";
import { exportPatterns, glueModeOf, waitingImports, waitModeOf } from "./bridge.ts";
import { unfitFunctions, unmetImports, versionedImports } from "./imports.ts";
import { locate, pinOf } from "./locate.ts";
import { COMPONENT_FILE, fileOf, readPrepared } from "./prepared.ts";
import { hasFiles } from "./wasi.ts";

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
  const pinned = pin === undefined ? undefined : await fromCache(pin, options, parts);
  if (pinned !== undefined) return pinned;
  const located = await locate(source, options, parts);
  signal.throwIfAborted();
  const kept = pin === undefined ? await fromCache(located.digest, options, parts) : undefined;
  if (kept !== undefined) return kept;
  signal.throwIfAborted();
  const bytes = located.bytes ?? (await parts.cache?.read(located.digest, COMPONENT_FILE));
  if (bytes === undefined) {
    throw new LatticeError("image-unavailable", `${source.reference} is no longer in the cache`);
  }
  return prepare(bytes, located.digest, options, parts);
}

/** All forms of glue may be kept; which one is needed only the world tells, which is in each. */
async function fromCache(
  digest: Digest,
  { mounts = false }: LoadOptions,
  parts: LoadParts,
): Promise<Prepared | undefined> {
  const { cache, bridge, log } = parts;
  if (cache === undefined) return undefined;
  for (const form of mounts ? FORMS_WITH_FILES : FORMS) {
    const kept = await readPrepared(cache, digest, form, log);
    if (kept === undefined) continue;
    refuseUnmet(kept.world);
    const files = mounts && hasFiles(kept.world);
    const wanted = glueModeOf(waitModeOf(kept.world, bridge, files));
    if (wanted !== form.glueMode || files !== form.files) continue;
    parts.afterwards(cache.touch(digest));
    return kept;
  }
  return undefined;
}

const FORMS: readonly GlueForm[] = [
  { glueMode: "sync", files: false },
  { glueMode: "jspi", files: false },
];

const FORMS_WITH_FILES: readonly GlueForm[] = [
  { glueMode: "jspi", files: true },
  { glueMode: "sync", files: true },
  ...FORMS,
];

async function prepare(
  bytes: Uint8Array,
  digest: Digest,
  { signal, onProgress, mounts = false }: LoadOptions,
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
  const files = mounts && hasFiles(world);
  const glueMode = glueModeOf(waitModeOf(world, parts.bridge, files));
  onProgress?.({ stage: "transpile" });
  const request = {
    bytes,
    mode: glueMode,
    asyncImports: waitingImports(world, files),
    asyncExports: exportPatterns(world),
    versioned: versionedImports(world),
  };
  const transpiled = await parts.transpiler.transpile(request, signal);
  const { length: sizeBytes } = bytes;
  const form = { glueMode, files };
  const prepared: Prepared = { digest, sizeBytes, world, ...form, claims, ...transpiled };
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
