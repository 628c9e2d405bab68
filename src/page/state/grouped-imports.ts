/** What a component imports, by who answers it: the host, in words of what that gives, and what links lead to. */

/** The longest beginning counts. */
const HOST: readonly (readonly [prefix: string, words: string])[] = [
  ["wasi:clocks/", "clocks"],
  ["wasi:random/", "random numbers"],
  ["wasi:io/", "streams"],
  ["wasi:filesystem/", "an empty filesystem, or the volumes of its workload"],
  ["wasi:cli/environment", "its own environment"],
  ["wasi:cli/", "output to the log"],
  ["wasi:logging/", "the log"],
  ["wasi:config/", "its own configuration"],
  ["wasi:http/types", "requests and answers"],
  ["wasmcloud:bus/lattice", "the choice of link names"],
  ["wasmcloud:secrets/", "secrets, which this host has none of"],
];

export interface GroupedImports {
  readonly host: readonly string[];
  readonly links: readonly string[];
}

export function groupedImports(imports: readonly string[]): GroupedImports {
  const host = new Set<string>();
  const links: string[] = [];
  for (const name of imports) {
    const words = HOST.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (words === undefined) links.push(name);
    else host.add(words);
  }
  return { host: [...host], links };
}
