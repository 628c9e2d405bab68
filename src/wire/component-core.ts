/**
 * Those parts of a component that speak of core WebAssembly and have no length of their own: core types
 * inside of instance types, and canonical definitions. They are read in order to get past them.
 *
 * Codes and layout: WebAssembly/component-model, design/mvp/Binary.md, "Type Definitions" and "Canonical
 * Definitions"; WebAssembly/spec, "Binary Format", "Types".
 */
import { hex } from "./component-reader.ts";
import type { ComponentReader } from "./component-reader.ts";

/** Nesting of core types beyond which they are refused: a module type holds types, which hold no module type. */
const MAX_DEPTH = 4;

export function skipCoreType(reader: ComponentReader, depth = 0): void {
  const { at } = reader;
  if (depth > MAX_DEPTH) reader.fail(`core types are nested too deeply at byte ${at}`);
  const code = reader.byte();
  switch (code) {
    case 0x00: // marks a subtype, where 50 alone means a module type
      reader.byte();
      skipSubtype(reader);
      return;
    case 0x4e:
      reader.list(() => skipCoreType(reader, depth + 1));
      return;
    case 0x4f:
      skipSubtype(reader);
      return;
    case 0x50:
      reader.list(() => skipModuleDeclaration(reader, depth));
      return;
    default:
      skipComposite(reader, code);
  }
}

function skipSubtype(reader: ComponentReader): void {
  reader.list(() => reader.u32());
  skipComposite(reader, reader.byte());
}

function skipComposite(reader: ComponentReader, code: number): void {
  switch (code) {
    case 0x60:
      reader.list(() => skipCoreValueType(reader));
      reader.list(() => skipCoreValueType(reader));
      return;
    case 0x5f:
      reader.list(() => skipField(reader));
      return;
    case 0x5e:
      skipField(reader);
      return;
    default:
      reader.fail(`unknown core type ${hex(code)} before byte ${reader.at}`);
  }
}

function skipField(reader: ComponentReader): void {
  skipCoreValueType(reader);
  reader.byte(); // mutability
}

/** One byte, or a reference type with its heap type. */
export function skipCoreValueType(reader: ComponentReader): void {
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) reader.s33();
}

function skipModuleDeclaration(reader: ComponentReader, depth: number): void {
  const { at } = reader;
  const code = reader.byte();
  switch (code) {
    case 0:
      reader.name();
      reader.name();
      skipCoreExtern(reader);
      return;
    case 1:
      skipCoreType(reader, depth + 1);
      return;
    case 2: // an alias of an outer type: sort, form, count, index
      reader.byte();
      reader.byte();
      reader.u32();
      reader.u32();
      return;
    case 3:
      reader.name();
      skipCoreExtern(reader);
      return;
    default:
      reader.fail(`unknown declaration ${hex(code)} in a module type at byte ${at}`);
  }
}

/** The kind and type of a core import. */
export function skipCoreExtern(reader: ComponentReader): void {
  const { at } = reader;
  const code = reader.byte();
  switch (code) {
    case 0x00:
      reader.u32();
      return;
    case 0x01:
      skipCoreValueType(reader);
      skipLimits(reader);
      return;
    case 0x02:
      skipLimits(reader);
      return;
    case 0x03:
      skipField(reader);
      return;
    case 0x04:
      reader.byte();
      reader.u32();
      return;
    default:
      reader.fail(`unknown core import or export ${hex(code)} at byte ${at}`);
  }
}

function skipLimits(reader: ComponentReader): void {
  const flags = reader.byte();
  skipNumber(reader);
  if ((flags & 0x01) !== 0) skipNumber(reader);
  if ((flags & 0x08) !== 0) reader.u32();
}

/** A LEB128 of up to 64 bits. */
function skipNumber(reader: ComponentReader): void {
  const { at } = reader;
  for (let i = 0; i < 10; i++) if (reader.byte() < 0x80) return;
  reader.fail(`the number at byte ${at} runs past 64 bits`);
}

/** What stands after the code of a canonical definition. */
type Operand = "index" | "byte" | "options" | "result" | "coreType";

const INDEX_OPTIONS: readonly Operand[] = ["index", "options"];
const INDEX_BYTE: readonly Operand[] = ["index", "byte"];

