/**
 * What a call from one component to another does, whichever way it takes: within a node, or over the lattice between
 * two. Each case runs over each way; the guest cannot tell them apart.
 */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../src/core/bus.ts";
import type { Call } from "../../src/core/call.ts";
import type { EntityId } from "../../src/core/ids.ts";
import type { Link } from "../../src/core/link.ts";
import type { WitValue, World } from "../../src/core/wit.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { Importing, LocalComponent } from "../support/local-runtime.ts";

import { LatticeError } from "../../src/core/error.ts";
import { entityId } from "../../src/core/ids.ts";
import { createSource } from "../../src/core/view.ts";
import { parseWit } from "../../src/wire/wit-text.ts";
import { startHost } from "../support/lattice-host.ts";
import { realClock } from "../support/real-clock.ts";

export interface CallRoute {
  readonly name: string;
  /** One more connection to the same lattice. */
  readonly connect: () => Promise<Bus>;
  /** Caller and target in one node, or in one each. */
  readonly nodes: "one" | "two";
  readonly shortCircuit?: boolean;
  /** The target runs beside its caller by the time of the test. */
  readonly companion?: boolean;
}

const CALLER = entityId("caller");
const TARGET = entityId("target");
const ECHO = "inlay:test/echo@0.1.0";
const GO = "inlay:test/caller";
const INSTANCES = 4;
/** Shorter than the caller's own. */
const TARGET_DEADLINE_MS = 1_000;

const ECHO_WIT = `
package inlay:test@0.1.0 {
  interface echo {
    record point { x: s32, long-name: option<string> }
    variant shape { none, dot(point), line(tuple<point, point>) }
    enum color { red, dark-green }
    flags rights { read, write-all }
    bool: func(v: bool) -> bool;
    u8: func(v: u8) -> u8;
    s16: func(v: s16) -> s16;
    u32: func(v: u32) -> u32;
    s64: func(v: s64) -> s64;
    u64: func(v: u64) -> u64;
    f32: func(v: f32) -> f32;
    f64: func(v: f64) -> f64;
    char: func(v: char) -> char;
    string: func(v: string) -> string;
    bytes: func(v: list<u8>) -> list<u8>;
    longs: func(v: list<u64>) -> list<u64>;
    shapes: func(v: list<shape>) -> list<shape>;
    colors: func(v: tuple<color, rights>) -> tuple<color, rights>;
    maybe: func(v: option<option<string>>) -> option<option<string>>;
    either: func(v: result<u8, point>) -> result<u8, point>;
    two: func(a: string, b: u32) -> string;
    nothing: func();
    refuse: func() -> result<string, u32>;
    trap: func() -> string;
    trap-silently: func();
    wrong: func() -> u8;
    slow: func() -> string;
    keep: func(v: list<point>) -> list<point>;
    only-here: func() -> string;
    flow: func(s: stream<u8>) -> stream<u8>;
    names: func(s: stream<string>) -> stream<string>;
    later: func(s: future<string>) -> tuple<future<string>>;
    both: func(body: tuple<stream<u8>, future<u32>>) -> result<tuple<u32, future<u32>>, string>;
    broken: func() -> stream<u8>;
    never: func() -> tuple<future<string>>;
  }
}`;

const echo = parseWit(ECHO_WIT).interfaces.get(ECHO) ?? new Map();
const without = (name: string): typeof echo => new Map([...echo].filter(([key]) => key !== name));

const BROKEN = new LatticeError("guest-trapped", "unreachable");

/** A stream of what `next` gives until that is nothing. */
function pulling(next: () => unknown): ReadableStream {
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = next();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

async function all(stream: unknown): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const chunk of stream as ReadableStream<Iterable<unknown>>) parts.push(...chunk);
  return parts;
}

/** What the target sees of its calls. */
interface Heard {
  readonly calls: Call[];
  readonly kept: WitValue[];
  /** Functions of the target that were called where it runs by itself. */
  readonly alone: string[];
  /** Nothing fails yet. */
  warming: boolean;
}

