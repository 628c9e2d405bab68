/**
 * Instances set back to how they were made, so that the next call finds nothing of the one before: memories and globals
 * by copy, and nothing else that could have changed. Making an instance anew costs ten times as much.
 *
 * It needs modules that show all of their state (`../wire/core-state.ts`).
 */
import { STATE } from "../wire/core-state.ts";

/** Core instances of one component instance, in the order in which they were made. */
export type CoreInstances = readonly {
  readonly module: WebAssembly.Module;
  readonly instance: WebAssembly.Instance;
}[];

/** Sets the instance back; false if that cannot be done any more. */
export type Rewind = () => boolean;

export interface Rewinder {
  /**
   * What sets `cores` back to their present state. All instances of a component begin alike, so that the state of the
   * first is kept for all; hand over none that has asked its host for anything while it was made.
   */
  watch(cores: CoreInstances): Rewind | undefined;
}

/** To copy more than this costs about as much as to instantiate. */
const MAX_BYTES = 16 * 1024 * 1024;

type Part =
  | { readonly kind: "memory"; readonly bytes: Uint8Array }
  | { readonly kind: "global"; readonly value: number | bigint };

export function createRewinder(): Rewinder {
  let first: readonly Part[] | "none" | undefined;
  return {
    watch(cores) {
      first ??= snapshotOf(cores) ?? "none";
      if (first === "none") return undefined;
      const parts = first;
      const state = cores.flatMap(({ instance }) => stateOf(instance));
      if (state.length !== parts.length) return undefined;
      return () => state.every((held, index) => restored(held, parts[index]));
    },
  };
}

/** `undefined` if there is state that cannot be seen, or too much of it. */
function snapshotOf(cores: CoreInstances): readonly Part[] | undefined {
  const shown = cores.every(
    ({ module }) => WebAssembly.Module.customSections(module, STATE).length > 0,
  );
  if (!shown) return undefined;
  const parts: Part[] = [];
  let bytes = 0;
  for (const held of cores.flatMap(({ instance }) => stateOf(instance))) {
    if (held instanceof WebAssembly.Memory) {
      bytes += held.buffer.byteLength;
      if (bytes > MAX_BYTES) return undefined;
      parts.push({ kind: "memory", bytes: new Uint8Array(held.buffer.slice(0)) });
      continue;
    }
    const value: unknown = held.value;
    // Which of the many NaNs it is would be lost.
    if ((typeof value !== "number" && typeof value !== "bigint") || Number.isNaN(value)) return;
    parts.push({ kind: "global", value });
  }
  return parts;
}

function stateOf({ exports }: WebAssembly.Instance): (WebAssembly.Memory | WebAssembly.Global)[] {
  const held: (WebAssembly.Memory | WebAssembly.Global)[] = [];
  for (const [name, value] of Object.entries(exports)) {
    if (!name.startsWith(STATE)) continue;
    if (value instanceof WebAssembly.Memory || value instanceof WebAssembly.Global)
      held.push(value);
  }
  return held;
}

function restored(held: WebAssembly.Memory | WebAssembly.Global, part: Part | undefined): boolean {
  if (held instanceof WebAssembly.Memory) {
    // Memories do not shrink.
    if (part?.kind !== "memory" || held.buffer.byteLength !== part.bytes.length) return false;
    new Uint8Array(held.buffer).set(part.bytes);
    return true;
  }
  if (part?.kind !== "global") return false;
  held.value = part.value;
  return true;
}
