/** Memories that are lent to one instance after another, wiped in between. */
import type { LentMemory } from "../channels/component.ts";

export interface Memories {
  /** The imports of `module` with a memory, if it borrows one; `taken` hears of it. */
  importsOf(
    module: WebAssembly.Module,
    imports: WebAssembly.Imports | undefined,
    taken: (lent: Lent) => void,
  ): WebAssembly.Imports;
  /** Wipes what an instance had and keeps it, unless it has grown: memories do not shrink. */
  giveBack(lent: readonly Lent[]): void;
  /** What is kept for the next instances, in bytes. */
  spareBytes(): number;
}

/** A memory that an instance has. */
export interface Lent {
  readonly kind: LentMemory;
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65_536;

/** Keeps at most `spare` memories per module. */
export function createMemories(
  borrowers: ReadonlyMap<WebAssembly.Module, LentMemory>,
  spare: number,
): Memories {
  const free = new Map<LentMemory, WebAssembly.Memory[]>();
  return {
    spareBytes() {
      let bytes = 0;
      for (const kept of free.values()) for (const { buffer } of kept) bytes += buffer.byteLength;
      return bytes;
    },
    importsOf(module, imports = {}, taken) {
      const kind = borrowers.get(module);
      if (kind === undefined) return imports;
      const { initialPages: initial, maximumPages: maximum } = kind;
      const memory = free.get(kind)?.pop() ?? new WebAssembly.Memory({ initial, maximum });
      taken({ kind, memory });
      return { ...imports, [kind.module]: { [kind.field]: memory } };
    },
    giveBack(lent) {
      for (const { kind, memory } of lent) {
        if (memory.buffer.byteLength !== kind.initialPages * PAGE_BYTES) continue;
        const kept = free.get(kind) ?? [];
        free.set(kind, kept);
        if (kept.length >= spare) continue;
        new Uint8Array(memory.buffer).fill(0);
        kept.push(memory);
      }
    },
  };
}