function nothingHeard(): Heard {
  return { calls: [], kept: [], alone: [], warming: false };
}

function target(heard: Heard, name = "target"): LocalComponent {
  const same = [...echo.keys()].filter((func) => echo.get(func)?.params[0]?.name === "v");
  const world: World = { imports: new Map(), exports: new Map([[ECHO, without("only-here")]]) };
  const trap = (): WitValue => {
    if (heard.warming) return "";
    throw new LatticeError("guest-trapped", "unreachable");
  };
  return {
    world,
    functions: {},
    portable: true,
    onInvoke: ({ func }) => heard.alone.push(func),
    guest: (_, call) => ({
      ...Object.fromEntries(
        same.map((func) => [
          `${ECHO}#${func}`,
          (value: WitValue) => {
            heard.calls.push(call);
            return value;
          },
        ]),
      ),
      [`${ECHO}#two`]: (a, b) => `${name} got ${String(a)} and ${String(b)}`,
      [`${ECHO}#nothing`]: () => void heard.calls.push(call),
      [`${ECHO}#refuse`]: () => ({ tag: "err", val: 7 }),
      [`${ECHO}#trap`]: trap,
      [`${ECHO}#trap-silently`]: () => void trap(),
      [`${ECHO}#wrong`]: () => (heard.warming ? 1 : "not a number"),
      [`${ECHO}#slow`]: () => new Promise(() => heard.calls.push(call)),
      [`${ECHO}#flow`]: (stream) => stream,
      [`${ECHO}#names`]: (stream) => stream,
      [`${ECHO}#later`]: (future) => [future],
      [`${ECHO}#both`]: async (body) => {
        const [stream, future] = body as [ReadableStream<Uint8Array>, Promise<number>];
        let size = 0;
        for await (const chunk of stream) size += chunk.length;
        return { tag: "ok", val: [size, future] };
      },
      [`${ECHO}#broken`]: () => {
        const left: (Uint8Array | LatticeError)[] = [Uint8Array.of(1), BROKEN];
        return pulling(() => {
          const next = left.shift();
          if (next instanceof LatticeError) throw next;
          return next;
        });
      },
      [`${ECHO}#never`]: () => [Promise.reject(BROKEN)],
      [`${ECHO}#keep`]: (value) => {
        heard.kept.push(value);
        return value;
      },
    }),
  };
}

const caller: LocalComponent = {
  world: {
    imports: new Map([
      [ECHO, echo],
      ["inlay:test/unlinked", new Map([["f", { params: [] }]])],
      [
        "wasmcloud:bus/lattice@1.0.0",
        new Map([["set-link-name", { params: [] }]]), // the host does not look at these types
      ],
    ]),
    exports: new Map(),
  },
  functions: {},
  guest: (importing) => ({
    [`${GO}#go`]: (script) => (script as (importing: Importing) => Promise<unknown>)(importing),
  }),
};

interface Stage extends AsyncDisposable {
  /** Runs `script` as a guest of the caller. */
  run<T>(
    script: (importing: Importing) => Promise<T>,
    options?: { readonly trace?: Record<string, string>; readonly signal?: AbortSignal },
  ): Promise<T>;
  readonly callerNode: LatticeHost;
  readonly targetNode: LatticeHost;
  readonly heard: Heard;
  readonly links: ReturnType<typeof createSource<ReadonlyMap<EntityId, readonly Link[]>>>;
}

function link(name: string, to: EntityId, iface = "echo"): Link {
  return {
    source: CALLER,
    target: to,
    name,
    namespace: "inlay",
    package: "test",
    interfaces: [iface],
    sourceConfig: [],
    targetConfig: [],
  };
}

