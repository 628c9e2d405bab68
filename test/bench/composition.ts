/**
 * The cost of a call from one component to another: in one tab, where it goes past NATS, and between two tabs, over it.
 *
 * The caller counts up by calls of the greeter, one after the other, and answers once; so the clock of this process sees
 * many calls at a time. What the outer call costs is measured without inner ones, and taken off.
 */
import { inTime } from "./calls.ts";
import { openInbox, wrpcCaller, type Inbox } from "./callers.ts";
import type { BenchTab, Stage } from "./stage.ts";
import { median, quantile, round } from "./statistics.ts";

export interface CompositionPlan {
  /** Outer calls of each kind that are timed. */
  readonly rounds: number;
  /** Inner calls of one outer call. */
  readonly calls: number;
}

export interface CompositionRow {
  readonly route: "one tab" | "two tabs";
  /** One inner call, one at a time: the median and the 99th of a hundred of the rounds' means. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Inner calls, with {@link LANES} guests calling. */
  readonly perSecond: number;
}

const LANES = 8;
const CALLER = "inlay:test/caller";
const WARM_UP_ROUNDS = 10;

export async function measureComposition(
  stage: Stage,
  plan: CompositionPlan,
  tell: (line: string) => void,
): Promise<readonly CompositionRow[]> {
  const { client, images } = stage;
  const inbox = openInbox(client);
  await client.flush();
  await using tab = await stage.openTab();
  const { lattice } = tab;
  await lattice.scale(tab.hostId, "caller", images.url("caller.wasm"), LANES);
  await lattice.scale(tab.hostId, "hello", images.url("hello.wasm"), LANES);
  await lattice.link({
    source_id: "caller",
    target: "hello",
    name: "default",
    wit_namespace: "inlay",
    wit_package: "demo",
    interfaces: ["greeter"],
  });
  const here = await measure(stage, tab, inbox, plan);
  tell("composition: one tab done");

  await using other = await stage.openTab({ lattice });
  await lattice.scale(other.hostId, "hello", images.url("hello.wasm"), LANES);
  await lattice.scale(tab.hostId, "hello", images.url("hello.wasm"), 0);
  const there = await measure(stage, tab, inbox, plan);
  tell("composition: two tabs done");
  return [
    { route: "one tab", ...here },
    { route: "two tabs", ...there },
  ];
}

async function measure(
  { client }: Stage,
  { lattice }: BenchTab,
  inbox: Inbox,
  { rounds, calls }: CompositionPlan,
): Promise<Omit<CompositionRow, "route">> {
  const subject = lattice.subjectOf("caller", CALLER, "add-times");
  const asking = (times: number): (() => Promise<number>) => {
    const params = Buffer.concat([leb(0), leb(times)]);
    const ask = wrpcCaller(client, inbox, subject, { params, resultBytes: leb(times).length });
    return async () => {
      const started = performance.now();
      await ask();
      return performance.now() - started;
    };
  };
  const play = async (ask: () => Promise<number>, count: number): Promise<readonly number[]> => {
    const took: number[] = [];
    for (let i = 0; i < count; i++) took.push(await ask());
    return took;
  };
  const [none, many] = [asking(0), asking(calls)];
  await inTime(play(many, WARM_UP_ROUNDS));
  const outerMs = median(await inTime(play(none, rounds)));
  const us = (await inTime(play(many, rounds))).map((ms) => ((ms - outerMs) / calls) * 1000);
  // Over NATS this takes as long as all of the above; a quarter says the same.
  const each = Math.ceil(rounds / 4);
  const started = performance.now();
  await inTime(Promise.all(Array.from({ length: LANES }, () => play(many, each))));
  const seconds = (performance.now() - started) / 1000;
  return {
    p50Us: round(median(us)),
    p99Us: round(quantile(us, 0.99)),
    perSecond: Math.round((LANES * each * calls) / seconds),
  };
}

/** Unsigned LEB128. */
function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
