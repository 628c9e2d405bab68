/** The results of a run: as tables for people, and as a file for programs. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, platform, release } from "node:os";
import { dirname, resolve } from "node:path";

import type { BodiesRow } from "./bodies.ts";
import { type CallsRow, IN_FLIGHT } from "./calls.ts";
import type { CompositionRow } from "./composition.ts";
import type { ColdStartRow } from "./cold-start.ts";
import type { EmbeddedRow } from "./embedded.ts";
import type { JoiningRow } from "./joining.ts";
import type { MemoryFigures } from "./memory.ts";
import type { SignedRow } from "./signed.ts";
import type { Summary } from "./statistics.ts";
import type { StreamsRow } from "./streams.ts";
import { judge } from "./targets.ts";

/** A part that was not asked for is absent. */
export interface Results {
  readonly calls?: readonly CallsRow[];
  /** Of 64 bytes. */
  readonly signed?: readonly SignedRow[];
  readonly streams?: readonly StreamsRow[];
  readonly bodies?: readonly BodiesRow[];
  readonly composition?: readonly CompositionRow[];
  readonly coldStarts?: readonly ColdStartRow[];
  readonly joining?: readonly JoiningRow[];
  readonly embedded?: readonly EmbeddedRow[];
  readonly memory?: MemoryFigures;
}

const FILE = resolve(import.meta.dirname, "../../test-results/bench.json");

/** Writes `test-results/bench.json` and gives its path. */
export async function writeResults(results: Results, tookMs: number): Promise<string> {
  const machine = {
    node: process.version,
    system: `${platform()} ${release()}`,
    processors: cpus().length,
    loadAverage: loadavg(),
  };
  const content = { machine, tookMs, ...results, targets: judge(results) };
  await mkdir(dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify(content, undefined, 2)}\n`);
  return FILE;
}

export function printResults(results: Results): void {
  const { bodies, calls, composition, signed, streams, coldStarts, joining } = results;
  const { embedded, memory } = results;
  if (calls !== undefined) {
    title(`Calls: one at a time, and ${IN_FLIGHT} in flight; ratios to the tab's raw echo`);
    table(
      ["bytes", "", "p50 ms", "p99 ms", "x raw", "calls/s", "x raw", "messages", "bytes/call"],
      calls.map((row) => [
        row.bytes,
        row.candidate,
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        row.p50Ratio.toFixed(2),
        row.perSecond,
        row.throughputRatio.toFixed(2),
        row.traffic?.messages ?? "",
        row.traffic?.bytes ?? "",
      ]),
    );
  }
  if (signed !== undefined) {
    title(`Signed calls of 64 bytes: one at a time, and ${IN_FLIGHT} in flight`);
    table(
      ["", "p50 ms", "p99 ms", "x raw", "calls/s", "x raw"],
      signed.map((row) => [
        row.candidate,
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        row.p50Ratio.toFixed(2),
        row.perSecond,
        row.throughputRatio.toFixed(2),
      ]),
    );
  }
  if (streams !== undefined) {
    title("Streams: from one Node process to another; ratios to raw messages of 64 KiB");
    table(
      ["", "MB/s", "x raw"],
      streams.map((row) => [row.candidate, row.mbPerSecond.toFixed(1), row.ratio.toFixed(2)]),
    );
  }
  if (bodies !== undefined) {
    title("HTTP bodies of 20 MB, through the gateway and a component in a tab");
    table(
      ["", "MB/s", "memory above start, MB"],
      bodies.map(({ way, mbPerSecond, peakMb }) => [
        way,
        mbPerSecond.toFixed(1),
        peakMb.toFixed(1),
      ]),
    );
  }
  if (composition !== undefined) {
    title("From one component to another: one call at a time, and many guests calling");
    const there = composition.find(({ route }) => route === "two tabs");
    const faster = (ratio: (nats: CompositionRow) => number): string =>
      there === undefined ? "" : ratio(there).toFixed(1);
    table(
      ["", "p50 us", "p99 us", "rate x NATS", "calls/s", "x NATS"],
      composition.map(({ route, p50Us, p99Us, perSecond }) => [
        route,
        p50Us.toFixed(0),
        p99Us.toFixed(0),
        faster((nats) => nats.p50Us / p50Us),
        perSecond,
        faster((nats) => perSecond / nats.perSecond),
      ]),
    );
  }
  if (coldStarts !== undefined) {
    title("Cold start: from the command to the first answer, ms (least to most)");
    table(
      ["component", "bytes", "first time", "cached, reloaded", "cached, again", "again, no spare"],
      coldStarts.map((row) => [
        row.component,
        row.bytes,
        ...[row.firstMs, row.reloadedMs, row.againMs, row.noSpareMs].map(spread),
      ]),
    );
  }
  if (joining !== undefined) {
    title("Joining: from the page's time origin, ms (least to most); steps of later visits");
    table(
      ["", "first visit", "later visits", "steps"],
      joining.map((row) => [
        row.place,
        spread(row.firstVisitMs),
        spread(row.laterVisitMs),
        Object.entries(row.steps)
          .map(([name, ms]) => `${name} ${Math.round(ms)}`)
          .join(", "),
      ]),
    );
  }
  if (embedded !== undefined) {
    title("Embedded: the thread of the web app; tasks of 50 ms and more");
    table(
      ["", "long tasks", "longest ms", "latest timer ms", "took ms"],
      embedded.map(({ stage, longTasks, longestMs, latestTimerMs, ms }) => [
        stage,
        longTasks,
        Math.round(longestMs),
        Math.round(latestTimerMs),
        Math.round(ms),
      ]),
    );
  }
  if (memory !== undefined) {
    const { afterMb, beforeMb, components, perComponentMb } = memory;
    title("Memory of the whole browser (PSS), MB");
    table(
      ["before", `with ${components} components`, "each"],
      [[beforeMb, afterMb, perComponentMb.toFixed(2)]],
    );
  }
  title("Targets");
  table(
    ["", "wanted", "found", ""],
    judge(results).map(({ target, wanted, found, met }) => [
      target,
      wanted,
      found.toFixed(2),
      met ? "met" : "MISSED",
    ]),
  );
}

function spread({ median, min, max }: Summary): string {
  return `${Math.round(median)} (${Math.round(min)} to ${Math.round(max)})`;
}

function title(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

/** Columns as wide as their content; numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? "").length)),
  );
  for (const row of cells) {
    const line = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return /^[\d.]+$/.test(cell) ? cell.padStart(width) : cell.padEnd(width);
    });
    process.stdout.write(`  ${line.join("  ").trimEnd()}\n`);
  }
}
