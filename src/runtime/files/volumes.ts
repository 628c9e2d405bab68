/**
 * Volumes in memory, which several components share: each a tree of files with a bound of its own, and one over all volumes
 * of a host. They lie in the host worker, since workers of components share no memory unless the page is isolated.
 */
import type { Volume } from "../../core/runtime.ts";
import type { Amount, Meter } from "./meter.ts";
import type { Tree } from "./tree.ts";

import { createMeter } from "./meter.ts";
import { createTree } from "./tree.ts";

export interface VolumeLimits {
  readonly volume: Amount;
  /** Of all volumes of the host together. */
  readonly host: Amount;
}

const MEBIBYTE = 1024 * 1024;

/** A native `emptyDir` has what the machine's disk has; this is memory of a tab. */
export const VOLUME_LIMITS: VolumeLimits = {
  volume: { bytes: 64 * MEBIBYTE, entries: 16_384 },
  host: { bytes: 256 * MEBIBYTE, entries: 65_536 },
};

/** A class, for the runtime tells its own from others by it. */
export class MemoryVolume implements Volume {
  readonly name: string;
  readonly tree: Tree;
  readonly #meter: Meter;
  readonly #whole: Meter;
  #ended = false;

  constructor(name: string, tree: Tree, meter: Meter, whole: Meter) {
    this.name = name;
    this.tree = tree;
    this.#meter = meter;
    this.#whole = whole;
  }

  /** Nothing of it is there any more. */
  get ended(): boolean {
    return this.#ended;
  }

  get used(): Amount {
    return this.#meter.used;
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      const { bytes, entries } = this.#meter.used;
      this.#whole.take({ bytes: -bytes, entries: -entries });
      this.tree.root.entries.clear();
    }
    return Promise.resolve();
  }
}

export interface Volumes {
  /** An empty one. */
  open(name: string): MemoryVolume;
  /** Of all that were opened and have not ended. */
  readonly used: Amount;
}

/** `now` gives milliseconds since the epoch. */
export function createVolumes(now: () => number, limits: VolumeLimits = VOLUME_LIMITS): Volumes {
  const whole = createMeter(limits.host);
  let lastObject = 0;
  return {
    open(name) {
      const meter = createMeter(limits.volume, whole);
      const tree = createTree({ meter, now, nextObject: () => ++lastObject });
      return new MemoryVolume(name, tree, meter, whole);
    },
    get used() {
      return whole.used;
    },
  };
}
