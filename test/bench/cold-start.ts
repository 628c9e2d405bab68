/**
 * From the command to the first answer: how long a tab takes to run a component that it was just told to run. The
 * clock starts when `component.scale` is published and stops when the results of the first call have ended; the call is
 * made when the host announces the component.
 */
import { readdir, readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { resolve } from "node:path";

import { builtFixture } from "../fixtures/built.ts";
import { type Inbox, lengthPrefixed, openInbox, wrpcCaller } from "./callers.ts";
import type { BenchTab, Stage } from "./stage.ts";
import { type Summary, summarize } from "./statistics.ts";

export interface ColdStartPlan {
  /** Browsers with fresh profiles, each for one first start. */
  readonly browsers: number;
  /** Starts from the cache in each browser, of each kind. */
  readonly starts: number;
  /** The component of 12 MB: left out, started if it is there, or built for it. */
  readonly big: "skip" | "if-built" | "build";
}

export interface ColdStartRow {
  readonly component: string;
  readonly bytes: number;
  /** A fresh profile: no files of the site, no component, no transpiler. */
  readonly firstMs: Summary;
  /** From the Cache API, the tab having been loaded again. */
  readonly reloadedMs: Summary;
  /** From the Cache API, in a tab that has run and stopped the component before. */
  readonly againMs: Summary;
  /** As `againMs`, but with no worker waiting for a component. */
  readonly noSpareMs: Summary;
}

interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly instance: string;
  readonly func: string;
  readonly param: string;
  readonly result: string;
}

/** A spare worker is started 500 ms after the last one was taken (src/runtime/worker-supply.ts), and then loads. */
const SPARE_READY_MS = 1_500;

export async function measureColdStarts(
  stage: Stage,
  plan: ColdStartPlan,
  tell: (line: string) => void,
): Promise<readonly ColdStartRow[]> {
  const inbox = openInbox(stage.client);
  const rows: ColdStartRow[] = [];
  for (const subject of await subjects(plan.big, tell)) {
    stage.images.add(`${subject.name}.wasm`, subject.bytes);
    const first: number[] = [];
    const reloaded: number[] = [];
    const again: number[] = [];
    const noSpare: number[] = [];
    for (let browser = 0; browser < plan.browsers; browser++) {
      await using tab = await stage.openTab();
      const start = starter(stage, inbox, tab, subject);
      await settle();
      first.push(await start());
      for (let count = 0; count < plan.starts; count++) {
        await tab.reload();
        await settle();
        reloaded.push(await start());
        await settle();
        again.push(await start());
        await settle();
        await takeSpare(stage, tab);
        noSpare.push(await start());
      }
    }
    rows.push({
      component: subject.name,
      bytes: subject.bytes.length,
      firstMs: summarize(first),
      reloadedMs: summarize(reloaded),
      againMs: summarize(again),
      noSpareMs: summarize(noSpare),
    });
    tell(`cold start: ${subject.name} done`);
  }
  return rows;
}

/** One start, timed, and the end of the component. */
function starter(
  stage: Stage,
  inbox: Inbox,
  tab: BenchTab,
  subject: Subject,
): () => Promise<number> {
  const { lattice } = tab;
  const digest = createHash("sha256").update(subject.bytes).digest("hex");
  const image = `${stage.images.url(`${subject.name}.wasm`)}#sha256=${digest}`;
  const encode = (text: string): Uint8Array => lengthPrefixed(Buffer.from(text));
  const { name, instance, func, param, result } = subject;
  const ask = wrpcCaller(stage.client, inbox, lattice.subjectOf(name, instance, func), {
    params: encode(param),
    resultBytes: encode(result).length,
  });
  return async () => {
    const started = performance.now();
    await lattice.scale(tab.hostId, name, image, 1);
    await ask();
    const took = performance.now() - started;
    await lattice.scale(tab.hostId, name, image, 0);
    return took;
  };
}

/** Starts and stops another component, so that the next one meets no spare worker. */
async function takeSpare(stage: Stage, tab: BenchTab): Promise<void> {
  const image = stage.images.url("hello.wasm");
  await tab.lattice.scale(tab.hostId, "filler", image, 1);
  await tab.lattice.scale(tab.hostId, "filler", image, 0);
}

/** What a start leaves to be done later must not cost the next one; nothing tells of its end. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SPARE_READY_MS);
  });
}

const FIXTURES = resolve(import.meta.dirname, "../fixtures");
const GREET = {
  instance: "inlay:demo/greeter",
  func: "greet",
  param: "Ada",
  result: "Hello, Ada!",
};

async function subjects(
  big: ColdStartPlan["big"],
  tell: (line: string) => void,
): Promise<readonly Subject[]> {
  const committed = (name: string): Promise<Uint8Array> =>
    readFile(resolve(FIXTURES, `components/${name}.wasm`));
  const found: Subject[] = [
    { name: "hello", bytes: await committed("hello"), ...GREET },
    {
      name: "realistic",
      bytes: await committed("realistic"),
      instance: "inlay:demo/text-tools",
      func: "to-html",
      param: "# Title",
      result: "<h1>Title</h1>",
    },
  ];
  if (big === "skip") return found;
  const built = await readdir(resolve(FIXTURES, ".built")).catch(() => [] as string[]);
  if (big === "build" || built.some((file) => file.startsWith("big-") && file.endsWith(".wasm"))) {
    found.push({ name: "big", bytes: await readFile(await builtFixture("big")), ...GREET });
  } else {
    tell("cold start: the component of 12 MB is not built; --big builds it");
  }
  return found;
}
