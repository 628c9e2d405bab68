/**
 * How the code of the host worker is cut into files: what joining needs is the worker's own file, and all that the first
 * component needs is one more, so that far from the page's server it costs one round trip and not one per part. What only
 * some nodes have a use for, such as the dialects of 0.82 and of v2, is in files that others never ask for.
 */
import { join } from "node:path";

import { ROOT } from "./project.ts";

/** The bundler's graph: what a module imports, `import()` apart. */
export interface ModuleGraph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

const src = (path: string): string => join(ROOT, "src", path);
const WORKER = src("workers/host.worker.ts");
/** Its own file: named, since the bundler, left alone, puts what several files share into one more. */
const OWN = "host.worker";
/** As `prepare()` of `assemble.ts` loads it. */
const COMPONENTS = [
  "dialects/v1/rpc.ts",
  "host/outbound/drops.ts",
  "host/outbound/outbound.ts",
  "host/outbound/reach.ts",
  "host/owned-resources.ts",
  "interfaces/interfaces.ts",
  "runtime/runtime.ts",
  "storage/image-cache.ts",
  "wire/exports-of.ts",
].map(src);
/**
 * What only some nodes load, by the name of its file: who speaks 0.82, who speaks v2, who is given a set to start, who joins
 * the lattice of its origin's tabs, whose page serves functions.
 */
const SPECIAL = {
  v0: ["dialects/v0/index.ts", "host/actors.ts", "runtime/wapc/module.ts"].map(src),
  v2: ["dialects/v2/index.ts", "providers/offers/offers.ts"].map(src),
  solo: ["bus/solo.ts", "bus/solo-browser.ts", "storage/kept-streams.ts"].map(src),
  page: ["providers/page/client.ts", "providers/page/served.ts"].map(src),
  sets: [
    "host/sets/sets.ts",
    "providers/offers/http-outgoing.ts",
    "providers/offers/keyvalue.ts",
    "providers/offers/messaging.ts",
    "runtime/files/file-server.ts",
    "runtime/files/volumes.ts",
    "runtime/kept.ts",
    "runtime/locate-kept.ts",
  ].map(src),
};

/** The file that a module goes to; `null` leaves it to the bundler. */
export function workerChunk(id: string, graph: ModuleGraph): string | null {
  if (graph.getModuleInfo(WORKER) === null) return null; // another worker
  if (reaches([WORKER], id, graph)) return OWN;
  if (reaches(COMPONENTS, id, graph)) return "components";
  const users = Object.entries(SPECIAL).filter(([, roots]) => reaches(roots, id, graph));
  const names = users.map(([name]) => name);
  // Only who speaks v2 is given sets: what both need is there already.
  const needed = names.includes("v2") ? names.filter((name) => name !== "sets") : names;
  return needed.length === 0 ? null : needed.join("-");
}

function reaches(roots: readonly string[], id: string, graph: ModuleGraph): boolean {
  const reached = new Set(roots);
  for (const module of reached) {
    if (module === id) return true;
    for (const next of graph.getModuleInfo(module)?.importedIds ?? []) reached.add(next);
  }
  return false;
}
