/**
 * `npm run bench`: what a call, a start, a visit and a component cost. README.md says what is measured and how.
 *
 * `--quick` takes less than two minutes; `--only calls,signed,composition,streams,bodies,cold-start,joining,embedded,memory` leaves the others out;
 * `--big` builds the
 * component of 12 MB if it is not there. Fails only if something did not work.
 */
import { parseArgs } from "node:util";

import { type BodiesPlan, measureBodies } from "./bodies.ts";
import { type CallsPlan, measureCalls } from "./calls.ts";
import { type ColdStartPlan, measureColdStarts } from "./cold-start.ts";
import { type CompositionPlan, measureComposition } from "./composition.ts";
import { type EmbeddedPlan, measureEmbedded } from "./embedded.ts";
import { type JoiningPlan, measureJoining } from "./joining.ts";
import { type MemoryPlan, measureMemory } from "./memory.ts";
import { printResults, type Results, writeResults } from "./results.ts";
import { measureSigned, type SignedPlan } from "./signed.ts";
import { type Stage, withStage } from "./stage.ts";
import { measureStreams, type StreamsPlan } from "./streams.ts";

interface Plan {
  readonly calls: CallsPlan;
  readonly signed: SignedPlan;
  readonly streams: StreamsPlan;
  readonly bodies: BodiesPlan;
  readonly composition: CompositionPlan;
  readonly coldStart: ColdStartPlan;
  readonly joining: JoiningPlan;
  readonly embedded: EmbeddedPlan;
  readonly memory: MemoryPlan;
}

const FULL: Plan = {
  calls: {
    rounds: 12,
    sizes: [
      { bytes: 64, calls: 200, ms: 300 },
      { bytes: 1024, calls: 200, ms: 300 },
      { bytes: 64 * 1024, calls: 50, ms: 500 },
    ],
  },
  signed: { rounds: 12, bytes: 64, calls: 200, ms: 300 },
  streams: { rounds: 7, bytes: 64 * 1024 * 1024 },
  bodies: { rounds: 7, bytes: 20_000_000 },
  composition: { rounds: 100, calls: 50 },
  coldStart: { browsers: 3, starts: 2, big: "if-built" },
  joining: { browsers: 2, visits: 6 },
  embedded: { browsers: 3, calls: 10_000 },
  memory: { components: 20, samples: 10 },
};

const QUICK: Plan = {
  calls: {
    rounds: 4,
    sizes: [
      { bytes: 64, calls: 100, ms: 150 },
      { bytes: 1024, calls: 100, ms: 150 },
      { bytes: 64 * 1024, calls: 30, ms: 250 },
    ],
  },
  signed: { rounds: 4, bytes: 64, calls: 100, ms: 150 },
  streams: { rounds: 3, bytes: 16 * 1024 * 1024 },
  bodies: { rounds: 3, bytes: 20_000_000 },
  composition: { rounds: 40, calls: 50 },
  coldStart: { browsers: 1, starts: 1, big: "skip" },
  joining: { browsers: 1, visits: 3 },
  embedded: { browsers: 1, calls: 3_000 },
  memory: { components: 20, samples: 3 },
};

const PARTS = [
  "calls",
  "signed",
  "composition",
  "streams",
  "bodies",
  "cold-start",
  "joining",
  "embedded",
  "memory",
] as const;
type Part = (typeof PARTS)[number];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      big: { type: "boolean", default: false },
      only: { type: "string", default: PARTS.join(",") },
    },
  });
  const started = performance.now();
  const parts = partsOf(values.only);
  const chosen = values.quick ? QUICK : FULL;
  const plan = values.big
    ? { ...chosen, coldStart: { ...chosen.coldStart, big: "build" as const } }
    : chosen;
  const results = await withStage((stage) => play(stage, plan, parts));
  printResults(results);
  const tookMs = performance.now() - started;
  const file = await writeResults(results, tookMs);
  process.stdout.write(`\n${(tookMs / 1000).toFixed(0)} s; ${file}\n`);
}

async function play(stage: Stage, plan: Plan, parts: ReadonlySet<Part>): Promise<Results> {
  const { calls, signed, composition, streams, bodies, coldStart } = plan;
  const { joining, embedded, memory } = plan;
  return {
    ...(parts.has("calls") ? { calls: await measureCalls(stage, calls, tell) } : {}),
    ...(parts.has("signed") ? { signed: await measureSigned(stage, signed, tell) } : {}),
    ...(parts.has("composition")
      ? { composition: await measureComposition(stage, composition, tell) }
      : {}),
    ...(parts.has("streams") ? { streams: await measureStreams(stage, streams, tell) } : {}),
    ...(parts.has("bodies") ? { bodies: await measureBodies(stage, bodies, tell) } : {}),
    ...(parts.has("cold-start")
      ? { coldStarts: await measureColdStarts(stage, coldStart, tell) }
      : {}),
    ...(parts.has("joining") ? { joining: await measureJoining(stage, joining, tell) } : {}),
    ...(parts.has("embedded") ? { embedded: await measureEmbedded(stage, embedded, tell) } : {}),
    ...(parts.has("memory") ? { memory: await measureMemory(stage, memory, tell) } : {}),
  };
}

function partsOf(text: string): ReadonlySet<Part> {
  return new Set(
    text.split(",").map((name) => {
      const part = PARTS.find((each) => each === name);
      if (part === undefined) throw new Error(`--only takes ${PARTS.join(", ")}; not "${name}"`);
      return part;
    }),
  );
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

await main();
