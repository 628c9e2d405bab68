/** Parts of a value that cannot cross between realms by copy, replaced by what stands for them, wherever they are in it. */

/**
 * `value` with those of its objects replaced for which `replace` gives something. Bytes are passed over.
 * Typed as the value itself: streams and their handles are both what a `WitValue` may be.
 */
export function replaceParts<T>(value: T, replace: (part: object) => unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return replaced(value, replace) as T;
}

function replaced(value: unknown, replace: (part: object) => unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const other = replace(value);
  if (other !== undefined) return other;
  if (Array.isArray(value)) return value.map((part) => replaced(part, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, replaced(part, replace)]),
  );
}
