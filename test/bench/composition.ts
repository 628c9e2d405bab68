/**
 * The cost of a call from one component to another: in one tab, where it goes past NATS, by a link of 1.x and within one
 * workload of v2, and between two tabs, over it.
 *
 * The caller counts up by calls of the greeter, one after the other, and answers once; so the clock of this process sees
 * many calls at a time. What the outer call costs is measured without inner ones, and taken off.
 */
import { inTime } from "./calls.ts";
import { type Ask, type Inbox, messageCaller, openInbox, wrpcCaller } from "./callers.ts";
import { startWorkload } from "./operator.ts";
import type { BenchTab, Stage } from "./stage.ts";
import { median, quantile, round } from "./statistics.ts";

export interface CompositionPlan {
  /** Outer calls of each kind that are timed. */
  readonly rounds: number;
  /** Inner calls of one outer call. */
  readonly calls: number;
}

export interface CompositionRow {
  readonly route: "one tab" | "one workload" | "two tabs";
  /** One inner call, one at a time: the median and the 99th of a hundred of the rounds' means. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Inner calls, with {@link LANES} guests calling. */
  readonly perSecond: number;
}

type Figures = Omit<CompositionRow, "route">;
/** Asks a caller for so many inner calls. */
type Asking = (times: number) => Ask;

const LANES = 8;
const CALLER = "inlay:test/caller";
const HOST = "bench-composition";
const MESSAGES = "bench.composition";
const WARM_UP_ROUNDS = 10;

export async function measureComposition(
  stage: Stage,
  plan: CompositionPlan,
  tell: (line: string) => void,
): Promise<readonly CompositionRow[]> {
  const { client, images } = stage;
  const inbox = openInbox(client);
  await client.flush();
  await using tab = await stage.openTab({ operator: HOST });
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
  const linked = wrpcAsking(stage, tab, inbox);
  const here = await measure(linked, plan);
  tell("composition: one tab done");

  await startWorkload(client, HOST, "composition", workloadOf(stage));
  const within = await measure(messageAsking(stage, inbox), plan);
  tell("composition: one workload done");

  await using other = await stage.openTab({ lattice });
  await lattice.scale(other.hostId, "hello", images.url("hello.wasm"), LANES);
  await lattice.scale(tab.hostId, "hello", images.url("hello.wasm"), 0);
  const there = await measure(linked, plan);
  tell("composition: two tabs done");
  return [
    { route: "one tab", ...here },
    { route: "one workload", ...within },
    { route: "two tabs", ...there },
  ];
}

/** The caller by wRPC, for whose inner calls the lattice has a link. */
function wrpcAsking({ client }: Stage, { lattice }: BenchTab, inbox: Inbox): Asking {
  const subject = lattice.subjectOf("caller", CALLER, "add-times");
  return (times) => {
    const params = Buffer.concat([leb(0), leb(times)]);
    return wrpcCaller(client, inbox, subject, { params, resultBytes: leb(times).length });
  };
}

/** The listener by messages, which counts from a number to twice as much. */
function messageAsking({ client }: Stage, inbox: Inbox): Asking {
  const number = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return (times) =>
    messageCaller(client, inbox, MESSAGES, { payload: number(times), answer: number(2 * times) });
}

/** Two components of which one imports what the other exports, and hears messages. */
function workloadOf({ images }: Stage): object {
  const component = (name: string): object => ({ name, image: images.url(`${name}.wasm`) });
  return {
    namespace: "bench",
    name: "composition",
    witWorld: {
      components: [component("listener"), component("hello")],
      hostInterfaces: [
        {
          namespace: "wasmcloud",
          package: "messaging",
          version: "0.2.0",
          interfaces: ["consumer", "handler"],
          config: { subscriptions: MESSAGES },
        },
      ],
    },
  };
}

async function measure(asking: Asking, { rounds, calls }: CompositionPlan): Promise<Figures> {
  const timed = async (ask: Ask): Promise<number> => {
    const started = performance.now();
    await ask();
    return performance.now() - started;
  };
  const play = async (ask: Ask, count: number): Promise<readonly number[]> => {
    const took: number[] = [];
    for (let i = 0; i < count; i++) took.push(await timed(ask));
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
