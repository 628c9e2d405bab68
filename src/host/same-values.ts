/** Whether configuration is as it was. */
import type { Values } from "../core/facts.ts";

/** True if both have the same names with the same values, in any order. */
export function sameValues(one: Values, other: Values): boolean {
  if (one === other) return true;
  return one.size === other.size && [...one].every(([name, value]) => other.get(name) === value);
}
