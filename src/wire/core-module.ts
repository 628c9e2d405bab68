/**
 * The memory section of core modules, rewritten so that a guest cannot grow beyond what it is allowed.
 *
 * Engines have no limit of their own short of 4 GiB; a maximum in the module makes `memory.grow` answer -1.
 * Layout: WebAssembly/spec, "Binary Format", "Memory Types" and "Memory Section".
 */
import type { ComponentReader } from "./component-reader.ts";
import type { Growing, LimitsSection } from "./core-limits.ts";

import { LatticeError } from "../core/error.ts";
import { hex } from "./component-reader.ts";
import { leb128, readSection, replaceSection, tally } from "./core-limits.ts";

const PAGE_BYTES = 65_536;

/** Pages that 32 bits can address; a module may not declare more. */
const MAX_PAGES = 65_536;

const MEMORIES = { id: 5, name: "memory" };

/** Flags of limits; further ones are 64-bit addresses (04) and pages of another size (08). */
const HAS_MAXIMUM = 0x01;
const SHARED = 0x02;

/** A memory that a module defines, as its section has it; in pages. */
interface Memory extends Growing {
  readonly shared: boolean;
}

/**
 * The core modules of one component with maxima on their memories, which together stay within `maxBytes`.
 *
 * Each memory may grow to its minimum plus an equal share of what all minima leave; a lower maximum of its
 * own stays. Modules that need no change come back as the same object. `times` says how often each module is
 * instantiated, with memories of its own each time; once where nothing is said.
 *
 * @throws {LatticeError} `bad-image` when the minima exceed `maxBytes` or a module is damaged; `unsupported`
 * for memories with 64-bit addresses or pages of another size.
 */
export function limitMemories(
  modules: readonly Uint8Array[],
  maxBytes: number,
  times: readonly number[] = [],
): Uint8Array[] {
  const sections = modules.map((module) => readSection(module, MEMORIES, readMemory));
  const { count, minima } = tally(sections, times);
  const needed = minima * PAGE_BYTES;
  if (needed > maxBytes) {
    throw new LatticeError(
      "bad-image",
      `the component needs ${needed} bytes of memory to start, and is allowed ${maxBytes}`,
    );
  }
  const share = Math.floor((maxBytes - needed) / count / PAGE_BYTES);
  return modules.map((module, i) => {
    const section = sections[i];
    return section === undefined ? module : withLimits(module, section, share);
  });
}

function withLimits(module: Uint8Array, section: LimitsSection<Memory>, share: number): Uint8Array {
  const limited = section.entries.map((memory) => {
    const maximum = Math.min(memory.maximum ?? MAX_PAGES, memory.minimum + share);
    return { ...memory, maximum };
  });
  if (limited.every(({ maximum }, i) => maximum === section.entries[i]?.maximum)) return module;
  return replaceSection(module, section, MEMORIES.id, limited.map(limits));
}

function limits({ minimum, maximum, shared }: Memory & { readonly maximum: number }): number[] {
  const flags = HAS_MAXIMUM | (shared ? SHARED : 0);
  return [flags, ...leb128(minimum), ...leb128(maximum)];
}

function readMemory(reader: ComponentReader): Memory {
  const { at } = reader;
  const flags = reader.byte();
  if ((flags & 0x04) !== 0) unsupported(at, "64-bit addresses");
  if ((flags & 0x08) !== 0) unsupported(at, "pages of its own size");
  if (flags > 0x03) reader.fail(`unknown limits ${hex(flags)} of the memory at byte ${at}`);
  const shared = (flags & SHARED) !== 0;
  const minimum = reader.u32();
  const maximum = (flags & HAS_MAXIMUM) === 0 ? undefined : reader.u32();
  if (shared && maximum === undefined) {
    reader.fail(`the memory at byte ${at} is shared and has no maximum`);
  }
  if (Math.max(minimum, maximum ?? 0) > MAX_PAGES || minimum > (maximum ?? MAX_PAGES)) {
    reader.fail(
      `the memory at byte ${at} wants ${minimum} to ${maximum ?? "any number of"} pages; there are ${MAX_PAGES}`,
    );
  }
  return { minimum, maximum, shared };
}

function unsupported(at: number, what: string): never {
  throw new LatticeError(
    "unsupported",
    `the memory at byte ${at} has ${what}, and only 32-bit memories run here`,
  );
}
