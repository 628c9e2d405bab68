/**
 * The memory section of core modules, rewritten so that a guest cannot grow beyond what it is allowed.
 *
 * Engines have no limit of their own short of 4 GiB; a maximum in the module makes `memory.grow` answer -1.
 * Layout: WebAssembly/spec, "Binary Format", "Memory Types" and "Memory Section".
 */
import { LatticeError } from "../core/error.ts";
import { ComponentReader, hex } from "./component-reader.ts";

const PAGE_BYTES = 65_536;

/** Pages that 32 bits can address; a module may not declare more. */
const MAX_PAGES = 65_536;

const MEMORY_SECTION = 5;

/** Flags of limits; further ones are 64-bit addresses (04) and pages of another size (08). */
const HAS_MAXIMUM = 0x01;
const SHARED = 0x02;

/** A memory that a module defines, as its section has it. */
interface Memory {
  readonly minimum: number;
  readonly maximum: number | undefined;
  readonly shared: boolean;
}

/** Where a module defines its memories. */
interface MemorySection {
  /** From the section's id to the end of its content. */
  readonly start: number;
  readonly end: number;
  readonly memories: readonly Memory[];
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
  const sections = modules.map(memorySection);
  let count = 0;
  let needed = 0;
  for (const [i, section] of sections.entries()) {
    for (const { minimum } of section?.memories ?? []) {
      count += times[i] ?? 1;
      needed += minimum * PAGE_BYTES * (times[i] ?? 1);
    }
  }
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

function withLimits(module: Uint8Array, section: MemorySection, share: number): Uint8Array {
  const limited = section.memories.map((memory) => {
    const maximum = Math.min(memory.maximum ?? MAX_PAGES, memory.minimum + share);
    return { ...memory, maximum };
  });
  if (limited.every(({ maximum }, i) => maximum === section.memories[i]?.maximum)) return module;
  const content = [...leb128(limited.length), ...limited.flatMap(limits)];
  const replaced = Uint8Array.of(MEMORY_SECTION, ...leb128(content.length), ...content);
  const behind = module.subarray(section.end);
  const result = new Uint8Array(section.start + replaced.length + behind.length);
  result.set(module.subarray(0, section.start));
  result.set(replaced, section.start);
  result.set(behind, section.start + replaced.length);
  return result;
}

function limits({ minimum, maximum, shared }: Memory & { readonly maximum: number }): number[] {
  const flags = HAS_MAXIMUM | (shared ? SHARED : 0);
  return [flags, ...leb128(minimum), ...leb128(maximum)];
}

function memorySection(module: Uint8Array): MemorySection | undefined {
  const reader = new ComponentReader(module);
  if (reader.preamble() === "component") reader.fail("a component stands where a core module must");
  while (!reader.done) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.within(reader.u32());
    if (id !== MEMORY_SECTION) continue;
    const memories = content.list(() => readMemory(content));
    if (!content.done) reader.fail(`the memory section at byte ${start} has bytes left over`);
    return { start, end: content.end, memories };
  }
  return undefined;
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

/** A whole number as modules write it. */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