/** Canonical definitions by code; `lift` and `lower` have a second byte of code, read as an operand. */
const CANONICALS: ReadonlyMap<number, readonly Operand[]> = new Map<number, readonly Operand[]>([
  [0x00, ["byte", "index", "options"]], // lift; the index of its type is left to the caller
  [0x01, ["byte", "index", "options"]], // lower
  [0x02, ["index"]], // resource.new
  [0x03, ["index"]], // resource.drop
  [0x04, ["index"]], // resource.rep
  [0x05, []], // task.cancel
  [0x06, ["byte"]], // subtask.cancel
  [0x07, ["index"]], // resource.drop async, before 0.3
  [0x08, []], // backpressure.set, before 0.3
  [0x09, ["result", "options"]], // task.return
  [0x0a, ["coreType", "index"]], // context.get
  [0x0b, ["coreType", "index"]], // context.set
  [0x0c, ["byte"]], // thread.yield
  [0x0d, []], // subtask.drop
  [0x0e, ["index"]], // stream.new
  [0x0f, INDEX_OPTIONS], // stream.read
  [0x10, INDEX_OPTIONS], // stream.write
  [0x11, INDEX_BYTE], // stream.cancel-read
  [0x12, INDEX_BYTE], // stream.cancel-write
  [0x13, ["index"]], // stream.drop-readable
  [0x14, ["index"]], // stream.drop-writable
  [0x15, ["index"]], // future.new
  [0x16, INDEX_OPTIONS], // future.read
  [0x17, INDEX_OPTIONS], // future.write
  [0x18, INDEX_BYTE], // future.cancel-read
  [0x19, INDEX_BYTE], // future.cancel-write
  [0x1a, ["index"]], // future.drop-readable
  [0x1b, ["index"]], // future.drop-writable
  [0x1c, ["options"]], // error-context.new
  [0x1d, ["options"]], // error-context.debug-message
  [0x1e, []], // error-context.drop
  [0x1f, []], // waitable-set.new
  [0x20, ["byte", "index"]], // waitable-set.wait
  [0x21, ["byte", "index"]], // waitable-set.poll
  [0x22, []], // waitable-set.drop
  [0x23, []], // waitable.join
  [0x24, []], // backpressure.inc
  [0x25, []], // backpressure.dec
  [0x26, []], // thread.index
  [0x27, ["index", "index"]], // thread.new-indirect
  [0x28, []], // thread.resume-later
  [0x29, ["byte"]], // thread.suspend
  [0x2a, ["byte"]], // thread.suspend-then-resume
  [0x2b, ["byte"]], // thread.yield-then-resume
  [0x2c, ["byte"]], // thread.suspend-then-promote
  [0x2d, ["byte"]], // thread.yield-then-promote
  [0x40, ["byte", "index"]], // thread.spawn-ref
  [0x41, ["byte", "index", "index"]], // thread.spawn-indirect
  [0x42, ["byte"]], // thread.available-parallelism
]);

/** Reads one canonical definition; for a `lift` it gives the index of the type of the function. */
export function readCanonical(
  reader: ComponentReader,
  skipValueType: () => void,
): number | undefined {
  const { at } = reader;
  const code = reader.byte();
  const operands = CANONICALS.get(code);
  if (operands === undefined) {
    return reader.fail(`unknown canonical definition ${hex(code)} at byte ${at}`);
  }
  for (const operand of operands) skipOperand(reader, operand, skipValueType);
  return code === 0x00 ? reader.u32() : undefined;
}

function skipOperand(reader: ComponentReader, operand: Operand, skipValueType: () => void): void {
  switch (operand) {
    case "index":
      reader.u32();
      return;
    case "byte":
      reader.byte();
      return;
    case "coreType":
      skipCoreValueType(reader);
      return;
    case "options":
      reader.list(() => skipOption(reader));
      return;
    case "result":
      if (reader.byte() === 0) skipValueType();
      else reader.byte();
  }
}

/** Options with an index: memory, realloc, post-return, callback, core-type. */
const INDEXED_OPTIONS: readonly number[] = [0x03, 0x04, 0x05, 0x07, 0x08];

function skipOption(reader: ComponentReader): void {
  const { at } = reader;
  const code = reader.byte();
  if (code > 0x09) reader.fail(`unknown canonical option ${hex(code)} at byte ${at}`);
  if (INDEXED_OPTIONS.includes(code)) reader.u32();
}