async function open(
  route: CallRoute,
  more: Readonly<Record<string, LocalComponent>> = {},
  load?: LocalComponent["load"],
): Promise<Stage> {
  const heard = nothingHeard();
  const links = createSource<Stage["links"] extends { peek(): infer T } ? T : never>(
    new Map([[CALLER, [link("default", TARGET)]]]),
  );
  const start = async (components: Readonly<Record<string, LocalComponent>>) => {
    const { shortCircuit } = route;
    const parts = {
      ...(shortCircuit === undefined ? {} : { shortCircuit }),
      // All calls are quick, however busy the machine is: which of them a companion gets is no matter of luck here.
      ...(route.companion === true ? { clock: { ...realClock, monotonic: () => 0 } } : {}),
    };
    const node = await startHost({ bus: await route.connect() }, { components, links, parts });
    for (const id of Object.keys(components)) await scale(node, id, INSTANCES);
    return node;
  };
  const own = target(heard);
  const targets = { target: load === undefined ? own : { ...own, load }, ...more };
  const callerNode = await start(route.nodes === "one" ? { caller, ...targets } : { caller });
  const targetNode = route.nodes === "one" ? callerNode : await start(targets);
  const stage: Stage = {
    callerNode,
    targetNode,
    heard,
    links,
    async run(script, { trace = {}, signal = new AbortController().signal } = {}) {
      const results = await callerNode.host.calleeFor(CALLER, caller.world).invoke({
        id: crypto.randomUUID(),
        source: undefined,
        target: CALLER,
        link: "default",
        instance: GO,
        func: "go",
        args: [script],
        trace: new Map(Object.entries(trace)),
        signal,
      });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the script gave, by the caller above
      return results[0] as never;
    },
    async [Symbol.asyncDispose]() {
      await callerNode[Symbol.asyncDispose]();
      if (targetNode !== callerNode) await targetNode[Symbol.asyncDispose]();
    },
  };
  try {
    if (route.companion === true && load === undefined) await warmUp(stage);
  } catch (cause) {
    await stage[Symbol.asyncDispose](); // else it would answer the calls of other tests
    throw cause;
  }
  return stage;
}

function scale({ host }: LatticeHost, id: string, maxInstances: number): Promise<void> {
  return host.scale({
    id: entityId(id),
    image: id,
    maxInstances,
    annotations: new Map(),
    ...(id === CALLER ? {} : { limits: { callDeadlineMs: TARGET_DEADLINE_MS } }),
  });
}

/** The outcome of a call: its results, or the code of its failure. */
async function outcome(results: Promise<readonly WitValue[]>): Promise<unknown> {
  try {
    return await results;
  } catch (cause) {
    return cause instanceof LatticeError ? cause.code : cause;
  }
}

const call =
  (func: string, ...args: WitValue[]) =>
  (importing: Importing): Promise<unknown> =>
    outcome(importing(ECHO, func, ...args));

/** For each function that gives what it got, one value. */
const VALUES: readonly { readonly func: string; readonly value: WitValue }[] = [
  { func: "bool", value: true },
  { func: "u8", value: 255 },
  { func: "s16", value: -32_768 },
  { func: "u32", value: 4_294_967_295 },
  { func: "s64", value: -(2n ** 63n) },
  { func: "u64", value: 2n ** 64n - 1n },
  { func: "f32", value: Math.fround(0.1) },
  { func: "f64", value: -0 },
  { func: "char", value: "😀" },
  { func: "string", value: "grüß\0dich" },
  { func: "bytes", value: Uint8Array.of(1, 2, 3) },
  { func: "longs", value: BigUint64Array.of(1n, 2n) },
  {
    func: "shapes",
    value: [
      { tag: "none" },
      { tag: "dot", val: { x: -1, longName: "a" } },
      {
        tag: "line",
        val: [
          { x: 1, longName: undefined },
          { x: 2, longName: "" },
        ],
      },
    ],
  },
  { func: "colors", value: ["dark-green", { read: false, writeAll: true }] },
  { func: "maybe", value: { tag: "some", val: undefined } },
  { func: "either", value: { tag: "err", val: { x: 0, longName: undefined } } },
];

