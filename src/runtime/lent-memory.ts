/**
 * Core modules whose memory is lent to them instead of made by them, so that it can serve one instance after another.
 *
 * Engines reserve some 8 GiB of addresses for each memory and give them back only when garbage is collected: with an
 * instance per call that means a full collection every hundred calls. Layout: WebAssembly/spec, "Binary Format",
 * "Import Section" and "Memory Section".
 */
import type { LentMemory } from "../channels/component.ts";
import type { World } from "../core/wit.ts";

import { ComponentReader } from "../wire/component-reader.ts";

export interface Borrower {
  readonly module: Uint8Array;
  /** Absent if the module keeps its own memory, or has none. */
  readonly memory: LentMemory | undefined;
}

/** The import under which the memory comes; no module of a component has one of that name. */
const MODULE = "inlay lends";
const FIELD = "memory";

/** Larger memories take longer to wipe than to make. */
const MAX_PAGES = 32;

const TYPES = 1;
const IMPORTS = 2;
const MEMORIES = 5;
const CUSTOM = 0;
const MEMORY_IMPORT = 0x02;
/** Limits with a maximum, not shared, 32 bits. */
const PLAIN_LIMITS = 0x01;

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/**
 * True if nothing of an instance can touch its memory once its call has ended: no exported resources, whose
 * destructors run when the host collects their handles, and no functions that go on after they gave their result.
 */
export function mayBorrow(world: World): boolean {
  for (const functions of world.exports.values()) {
    for (const [name, type] of functions) {
      if (type.async === true || name.startsWith("[")) return false;
      if (/"kind":"(?:own|borrow|stream|future)"/.test(JSON.stringify(type))) return false;
    }
  }
  return true;
}

/** `module` with its memory among the imports, if it makes exactly one, small and with a maximum. */
export function borrowing(module: Uint8Array): Borrower {
  const own = { module, memory: undefined };
  const sections = sectionsOf(module);
  const defined = sections.find(({ id }) => id === MEMORIES);
  if (defined === undefined) return own;
  const reader = new ComponentReader(defined.content);
  if (reader.u32() !== 1 || reader.byte() !== PLAIN_LIMITS) return own;
  const memory: LentMemory = {
    module: MODULE,
    field: FIELD,
    initialPages: reader.u32(),
    maximumPages: reader.u32(),
  };
  if (memory.initialPages > MAX_PAGES) return own;
  return { module: rewritten(sections, defined), memory };
}

/** Imported memories come before defined ones, so that the moved one keeps its index at the end of the imports. */
function rewritten(sections: readonly Section[], defined: Section): Uint8Array {
  const imports = sections.find(({ id }) => id === IMPORTS);
  const before = new ComponentReader(imports?.content ?? Uint8Array.of(0));
  const count = before.u32();
  const added = [...text(MODULE), ...text(FIELD), MEMORY_IMPORT, ...defined.content.subarray(1)];
  const rest = before.bytes.subarray(before.at);
  const content = Uint8Array.from([...leb128(count + 1), ...rest, ...added]);
  const others = sections.filter((section) => section !== imports && section !== defined);
  const behind = others.findIndex(({ id }) => id !== CUSTOM && id !== TYPES);
  const at = behind === -1 ? others.length : behind;
  const parts = [...others.slice(0, at), { id: IMPORTS, content }, ...others.slice(at)];
  return assembled(parts);
}

function sectionsOf(module: Uint8Array): readonly Section[] {
  const reader = new ComponentReader(module);
  reader.preamble();
  const sections: Section[] = [];
  while (!reader.done) sections.push({ id: reader.byte(), content: reader.take(reader.u32()) });
  return sections;
}

const PREAMBLE = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

function assembled(sections: readonly Section[]): Uint8Array {
  const parts: Uint8Array[] = [PREAMBLE];
  for (const { id, content } of sections) {
    parts.push(Uint8Array.from([id, ...leb128(content.length)]), content);
  }
  const module = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    module.set(part, at);
    at += part.length;
  }
  return module;
}

function text(value: string): readonly number[] {
  const bytes = new TextEncoder().encode(value);
  return [...leb128(bytes.length), ...bytes];
}

function leb128(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(Math.floor(value / 0x80))];
}
