/** What a running component costs a browser, in memory: of all its processes, before and after many were started. */
import { treeMemory } from "./process-tree.ts";
import type { Stage } from "./stage.ts";
import { median, round } from "./statistics.ts";

export interface MemoryPlan {
  readonly components: number;
  /** Looks before and after. */
  readonly samples: number;
}

export interface MemoryFigures {
  readonly components: number;
  /** Megabytes (10^6 bytes) of the whole process tree. */
  readonly beforeMb: number;
  readonly afterMb: number;
  readonly perComponentMb: number;
}

/** A browser allocates and collects in the background for a while. */
const SETTLE_MS = 3_000;
const BETWEEN_MS = 200;

export async function measureMemory(
  stage: Stage,
  { components, samples }: MemoryPlan,
  tell: (line: string) => void,
): Promise<MemoryFigures> {
  await using tab = await stage.openTab();
  const { lattice, hostId, pid } = tab;
  const image = stage.images.url("hello.wasm");
  // One that comes and goes first, so that what all share (glue, caches, transpiler) is not charged to the others.
  await lattice.scale(hostId, "filler", image, 1);
  await lattice.scale(hostId, "filler", image, 0);
  await wait(TRANSPILER_IDLES_MS);
  const before = await look(pid, samples);
  for (let index = 0; index < components; index++) {
    await lattice.scale(hostId, `hello-${index}`, image, 1);
  }
  const after = await look(pid, samples);
  tell(`memory: ${components} components done`);
  return {
    components,
    beforeMb: megabytes(before),
    afterMb: megabytes(after),
    perComponentMb: round((after - before) / components / 1e6),
  };
}

/** The transpile worker ends after 5 s without work (src/runtime/transpiler.ts) and takes its memory with it. */
export const TRANSPILER_IDLES_MS = 6_000;

async function look(pid: number, samples: number): Promise<number> {
  await wait(SETTLE_MS);
  const seen: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    seen.push(treeMemory(pid));
    await wait(BETWEEN_MS);
  }
  return median(seen);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
