/**
 * A bound for the handles that a guest may hold. jco 1.35 keeps them in arrays outside of the guest's linear memory, with
 * an object of this worker behind each one of an imported resource: pollables, streams, fields. Beyond the bound the guest
 * traps, and its instance ends with the call.
 */
import { LatticeError } from "../core/error.ts";

/** Of one resource at once, in one instance. */
export const MOST_HANDLES = 100_000;

/** `glue` with the bound; the very same text if it keeps no handles. */
export function withBoundedHandles(glue: string): string {
  if (!MAKES_HANDLES.test(glue)) return glue;
  const bounded = glue.replace(GROWS, (all) => `${all}${CHECK}`);
  if (bounded === glue) {
    throw new LatticeError("internal", "the transpiler keeps handles in another way than is known");
  }
  // Nobody reads the set of all that a table ever had, and it would grow with each handle that is made and dropped.
  const readElsewhere = bounded.replace(NOTES, "").replace(MAKES_SET, "").includes("_createdReps");
  return readElsewhere ? bounded : bounded.replace(NOTES, "");
}

const MAKES_HANDLES = /function rscTableCreate(?:Own|Borrow)\(/;
/** The branch that makes the table longer, which has two entries for each handle. */
const GROWS = /const free = table\[0\] & ~T_FLAG;[^}]*?if \(free === 0\) \{/g;
const CHECK = `
      if (table.length > ${2 * MOST_HANDLES}) throw new Error('a guest may hold ${MOST_HANDLES} handles of a resource at once');`;
const NOTES = /table\._createdReps\.add\(rep\);/g;
const MAKES_SET = /\w+\._createdReps = new Set\(\);/g;
