/**
 * Core modules whose whole state can be seen and set back from outside, so that an instance which has served a call can
 * be made as it was before: no guest can tell it from a fresh one.
 *
 * What an instance keeps is in its memories and mutable globals, and in tables and dropped segments if its code changes
 * those. A module that does the latter stays as it is; of all others, memories and globals become exports.
 * Layout: WebAssembly/spec, "Binary Format", "Modules".
 */
import { LatticeError } from "../core/error.ts";
import { ComponentReader } from "./component-reader.ts";
import { leavesNoTrace, skipInstruction } from "./core-code.ts";

/** Begins the names of the exports that were added; a custom section of this name says that all state is among them. */
export const STATE = "inlay state ";

const SECTION = {
  custom: 0,
  import: 2,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  code: 10,
  tag: 13,
} as const;
const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const;

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/** `module` with all of its state among its exports; `undefined` if it may keep some that cannot be. */
export function revealState(module: Uint8Array): Uint8Array | undefined {
  try {
    return withState(module);
  } catch (thrown) {
    // Damaged, or newer than this: what it is good for, the engine says.
    if (thrown instanceof LatticeError) return undefined;
    throw thrown;
  }
}

function withState(module: Uint8Array): Uint8Array | undefined {
  const sections = sectionsOf(module);
  const read = <T>(id: number, one: (reader: ComponentReader) => T): T[] | undefined => {
    const section = sections.find((each) => each.id === id);
    const reader = section && new ComponentReader(section.content);
    const items = reader?.list(() => one(reader));
    if (reader?.done === false) reader.fail(`section ${id} has bytes left over`);
    return items;
  };
  if (sections.some(({ id }) => id === SECTION.tag)) return undefined;
  const code = sections.find(({ id }) => id === SECTION.code);
  if (code !== undefined && !leavesNoTrace(code.content)) return undefined;
  const imported = read(SECTION.import, importKind) ?? [];
  const memories = read(SECTION.memory, skipLimits) ?? [];
  const globals = read(SECTION.global, readGlobal) ?? [];
  const names = read(SECTION.export, exportName) ?? [];
  if (imported.includes(undefined) || globals.includes(undefined)) return undefined;
  if (memories.includes("shared") || names.some((name) => name.startsWith(STATE))) return undefined;

  const count = (kind: number): number => imported.filter((each) => each === kind).length;
  const exports = [
    ...memories.map((_, i) => ({ kind: KIND.memory, index: count(KIND.memory) + i })),
    ...globals.flatMap((mutable, i) =>
      mutable === true ? [{ kind: KIND.global, index: count(KIND.global) + i }] : [],
    ),
  ];
  return assembled([
    ...withExports(sections, exports),
    { id: SECTION.custom, content: text(STATE) },
  ]);
}

function withExports(
  sections: readonly Section[],
  added: readonly { readonly kind: number; readonly index: number }[],
): readonly Section[] {
  const present = sections.find(({ id }) => id === SECTION.export);
  const before = new ComponentReader(present?.content ?? Uint8Array.of(0));
  const total = before.u32() + added.length;
  const entries = added.flatMap(({ kind, index }, i) => [
    ...text(`${STATE}${i}`),
    kind,
    ...leb128(index),
  ]);
  const rest = before.take(before.end - before.at);
  const section = {
    id: SECTION.export,
    content: joined([Uint8Array.from(leb128(total)), rest, Uint8Array.from(entries)]),
  };
  if (present !== undefined) return sections.map((each) => (each === present ? section : each));
  const behind = sections.findIndex(({ id }) => id >= SECTION.start && id !== SECTION.tag);
  const at = behind === -1 ? sections.length : behind;
  return [...sections.slice(0, at), section, ...sections.slice(at)];
}

/** The kind of an import; `undefined` for one that is not known. */
function importKind(reader: ComponentReader): number | undefined {
  reader.name();
  reader.name();
  const kind = reader.byte();
  switch (kind) {
    case KIND.function:
      reader.u32();
      return kind;
    case KIND.table:
      readValueType(reader);
      skipLimits(reader);
      return kind;
    case KIND.memory:
      skipLimits(reader);
      return kind;
    case KIND.global:
      readValueType(reader);
      readMutability(reader);
      return kind;
    default:
      return reader.fail(`import of unknown kind ${kind} at byte ${reader.at}`);
  }
}

function skipLimits(reader: ComponentReader): "shared" | "own" {
  const flags = reader.byte();
  if (flags > 0x03) reader.fail(`unknown limits ${flags} before byte ${reader.at}`);
  reader.u32();
  if ((flags & 0x01) !== 0) reader.u32();
  return (flags & 0x02) === 0 ? "own" : "shared";
}

/** Numbers, which JavaScript can read and write; vectors and references it cannot, or not exactly. */
const NUMBERS = [0x7f, 0x7e, 0x7d, 0x7c];
const END = 0x0b;

/** Types of one byte: numbers, vectors, `funcref`, `externref`. All others may go on after their first byte. */
const ONE_BYTE_TYPES = [...NUMBERS, 0x7b, 0x70, 0x6f];

function readValueType(reader: ComponentReader): number {
  const type = reader.byte();
  if (!ONE_BYTE_TYPES.includes(type)) reader.fail(`unknown type ${type} before byte ${reader.at}`);
  return type;
}

function readMutability(reader: ComponentReader): boolean {
  const flag = reader.byte();
  if (flag > 1) reader.fail(`unknown mutability ${flag} before byte ${reader.at}`);
  return flag === 1;
}

/** Whether a global may change; `undefined` for one whose value cannot be kept. */
function readGlobal(reader: ComponentReader): boolean | undefined {
  const type = readValueType(reader);
  const mutable = readMutability(reader);
  while (reader.peek() !== END) {
    if (!skipInstruction(reader)) reader.fail(`unknown initial value at byte ${reader.at}`);
  }
  reader.byte();
  return mutable && !NUMBERS.includes(type) ? undefined : mutable;
}

function exportName(reader: ComponentReader): string {
  const name = reader.name();
  reader.byte();
  reader.u32();
  return name;
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
  return joined([
    PREAMBLE,
    ...sections.flatMap(({ id, content }) => [
      Uint8Array.from([id, ...leb128(content.length)]),
      content,
    ]),
  ]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return Uint8Array.from([...leb128(bytes.length), ...bytes]);
}

function leb128(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(Math.floor(value / 0x80))];
}
