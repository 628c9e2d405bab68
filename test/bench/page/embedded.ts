/**
 * A web app with a node in it: joins with the built library, starts `image`, and is called from outside `calls` times. Reports
 * what kept its thread from answering people meanwhile: tasks of 50 ms and more, as the browser counts them, and the longest
 * wait of a timer.
 */
import type * as Library from "../../../src/index.ts";

import { report } from "./report.ts";

const query = new URLSearchParams(location.search);
const text = (name: string): string => query.get(name) ?? "";
const TICK_MS = 5;

export interface StageOfPage {
  readonly name: "joining" | "starting" | "serving";
  readonly ms: number;
  /** Durations of the long tasks, in milliseconds. */
  readonly longTasks: readonly number[];
  /** How much later than due the latest timer came. */
  readonly latestMs: number;
}

async function main(): Promise<void> {
  const stages: StageOfPage[] = [];
  let longTasks: number[] = [];
  let latestMs = 0;
  let due = performance.now() + TICK_MS;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  }).observe({ type: "longtask" });
  setInterval(() => {
    const now = performance.now();
    latestMs = Math.max(latestMs, now - due);
    due = now + TICK_MS;
  }, TICK_MS);
  const during = async <T>(name: StageOfPage["name"], work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    [longTasks, latestMs] = [[], 0];
    const done = await work();
    const ms = performance.now() - started;
    await idle(); // entries come after the task that they tell of
    stages.push({ name, ms, longTasks, latestMs });
    return done;
  };

  const node = await during("joining", async () => {
    const address = new URL("../lib/index.js", location.href).href;
    const library = (await import(/* @vite-ignore */ address)) as typeof Library;
    return library.join({ servers: [text("server")], lattice: text("lattice"), name: "app" });
  });
  await during("starting", () => node.start({ id: "hello", image: text("image") }));
  const { hostId, joinSteps, bridge } = node.view.peek();
  await report({ type: "joined", hostId, joinSteps, bridge });
  await during("serving", () => answered(node, Number(text("calls"))));
  await report({ type: "embedded", stages });
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    requestIdleCallback(() => setTimeout(resolve, 100));
  });
}

function answered(node: Library.LatticeNode, calls: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (node.view.peek().totals.answered >= calls) resolve();
    };
    node.view.subscribe(look);
    look();
  });
}

main().catch((error: unknown) => report({ type: "failed", error: String(error) }));
