import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";
import type { Component, Pool, RunOptions } from "../../../src/core/runtime.ts";
import type { FuncType, WitType } from "../../../src/core/wit.ts";
import type { Adaptation } from "../../../src/runtime/adapted.ts";
import type { TestRuntime } from "./support.ts";

import { spawn } from "../../../src/channels/spawn.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { callOf, fixtureBytes, noImports, openRuntime } from "./support.ts";
// oxlint-disable-next-line import/default -- the bundler gives the address of the worker
import pumpWorker from "./pump.worker.ts?worker&url";

const PUMPED = "inlay:test/pumped";
const BYTES: WitType = { kind: "stream", element: { kind: "u8" } };
const TEXT: WitType = { kind: "future", element: { kind: "string" } };

function func(result: WitType, ...params: WitType[]): FuncType {
  return { params: params.map((type, index) => ({ name: `p${index}`, type })), result };
}

const ADAPTATIONS: readonly Adaptation[] = [
  {
    guest: "inlay:test/pump",
    side: "export",
    lattice: PUMPED,
    functions: new Map([
      ["echo", func(BYTES, BYTES)],
      ["make", func(BYTES, { kind: "u64" }, { kind: "u32" })],
      ["count", func({ kind: "u64" }, BYTES)],
      ["trap", func(BYTES)],
      ["forget", func(BYTES)],
      ["stall", func(BYTES, BYTES)],
      ["spin", func(BYTES, BYTES)],
      ["later", func(TEXT, TEXT)],
      ["first", func({ kind: "s32" }, BYTES, BYTES, { kind: "u32" })],
      ["far", func({ kind: "list", element: { kind: "u8" } })],
    ]),
  },
  {
    guest: "inlay:test/pipe",
    side: "import",
    lattice: "inlay:test/swapped",
    functions: new Map([
      ["swap", func({ kind: "result", ok: BYTES, err: { kind: "string" } }, BYTES)],
    ]),
  },
];

function openPump(bridge: "jspi" | "atomics"): TestRuntime {
  return openRuntime({
    bridge,
    adaptations: ADAPTATIONS,
    spawn: (url, options) => spawn(url.includes("component.worker") ? pumpWorker : url, options),
  });
}

async function loadPump({ runtime }: TestRuntime): Promise<Component> {
  const image = { reference: "pump.wasm", bytes: await fixtureBytes("pump") };
  return runtime.load(image, { signal: new AbortController().signal });
}

/** Nothing ahead of its reader, as streams of calls are to be. */
function streamOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const left = chunks[Symbol.iterator]();
  return new ReadableStream(
    {
      pull(controller) {
        const { value, done } = left.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream that gives nothing, and what it is cancelled with. */
function silent(): { readonly stream: ReadableStream; readonly cancelled: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { stream: new ReadableStream({ cancel: resolve }), cancelled: promise };
}

async function bodyOf(results: readonly unknown[]): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of results[0] as ReadableStream<Uint8Array<ArrayBuffer>>) parts.push(part);
  return new Blob(parts).bytes();
}

function* chunks(count: number, size: number): Iterable<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(size).fill(index);
}

