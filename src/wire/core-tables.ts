/**
 * The table section of core modules, rewritten so that a guest cannot grow its tables beyond what it is allowed: they lie
 * outside of its linear memory, and engines let a table grow to 10 million elements.
 *
 * Layout: WebAssembly/spec, "Binary Format", "Table Types" and "Table Section".
 */
import { LatticeError } from "../core/error.ts";
import { ComponentReader, hex } from "./component-reader.ts";
import { skipInstruction } from "./core-code.ts";
import { leb128 } from "./core-module.ts";

/** Elements of all tables of an instance together; toolchains make tables of some thousands of functions. */
const MOST_ELEMENTS = 1_000_000;

const TABLE_SECTION = 4;
const HAS_MAXIMUM = 0x01;
/** Begins a table with an initial value. */
const WITH_VALUE = 0x40;
/** References to a type that is named behind, nullable and not. */
const TO_TYPE = [0x63, 0x64];
const END = 0x0b;

interface Table {
  /** What stands before its limits and behind them. */
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
  readonly minimum: number;
  readonly maximum: number | undefined;
}

interface TableSection {
  /** From the section's id to the end of its content. */
  readonly start: number;
  readonly end: number;
  readonly tables: readonly Table[];
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
  const sections = modules.map(tableSection);
  let count = 0;
  let needed = 0;
  for (const [i, section] of sections.entries()) {
    for (const { minimum } of section?.tables ?? []) {
      count += times[i] ?? 1;
      needed += minimum * (times[i] ?? 1);
    }
  }
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

function withLimits(module: Uint8Array, section: TableSection, share: number): Uint8Array {
  const bounded = ({ minimum, maximum }: Table): number =>
    Math.min(maximum ?? Infinity, minimum + share);
  if (section.tables.every((table) => bounded(table) === table.maximum)) return module;
  const content = [
    ...leb128(section.tables.length),
    ...section.tables.flatMap((table) => [
      ...table.before,
      HAS_MAXIMUM,
      ...leb128(table.minimum),
      ...leb128(bounded(table)),
      ...table.behind,
    ]),
  ];
  const replaced = [TABLE_SECTION, ...leb128(content.length), ...content];
  const behind = module.subarray(section.end);
  const result = new Uint8Array(section.start + replaced.length + behind.length);
  result.set(module.subarray(0, section.start));
  result.set(replaced, section.start);
  result.set(behind, section.start + replaced.length);
  return result;
}

function tableSection(module: Uint8Array): TableSection | undefined {
  const reader = new ComponentReader(module);
  if (reader.preamble() === "component") reader.fail("a component stands where a core module must");
  while (!reader.done) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.within(reader.u32());
    if (id !== TABLE_SECTION) continue;
    const tables = content.list(() => readTable(content, module));
    if (!content.done) reader.fail(`the table section at byte ${start} has bytes left over`);
    return { start, end: content.end, tables };
  }
  return undefined;
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
