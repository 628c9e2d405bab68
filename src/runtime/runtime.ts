/** The runtime: components from references or bytes, in workers of their own. */
import type { Spawn } from "../channels/spawn.ts";
import type { Clock } from "../core/clock.ts";
import type { Bridge } from "../core/node-state.ts";
import type { ImageCache } from "../core/image-cache.ts";
import type { ImageOptions } from "../core/node-options.ts";
import type { Log } from "../core/log.ts";
import type { Release } from "../core/memory.ts";
import type { RegistryCredentialsSource } from "../core/registry.ts";
import type { Runtime } from "../core/runtime.ts";
import type { OpenSharedStore } from "./shared-images.ts";
import type { Adaptation } from "./adapted.ts";
import type { VolumeLimits } from "./files/volumes.ts";

import { createAdaptations } from "./adapted.ts";
import { spawn as spawnHere } from "../channels/spawn.ts";
import { LatticeError, messageOf } from "../core/error.ts";
import { later } from "../core/later.ts";
import { checkTimes } from "./claims.ts";
import { createComponent } from "./component.ts";
import { lenient } from "./lenient-cache.ts";
import { readImageProxy } from "./image-proxy.ts";
import { load } from "./load.ts";
import { forward } from "./progress.ts";
import { createSharedImages } from "./shared-images.ts";
import { createTranspiler } from "./transpiler.ts";
import { createWorkerSupply } from "./worker-supply.ts";

export interface RuntimeOptions {
  readonly clock: Clock;
  /** For what streams take; default: left to the engine. */
  readonly release?: Release;
  readonly log: Log;
  /** From `chooseBridge()`. */
  readonly bridge: Bridge;
  readonly images?: ImageOptions;
  /** What OCI registries are shown; default: nothing. */
  readonly registries?: RegistryCredentialsSource;
  /** The lattice's store of images; absent where there is none. `images.lattice` says what it is used for. */
  readonly openShared?: OpenSharedStore;
  /** Where components are kept between starts; nowhere when absent, or when `images` forbid it. */
  readonly cache?: ImageCache;
  /** Base address of the worker files, if not beside this one. */
  readonly workers?: string;
  /** Starts workers; default: here. */
  readonly spawn?: Spawn;
  /** Interfaces that are served in another form than components have them; default: {@link createAdaptations}. */
  readonly adaptations?: readonly Adaptation[];
  /** Take actors of 0.82: waPC modules, and components that are called as such; default false. */
  readonly modules?: boolean;
  /** How much volumes may hold; default `VOLUME_LIMITS`. */
  readonly volumes?: VolumeLimits;
  /** Keep a loaded worker ready for the next component; default true. */
  readonly spare?: boolean;
}

const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** What the end of a runtime waits for copies that are still being kept. */
const LAST_WRITES_MS = 2000;

/** @throws {LatticeError} `bad-input` for an image proxy that cannot be one. */
export function createRuntime(options: RuntimeOptions): Runtime {
  const { clock, log, bridge, images = {}, workers, spare = true, spawn = spawnHere } = options;
  const release = options.release ?? (() => undefined);
  const ended = new AbortController();
  const supply = createWorkerSupply(clock, { base: workers, spare, spawn });
  const transpiler = createTranspiler(clock, { base: workers, spawn });
  const kept = images.cache === false ? undefined : options.cache;
  const cache = kept && lenient(kept, log);
  const allowLatest = images.allowLatest ?? false;
  const registries = options.registries ?? (async () => new Map<string, never>());
  const maxBytes = images.maxBytes ?? MAX_IMAGE_BYTES;
  const { lattice = "read" } = images;
  const proxy = images.proxy === undefined ? undefined : readImageProxy(images.proxy);
  const shared =
    options.openShared === undefined || lattice === "off"
      ? undefined
      : createSharedImages({
          open: options.openShared,
          shares: lattice === "share",
          log,
          signal: ended.signal,
        });
  const adaptations =
    options.adaptations ?? createAdaptations({ actors: options.modules ?? false });
  const volumes = later(clock, "volumes", async () => {
    const { createVolumes } = await import("./files/volumes.ts");
    return createVolumes(() => clock.now(), options.volumes);
  });
  const unfinished = new Set<Promise<void>>();
  const afterwards = (work: Promise<unknown>): void => {
    const ending = work
      .then(() => undefined)
      .catch((cause: unknown) => log.warn("cache.failed", { error: messageOf(cause) }))
      .finally(() => unfinished.delete(ending));
    unfinished.add(ending);
  };
  return {
    async openVolume(name, signal) {
      return (await volumes(AbortSignal.any([signal, ended.signal]))).open(name);
    },
    async load(image, { signal, onProgress: tell, mounts = false }) {
      const onProgress = tell && forward(tell);
      const either = AbortSignal.any([signal, ended.signal]);
      const progress = onProgress === undefined ? {} : { onProgress };
      const prepared = await load(
        image,
        { signal: either, mounts, ...progress },
        {
          bridge,
          clock,
          maxBytes,
          allowLatest,
          registries,
          proxy,
          cache,
          shared,
          transpiler,
          modules: options.modules ?? false,
          log,
          afterwards,
        },
      );
      if (prepared.claims !== undefined) checkTimes(prepared.claims, clock.now());
      onProgress?.({ stage: "compile" });
      const name = image.reference;
      const parts = {
        name,
        bridge,
        supply,
        adaptations,
        clock,
        log,
        release,
        signal: ended.signal,
      };
      return createComponent(prepared, parts);
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new LatticeError("closed", "the runtime has ended"));
      supply.end();
      transpiler.end();
      // Another tab may hold the cache: what is not kept by then is fetched again one day.
      await Promise.race([Promise.all(unfinished), elapsed(clock, LAST_WRITES_MS)]);
    },
  };
}

function elapsed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
