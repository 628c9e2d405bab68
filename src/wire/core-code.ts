/**
 * A walk over the instructions of core modules, to see whether running them can change what nobody can set back: the
 * contents of tables, and segments that are dropped.
 *
 * It knows the instructions of WebAssembly 2.0 and tail calls. Whatever else it meets counts as a change: exceptions,
 * garbage-collected objects, atomics and what is yet to come. Encoding: WebAssembly/spec, "Binary Format",
 * "Instructions".
 */
import { ComponentReader } from "./component-reader.ts";

/** What follows an opcode. */
type Immediate = "none" | "index" | "two" | "block" | "table" | "types" | "memory" | "f32" | "f64";

/** True if no function of the code section `content` touches more than locals, globals and memories. */
export function leavesNoTrace(content: Uint8Array): boolean {
  const section = new ComponentReader(content);
  for (let left = section.u32(); left > 0; left--) {
    if (!isTraceless(section.within(section.u32()))) return false;
  }
  return true;
}

function isTraceless(body: ComponentReader): boolean {
  for (let left = body.u32(); left > 0; left--) {
    body.u32(); // how many locals
    if (!skipType(body)) return false;
  }
  while (!body.done) {
    if (!skipInstruction(body)) return false;
  }
  return true;
}

/** Passes over one instruction; false if it leaves a trace or is not known. */
export function skipInstruction(body: ComponentReader): boolean {
  const opcode = body.byte();
  if (opcode === PREFIX_MORE) return skipMore(body);
  if (opcode === PREFIX_VECTOR) return skipVector(body);
  const immediate = IMMEDIATES[opcode];
  if (immediate === undefined) return false;
  switch (immediate) {
    case "none":
      return true;
    case "index":
      body.u32();
      return true;
    case "two":
      body.u32();
      body.u32();
      return true;
    case "block":
    case "f32":
    case "f64":
      if (immediate === "block") skipLeb128(body);
      else body.skip(immediate === "f32" ? 4 : 8);
      return true;
    case "table":
      for (let left = body.u32(); left >= 0; left--) body.u32();
      return true;
    case "types":
      for (let left = body.u32(); left > 0; left--) if (!skipType(body)) return false;
      return true;
    case "memory":
      skipMemoryArgument(body);
      return true;
  }
}

const PREFIX_MORE = 0xfc;
const PREFIX_VECTOR = 0xfd;

const IMMEDIATES: readonly (Immediate | undefined)[] = immediates();

function immediates(): (Immediate | undefined)[] {
  const table: (Immediate | undefined)[] = [];
  const set = (immediate: Immediate, first: number, last = first): void => {
    for (let opcode = first; opcode <= last; opcode++) table[opcode] = immediate;
  };
  set("none", 0x00, 0x01); // unreachable, nop
  set("block", 0x02, 0x04); // block, loop, if
  set("none", 0x05); // else
  set("none", 0x0b); // end
  set("index", 0x0c, 0x0d); // br, br_if
  set("table", 0x0e); // br_table
  set("none", 0x0f); // return
  set("index", 0x10); // call
  set("two", 0x11); // call_indirect
  set("index", 0x12); // return_call
  set("two", 0x13); // return_call_indirect
  set("none", 0x1a, 0x1b); // drop, select
  set("types", 0x1c); // select with types
  set("index", 0x20, 0x25); // locals, globals, table.get; table.set (26) is not among them
  set("memory", 0x28, 0x3e); // loads and stores
  set("index", 0x3f, 0x40); // memory.size, memory.grow
  set("block", 0x41, 0x42); // i32.const, i64.const: signed numbers, as block types are
  set("f32", 0x43);
  set("f64", 0x44);
  set("none", 0x45, 0xc4); // comparisons, arithmetic, conversions
  set("block", 0xd0); // ref.null
  set("none", 0xd1); // ref.is_null
  set("index", 0xd2); // ref.func
  return table;
}

/** Conversions, and bulk instructions on memories and tables. */
function skipMore(body: ComponentReader): boolean {
  const opcode = body.u32();
  if (opcode <= 7) return true; // saturating conversions
  switch (opcode) {
    case 8: // memory.init
    case 10: // memory.copy
      body.u32();
      body.u32();
      return true;
    case 11: // memory.fill
    case 16: // table.size
      body.u32();
      return true;
    default:
      return false; // data.drop, elem.drop; init, copy, grow and fill of tables
  }
}

const LAST_VECTOR = 0x113; // the last of relaxed-simd

function skipVector(body: ComponentReader): boolean {
  const opcode = body.u32();
  if (opcode > LAST_VECTOR) return false;
  if (opcode <= 11 || opcode === 92 || opcode === 93) skipMemoryArgument(body);
  else if (opcode === 12 || opcode === 13) body.skip(16);
  else if (opcode >= 21 && opcode <= 34) body.byte();
  else if (opcode >= 84 && opcode <= 91) {
    skipMemoryArgument(body);
    body.byte();
  }
  return true;
}

/** With bit 6 of the alignment, the index of a memory follows. */
function skipMemoryArgument(body: ComponentReader): void {
  if ((body.u32() & 0x40) !== 0) body.u32();
  skipLeb128(body);
}

function skipLeb128(body: ComponentReader): void {
  while (body.byte() >= 0x80);
}

/** Numbers, vectors, and the two reference types of 2.0. */
function skipType(body: ComponentReader): boolean {
  const type = body.byte();
  return (type >= 0x7b && type <= 0x7f) || type === 0x70 || type === 0x6f;
}