const idle = (pool: Pool): Promise<void> => pool.drained(AbortSignal.timeout(30_000));

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  let opened: TestRuntime;
  let pump: Component;
  beforeAll(async () => {
    opened = openPump(bridge);
    pump = await loadPump(opened);
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  const runPump = (options: Partial<RunOptions> = {}): Promise<Pool> =>
    pump.run({
      maxInstances: 2,
      limits: DEFAULT_LIMITS,
      imports: noImports,
      signal: new AbortController().signal,
      ...options,
    });

  test("bytes stream through a guest, whose results come before its end", async () => {
    await using pool = await runPump();
    const sent = [...chunks(40, 100_000)];

    const results = await pool.invoke(callOf(PUMPED, "echo", [streamOf(sent)]));
    const before = pool.load.peek().running;
    let over = false;
    const ended = results.ended?.then(() => (over = true));
    const overAtFirst = over;
    const received = await bodyOf(results);
    await ended;
    await idle(pool);

    expect(before).toBe(1);
    expect([overAtFirst, over]).toEqual([false, true]);
    expect(received.length).toBe(40 * 100_000);
    expect(sent.every((chunk, index) => received[index * 100_000] === chunk[0])).toBe(true);
    expect(opened.logged).toEqual([]);
  });

  test("a guest that nobody reads waits, and goes no further than its window", async () => {
    await using pool = await runPump();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array(++pulled === 0 ? 0 : 65_536)) },
      { highWaterMark: 0 },
    );

    const [body] = await pool.invoke(callOf(PUMPED, "echo", [endless]));
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await pool.invoke(callOf(PUMPED, "make", [0, 1])); // a whole call takes longer than any of its steps
    const ahead = pulled;
    await reader.cancel(new LatticeError("aborted", "enough"));
    await idle(pool);

    expect(ahead).toBeLessThan(20);
  });

  test("futures cross, and what comes first is known", async () => {
    await using pool = await runPump();
    const given = Promise.withResolvers<string>();

    const [later] = await pool.invoke(callOf(PUMPED, "later", [given.promise]));
    given.resolve("here");
    const quick = await pool.invoke(
      callOf(PUMPED, "first", [silent().stream, streamOf(chunks(1, 1)), 20_000]),
    );
    const none = await pool.invoke(callOf(PUMPED, "first", [silent().stream, silent().stream, 50]));

    await expect(later).resolves.toBe("here!");
    expect([quick, none]).toEqual([[1], [-1]]);
  });

  test("a call of the host goes on while the guest writes what it reads", async () => {
    const imports: Importee = {
      async invoke({ instance, func: name, args }) {
        if (`${instance}.${name}` !== "inlay:test/swapped.swap") throw new Error("unexpected");
        const bytes = await bodyOf(args);
        return [{ tag: "ok", val: streamOf([bytes.toReversed()]) }];
      },
    };
    await using pool = await runPump({ imports });

    const results = await pool.invoke(callOf(PUMPED, "far"));

    expect(results).toEqual([Uint8Array.of(3, 2, 1)]);
  });

  test("such a call that fails is told as the err that its type has room for", async () => {
    const imports: Importee = {
      invoke: () => Promise.reject(new LatticeError("link-missing", "no link")),
    };
    await using pool = await runPump({ imports });

    const [error] = await pool.invoke(callOf(PUMPED, "far"));

    expect(new TextDecoder().decode(error as Uint8Array)).toBe("no link");
  });

  test("a guest that traps or ends within its stream breaks it off", async () => {
    await using pool = await runPump();

    const trapped = await pool.invoke(callOf(PUMPED, "trap"));
    const forgotten = await pool.invoke(callOf(PUMPED, "forget"));

    await expect(bodyOf(trapped)).rejects.toMatchObject({ code: "guest-trapped" });
    await expect(trapped.ended).rejects.toMatchObject({ code: "guest-trapped" });
    await expect(bodyOf(forgotten)).rejects.toMatchObject({ code: "incomplete" });
    await expect(forgotten.ended).rejects.toMatchObject({ code: "incomplete" });
    await idle(pool);
    expect(opened.logged.map(({ event }) => event)).toContain("guest.failed-late");
  });

  test.each(["the deadline", "the caller", "the end of the pool", "a worker that is lost"])(
    "%s ends streams on both sides after the results are there",
    async (how) => {
      const limits = { ...DEFAULT_LIMITS, callDeadlineMs: how === "the deadline" ? 5000 : 30_000 };
      await using pool = await runPump({ limits, maxInstances: 1 });
      const caller = new AbortController();
      const { stream, cancelled } = silent();

      const does = how === "a worker that is lost" ? "spin" : "stall";
      const results = await pool.invoke(callOf(PUMPED, does, [stream], caller.signal));
      const reader = (results[0] as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      const broken = reader.read();
      broken.catch(() => undefined);
      if (how === "the caller") caller.abort();
      if (how === "the end of the pool") await pool[Symbol.asyncDispose]();

      await expect(broken).rejects.toBeInstanceOf(LatticeError);
      await expect(cancelled).resolves.toBeInstanceOf(LatticeError);
      if (how === "the end of the pool") return;
      // Its place is free again, in a fresh worker if need be.
      const next = await pool.invoke(callOf(PUMPED, "count", [streamOf(chunks(3, 5))]));
      expect(next).toEqual([15n]);
    },
  );

  test("64 MB in chunks of 64 KB stream in seconds, either way", async () => {
    await using pool = await runPump();
    const total = 64 * 1024 * 1024;
    const drain = async (body: ReadableStream<Uint8Array>): Promise<number> => {
      let read = 0;
      for await (const chunk of body) read += chunk.length;
      return read;
    };
    const rate = async (task: () => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      await task();
      return total / 1e6 / ((performance.now() - start) / 1000);
    };

    const out = await rate(async () => {
      const [body] = await pool.invoke(callOf(PUMPED, "make", [total, 65_536]));
      expect(await drain(body as ReadableStream<Uint8Array>)).toBe(total);
    });
    const into = await rate(async () => {
      const body = streamOf(chunks(total / 65_536, 65_536));
      await expect(pool.invoke(callOf(PUMPED, "count", [body]))).resolves.toEqual([BigInt(total)]);
    });

    console.info(`${bridge}: ${out.toFixed(0)} MB/s out, ${into.toFixed(0)} MB/s in`);
    // Other work on the machine must not fail this; a copy too many or a turn per kilobyte would.
    expect(Math.min(out, into)).toBeGreaterThan(5);
  });
});
