/**
 * The table section of core modules, rewritten so that a guest cannot grow its tables beyond what it is allowed: they lie
 * outside of its linear memory, and engines let a table grow to 10 million elements.
 *
 * Layout: WebAssembly/spec, "Binary Format", "Table Types" and "Table Section".
 */
import type { ComponentReader } from "./component-reader.ts";
import type { Growing, LimitsSection } from "./core-limits.ts";

import { LatticeError } from "../core/error.ts";
import { hex } from "./component-reader.ts";
import { skipInstruction } from "./core-code.ts";
import { leb128, readSection, replaceSection, tally } from "./core-limits.ts";

/** Elements of all tables of an instance together; toolchains make tables of some thousands of functions. */
const MOST_ELEMENTS = 1_000_000;

const TABLES = { id: 4, name: "table" };
const HAS_MAXIMUM = 0x01;
/** Begins a table with an initial value. */
const WITH_VALUE = 0x40;
/** References to a type that is named behind, nullable and not. */
const TO_TYPE = [0x63, 0x64];
const END = 0x0b;

interface Table extends Growing {
  /** What stands before its limits and behind them. */
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
}

/**
 * The core modules of one component with maxima on their tables, which together stay within {@link MOST_ELEMENTS}: each
 * may grow by an equal share of what all minima leave, and `table.grow` answers -1 beyond. A lower maximum of its own stays.
 * `times` as for memories.
 *
 * @throws {LatticeError} `bad-image` when the minima are too many or a module is damaged; `unsupported` for tables with
 * 64-bit indices.
 */
export function limitTables(
  modules: readonly Uint8Array[],
  times: readonly number[] = [],
): Uint8Array[] {
  const sections = modules.map((module) =>
    readSection(module, TABLES, (reader) => readTable(reader, module)),
  );
  const { count, minima: needed } = tally(sections, times);
  if (needed > MOST_ELEMENTS) {
    throw new LatticeError(
      "bad-image",
      `the component needs tables of ${needed} elements to start, and is allowed ${MOST_ELEMENTS}`,
    );
  }
  const share = Math.floor((MOST_ELEMENTS - needed) / Math.max(1, count));
  return modules.map((module, i) => {
    const section = sections[i];
    return section === undefined ? module : withLimits(module, section, share);
  });
}

function withLimits(module: Uint8Array, section: LimitsSection<Table>, share: number): Uint8Array {
  const bounded = ({ minimum, maximum }: Table): number =>
    Math.min(maximum ?? Infinity, minimum + share);
  if (section.entries.every((table) => bounded(table) === table.maximum)) return module;
  const entries = section.entries.map((table) => [
    ...table.before,
    HAS_MAXIMUM,
    ...leb128(table.minimum),
    ...leb128(bounded(table)),
    ...table.behind,
  ]);
  return replaceSection(module, section, TABLES.id, entries);
}

function readTable(reader: ComponentReader, module: Uint8Array): Table {
  const start = reader.at;
  const valued = reader.peek() === WITH_VALUE;
  if (valued) {
    reader.byte();
    reader.byte();
  }
  if (TO_TYPE.includes(reader.byte())) {
    while (reader.byte() >= 0x80); // a number that goes on
  }
  const limits = reader.at;
  const flags = reader.byte();
  if ((flags & 0x04) !== 0) {
    throw new LatticeError("unsupported", `the table at byte ${start} has 64-bit indices`);
  }
  if (flags > HAS_MAXIMUM)
    reader.fail(`unknown limits ${hex(flags)} of the table at byte ${start}`);
  const minimum = reader.u32();
  const maximum = flags === HAS_MAXIMUM ? reader.u32() : undefined;
  const behind = reader.at;
  if (valued) {
    while (reader.peek() !== END) {
      if (!skipInstruction(reader)) reader.fail(`unknown initial value at byte ${reader.at}`);
    }
    reader.byte();
  }
  return {
    before: module.subarray(start, limits),
    behind: module.subarray(behind, reader.at),
    minimum,
    maximum,
  };
}
