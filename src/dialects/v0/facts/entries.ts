/**
 * Entries of one kind that the lattice keeps, as a view. Changing one costs the same however many there are: only
 * showing them copies them, once for all that changed since.
 */
import type { View } from "../../../core/view.ts";

import { LatticeError } from "../../../core/error.ts";
import { createSource } from "../../../core/view.ts";

export interface Entries<T> {
  /** As last shown, in the order in which they came. */
  readonly view: View<ReadonlyMap<string, T>>;
  /** @throws {LatticeError} `too-large` for one more than may be kept. */
  put(id: string, entry: T): void;
  remove(id: string): void;
  /** Shows what has changed; nothing if nothing has. */
  show(): void;
}

/** Keeps `most` entries; those beyond are refused. */
export function createEntries<T>(most: number): Entries<T> {
  const entries = new Map<string, T>();
  const view = createSource<ReadonlyMap<string, T>>(new Map());
  let changed = false;
  return {
    view,
    put(id, entry) {
      if (!entries.has(id) && entries.size >= most) {
        throw new LatticeError("too-large", `the lattice keeps more than ${most} entries`);
      }
      entries.set(id, entry);
      changed = true;
    },
    remove(id) {
      changed = entries.delete(id) || changed;
    },
    show() {
      if (!changed) return;
      changed = false;
      view.set(new Map(entries));
    },
  };
}
