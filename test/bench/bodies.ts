/** HTTP bodies through the gateway to a component in a tab and back: how fast, and what they take of the browser's memory. */
import type { Stage } from "./stage.ts";

import { post } from "../support/http-post.ts";
import { pattern, patternAt } from "../support/streams.ts";
import { watchLattice } from "./lattice.ts";
import { TRANSPILER_IDLES_MS, wait } from "./memory.ts";
import { peakDuring, treeOwnMemory } from "./process-tree.ts";
import { median, round } from "./statistics.ts";

export interface BodiesPlan {
  readonly rounds: number;
  /** Of one body. */
  readonly bytes: number;
}

export interface BodiesRow {
  readonly way: "in and out" | "out";
  /** Millions of bytes of one body per second: the median of the rounds. */
  readonly mbPerSecond: number;
  /** Megabytes of all processes of the browser above what they had before the first body: the most of all rounds. */
  readonly peakMb: number;
}

/** Compiled code, and the room that a heap takes at first, are no body's. */
const WARM_UP_BYTES = 5_000_000;
const GIVEN_CYCLE = 251;

export async function measureBodies(
  stage: Stage,
  { rounds, bytes }: BodiesPlan,
  tell: (line: string) => void,
): Promise<readonly BodiesRow[]> {
  // The one that the gateway sends requests into.
  const lattice = await watchLattice(stage.client, "default");
  await using tab = await stage.openTab({ lattice });
  await lattice.scale(tab.hostId, "web", stage.images.url("web.wasm"), 1);
  const at = (path: string): string => `${stage.page}~/web${path}`;
  const ways = {
    "in and out": (size: number) => post(at("/echo"), pattern(size), patternAt),
    out: (size: number) => post(at(`/give/${size}`), [], (place) => place % GIVEN_CYCLE),
  };
  for (const send of Object.values(ways)) await send(WARM_UP_BYTES);
  await wait(TRANSPILER_IDLES_MS);
  const before = treeOwnMemory(tab.pid);
  const rates = { "in and out": [] as number[], out: [] as number[] };
  const peaks = { "in and out": 0, out: 0 };
  for (let index = 0; index < rounds; index++) {
    for (const way of ["in and out", "out"] as const) {
      const started = performance.now();
      const sent = ways[way](bytes);
      peaks[way] = Math.max(peaks[way], await peakDuring(tab.pid, sent));
      const answer = await sent;
      rates[way].push(bytes / 1000 / (performance.now() - started));
      if (answer.status !== 200 || answer.bytes !== bytes || answer.wrong > 0) {
        throw new Error(`${way}: ${JSON.stringify(answer)}`);
      }
    }
  }
  tell(`bodies: ${rounds} rounds done`);
  return (["in and out", "out"] as const).map((way) => ({
    way,
    mbPerSecond: round(median(rates[way])),
    peakMb: round((peaks[way] - before) / 1e6),
  }));
}