/** What a companion answers: plain values, at once. */
const QUICK: readonly (readonly [func: string, ...args: WitValue[]])[] = [
  ...VALUES.map(({ func, value }) => [func, value] as const),
  ["two", "a", 1],
  ["nothing"],
  ["refuse"],
  ["trap"],
  ["trap-silently"],
  ["wrong"],
  ["keep", []],
];

/** Calls what is quick until all of it is entrusted to a companion. */
async function warmUp(stage: Stage): Promise<void> {
  const { heard, callerNode } = stage;
  const entrusted = (): number =>
    callerNode.log.filter(({ event }) => event === "companion.entrusted").length;
  heard.warming = true;
  await stage.run(async (importing) => {
    for (let round = 0; round < 1_000 && entrusted() < QUICK.length; round++) {
      for (const [func, ...args] of QUICK) await importing(ECHO, func, ...args);
    }
  });
  expect(entrusted()).toBe(QUICK.length);
  heard.warming = false;
  heard.calls.length = heard.kept.length = heard.alone.length = 0;
}

export function callsContract(route: CallRoute): void {
  describe(`${route.name}: values`, () => {
    test.each(VALUES)("$func goes there and back", async ({ func, value }) => {
      await using stage = await open(route);

      expect(await stage.run(call(func, value))).toEqual([value]);
      expect(stage.heard.alone).toEqual(route.companion === true ? [] : [func]);
    });

    test("several parameters, none, and no result", async () => {
      await using stage = await open(route);

      expect(await stage.run(call("two", "a", 3))).toEqual(["target got a and 3"]);
      expect(await stage.run(call("nothing"))).toEqual([]);
      expect(stage.heard.calls).toHaveLength(1);
    });

    test("the target's values are its own", async () => {
      await using stage = await open(route);
      const sent = [{ x: 1, longName: undefined }];

      const [given] = await stage.run((importing) => importing(ECHO, "keep", sent));
      sent.push({ x: 2, longName: undefined });
      (given as unknown[]).push("more");

      expect(stage.heard.kept).toEqual([[{ x: 1, longName: undefined }]]);
    });

    test("what is missing or too much in a record or in flags is made whole", async () => {
      await using stage = await open(route);

      const given = await stage.run(call("colors", ["red", { read: true, other: 1 }]));

      expect(given).toEqual([["red", { read: true, writeAll: false }]]);
    });

    test.each([
      { func: "u8", value: 256 },
      { func: "u32", value: 1.5 },
      { func: "string", value: 5 },
      { func: "bytes", value: "text" },
      { func: "colors", value: ["blue", {}] },
      { func: "u64", value: 1 },
    ])("a $func that is none does not leave the caller", async ({ func, value }) => {
      await using stage = await open(route);

      expect(await stage.run(call(func, value))).toBe("bad-input");
      expect(stage.heard.calls).toEqual([]);
    });
  });

  describe(`${route.name}: failures`, () => {
    test.each([
      { func: "refuse", gives: [{ tag: "err", val: 7 }], what: "an `err` is a value" },
      { func: "trap", gives: "incomplete", what: "a trap ends without a result" },
      { func: "trap-silently", gives: [], what: "a trap without results is not told" },
      { func: "wrong", gives: "incomplete", what: "a result of another type is none" },
      { func: "slow", gives: "incomplete", what: "the target's deadline ends without a result" },
      { func: "only-here", gives: "not-served", what: "the target has no such function" },
    ])("$what", async ({ func, gives }) => {
      await using stage = await open(route);

      expect(await stage.run(call(func))).toEqual(gives);
    });

    test("the target's node knows why", async () => {
      await using stage = await open(route);

      await stage.run(call("trap"));

      const answered = stage.targetNode.calls.filter(
        ({ func, outgoing }) => func === "trap" && outgoing === undefined,
      );
      expect(answered.at(-1)).toMatchObject({
        outcome: "failed",
        error: "guest-trapped: unreachable",
      });
      const [line, ...others] = stage.callerNode.log.filter(
        ({ event }) => event === "import.failed",
      );
      expect(others).toEqual([]);
      expect(line?.fields).toMatchObject({
        workload: "caller",
        instance: ECHO,
        func: "trap",
        link: "default",
        target: "target",
        code: "incomplete",
      });
    });

    test("a call that is given up is over at once", async () => {
      await using stage = await open(route);
      const gone = new AbortController();
      let met: unknown;

      const running = stage.run(
        async (importing) => {
          met = await call("slow")(importing);
        },
        { signal: gone.signal },
      );
      await expect.poll(() => stage.heard.calls.length).toBe(1);
      gone.abort(new LatticeError("aborted", "enough"));

      await expect(running).rejects.toMatchObject({ code: "aborted" });
      await expect.poll(() => met).toBe("aborted");
    });

    test("an import without a link says how to make one", async () => {
      await using stage = await open(route);

      const error = await stage.run((importing) =>
        importing("inlay:test/unlinked", "f").catch((cause: unknown) => cause),
      );

      expect(error).toMatchObject({
        code: "link-missing",
        message: expect.stringMatching(/caller.*"default".*inlay:test\/unlinked/),
      });
    });

    test("a link to nobody", async () => {
      await using stage = await open(route);
      stage.links.set(new Map([[CALLER, [link("default", entityId("nobody"))]]]));

      expect(await stage.run(call("two", "a", 1))).toBe("not-served");
    });
  });

  describe(`${route.name}: streams and futures`, () => {
    test("bytes flow there and back", async () => {
      await using stage = await open(route);
      const parts = [Uint8Array.of(1, 2), new Uint8Array(100_000).fill(7), Uint8Array.of(3)];

      const given = await stage.run(async (importing) => {
        const left = [...parts];
        const [stream] = await importing(
          ECHO,
          "flow",
          pulling(() => left.shift()),
        );
        return all(stream);
      });

      expect(given).toEqual(parts.flatMap((part) => [...part]));
    });

    test("so do values", async () => {
      await using stage = await open(route);
      const left = [["a", "b"], ["c"]];

      const given = await stage.run(async (importing) => {
        const [stream] = await importing(
          ECHO,
          "names",
          pulling(() => left.shift()),
        );
        return all(stream);
      });

      expect(given).toEqual(["a", "b", "c"]);
    });

    test("and what comes later", async () => {
      await using stage = await open(route);

      const given = await stage.run(async (importing) => {
        const [given] = await importing(ECHO, "later", Promise.resolve("soon"));
        return (given as Promise<string>[])[0];
      });

      expect(given).toBe("soon");
    });

    test("within other values", async () => {
      await using stage = await open(route);
      const left = [Uint8Array.of(1, 2), Uint8Array.of(3)];

      const given = await stage.run(async (importing) => {
        const body = [pulling(() => left.shift()), Promise.resolve(9)];
        const [result] = await importing(ECHO, "both", body);
        const { tag, val } = result as { tag: string; val: [number, Promise<number>] };
        return [tag, val[0], await val[1]];
      });

      expect(given).toEqual(["ok", 3, 9]);
    });

    test("a stream that breaks off is not whole, and a future that does never comes", async () => {
      await using stage = await open(route);
      const codeOf = (cause: unknown): unknown =>
        cause instanceof LatticeError ? cause.code : cause;

      const given = await stage.run(async (importing) => {
        const [stream] = await importing(ECHO, "broken");
        const [given] = await importing(ECHO, "never");
        const [future] = given as Promise<string>[];
        return [await all(stream).catch(codeOf), await future?.catch(codeOf)];
      });

      expect(given).toEqual(["incomplete", "incomplete"]);
    });
  });

  describe(`${route.name}: who is called, and what it learns`, () => {
    test("source and link name; no trace where none came in", async () => {
      await using stage = await open(route);

      await stage.run(call("u8", 1));

      const [heard] = stage.heard.calls;
      expect(heard).toMatchObject({ source: "caller", target: "target", link: "default" });
      expect([...(heard?.trace ?? [])]).toEqual([]);
    });

    test("the trace goes on in a span of its own", async () => {
      await using stage = await open(route);
      const traceId = "0af7651916cd43dd8448eb211c80319c";
      const trace = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "a=1" };

      await stage.run(
        async (importing) => {
          await call("u8", 1)(importing);
          await call("u8", 2)(importing);
        },
        { trace },
      );

      const answered = stage.targetNode.calls.filter(
        ({ func, outgoing }) => func === "u8" && outgoing === undefined,
      );
      const parents = answered.slice(-2).map(({ traceparent }) => traceparent ?? "");
      for (const parent of parents) {
        expect(parent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
        expect(parent).not.toContain("b7ad6b7169203331");
      }
      expect(new Set(parents).size).toBe(2);
      expect(stage.heard.calls[0]?.trace.get("tracestate")).toBe("a=1");
    });

    test("a chosen link name holds for this instance until it is taken back", async () => {
      const other = nothingHeard();
      await using stage = await open(route, { other: target(other, "other") });
      stage.links.set(
        new Map([[CALLER, [link("default", TARGET), link("backup", entityId("other"))]]]),
      );
      const bus = "wasmcloud:bus/lattice@1.0.0";

      const given = await stage.run(async (importing) => {
        const before = await call("two", "a", 1)(importing);
        const [handle] = await importing(
          bus,
          "[constructor]call-target-interface",
          "inlay",
          "test",
          "echo",
        );
        await importing(bus, "set-link-name", "backup", [handle]);
        const chosen = await call("two", "b", 2)(importing);
        await call("u8", 1)(importing);
        await importing(bus, "set-link-name", "default", [handle]);
        return [before, chosen, await call("two", "c", 3)(importing)];
      });

      expect(given).toEqual([
        ["target got a and 1"],
        ["other got b and 2"],
        ["target got c and 3"],
      ]);
      expect(other.calls).toMatchObject([{ link: "backup", target: "other" }]);
      expect(await stage.run(call("two", "d", 4))).toEqual(["target got d and 4"]);
    });

    test("links count from the moment they change", async () => {
      await using stage = await open(route);
      stage.links.set(new Map());

      const given = await stage.run(async (importing) => {
        const without = await call("two", "a", 1)(importing);
        stage.links.set(new Map([[CALLER, [link("default", TARGET)]]]));
        return [without, await call("two", "b", 2)(importing)];
      });

      expect(given).toEqual(["link-missing", ["target got b and 2"]]);
    });

    test("a target whose line is full is called where it has room", async () => {
      const elsewhere = nothingHeard();
      const full = createSource({ running: 1, waiting: 100, accepting: false });
      await using stage = await open(route, {}, full);
      await using other = await startHost(
        { bus: await route.connect() },
        { components: { target: target(elsewhere, "elsewhere") } },
      );
      await scale(other, "target", 1);

      const before = await stage.run(call("two", "a", 1));
      full.set({ running: 0, waiting: 0, accepting: true });

      expect(before).toEqual(["elsewhere got a and 1"]);
    });

    test("a target that stops is not there, and is when it starts again", async () => {
      await using stage = await open(route);

      await scale(stage.targetNode, "target", 0);
      const gone = await stage.run(call("two", "a", 1));
      await scale(stage.targetNode, "target", INSTANCES);

      expect(gone).toBe("not-served");
      expect(await stage.run(call("two", "b", 2))).toEqual(["target got b and 2"]);
    });

    test("each call is recorded once by who answers it, and once by who sends it away", async () => {
      await using stage = await open(route);

      await stage.run(call("u8", 1));

      const remote = route.nodes === "two" || route.shortCircuit === false;
      const records = (): readonly (string | undefined)[] =>
        [...new Set([...stage.callerNode.calls, ...stage.targetNode.calls])]
          .filter(({ func }) => func === "u8")
          .map((each) => each.outgoing);
      await expect
        .poll(records)
        .toEqual(expect.arrayContaining(remote ? [undefined, "component"] : [undefined]));
    });
  });
}
