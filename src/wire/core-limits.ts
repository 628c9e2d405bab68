/**
 * Sections of core modules that say how far something may grow, memories or tables, rewritten with limits of this host.
 *
 * Layout: WebAssembly/spec, "Binary Format", "Limits".
 */
import { ComponentReader } from "./component-reader.ts";

/** What may grow from its minimum, to its maximum if it has one. */
export interface Growing {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

/** Where a module defines such things. */
export interface LimitsSection<T extends Growing> {
  /** From the section's id to the end of its content. */
  readonly start: number;
  readonly end: number;
  readonly entries: readonly T[];
}

/** The section with this `id`, which is called `name` in errors; `undefined` if the module has none. */
export function readSection<T extends Growing>(
  module: Uint8Array,
  { id, name }: { readonly id: number; readonly name: string },
  read: (reader: ComponentReader) => T,
): LimitsSection<T> | undefined {
  const reader = new ComponentReader(module);
  if (reader.preamble() === "component") reader.fail("a component stands where a core module must");
  while (!reader.done) {
    const start = reader.at;
    const met = reader.byte();
    const content = reader.within(reader.u32());
    if (met !== id) continue;
    const entries = content.list(() => read(content));
    if (!content.done) reader.fail(`the ${name} section at byte ${start} has bytes left over`);
    return { start, end: content.end, entries };
  }
  return undefined;
}

/** How many things `sections` define and their minima together, each module being instantiated so many `times`. */
export function tally(
  sections: readonly (LimitsSection<Growing> | undefined)[],
  times: readonly number[],
): { readonly count: number; readonly minima: number } {
  let count = 0;
  let minima = 0;
  for (const [index, section] of sections.entries()) {
    for (const { minimum } of section?.entries ?? []) {
      count += times[index] ?? 1;
      minima += minimum * (times[index] ?? 1);
    }
  }
  return { count, minima };
}

/** `module` with these entries in the place of the section, which keeps its `id`. */
export function replaceSection(
  module: Uint8Array,
  { start, end }: Pick<LimitsSection<Growing>, "start" | "end">,
  id: number,
  entries: readonly (readonly number[])[],
): Uint8Array {
  const content = [...leb128(entries.length), ...entries.flat()];
  const replaced = [id, ...leb128(content.length), ...content];
  const behind = module.subarray(end);
  const result = new Uint8Array(start + replaced.length + behind.length);
  result.set(module.subarray(0, start));
  result.set(replaced, start);
  result.set(behind, start + replaced.length);
  return result;
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
