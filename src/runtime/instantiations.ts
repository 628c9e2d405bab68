/**
 * How often the glue instantiates each core module: every instance has memories of its own, and all of them count.
 *
 * jco 1.35 unfolds nested components, so that each instantiation is one line of the glue. The worker refuses to make
 * more instances than were counted (`../workers/instances.ts`), whatever later releases write.
 */

const MODULE = /const (module\d+) = getCoreModule\('([^']*)'\)/g;
const INSTANCE = /instantiateCore\((?:yield |await )?(module\d+)\b/g;

/** At least one for each of `names`, the names under which the glue asks for core modules. */
export function instantiationsOf(glue: string, names: Iterable<string>): Map<string, number> {
  const times = new Map<string, number>();
  for (const [, variable = ""] of glue.matchAll(INSTANCE)) {
    times.set(variable, (times.get(variable) ?? 0) + 1);
  }
  const counted = new Map(Array.from(names, (name) => [name, 0]));
  for (const [, variable = "", name = ""] of glue.matchAll(MODULE)) {
    const before = counted.get(name);
    if (before !== undefined) counted.set(name, before + (times.get(variable) ?? 0));
  }
  return new Map(Array.from(counted, ([name, count]) => [name, Math.max(count, 1)]));
}
