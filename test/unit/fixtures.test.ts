import { describe, expect, test } from "vitest";
import { fixture } from "../support/fixtures.ts";
import { guestOf } from "../support/guest.ts";
import type { Guest, GuestImports, Instantiate } from "../support/guest.ts";

const guests = new Map<string, Promise<Instantiate>>();

/** A new instance of a fixture, which is transpiled once. */
async function run(name: string, imports?: GuestImports): Promise<Guest> {
  const guest = guests.get(name) ?? guestOf(fixture(name));
  guests.set(name, guest);
  return (await guest)(imports);
}

/** Calls a function of a fixture in an instance of its own. */
async function call(
  name: string,
  instance: string,
  func: string,
  args: readonly unknown[],
  imports?: GuestImports,
): Promise<unknown> {
  const guest = await run(name, imports);
  return functionOf(guest, instance, func)(...args);
}

function functionOf(guest: Guest, instance: string, func: string): (...args: unknown[]) => unknown {
  const found = guest[instance]?.[func];
  if (found === undefined) throw new Error(`no ${func} in ${instance}`);
  return found;
}

describe("hello", () => {
  test.each([
    ["greet", ["Tab"], "Hello, Tab!"],
    ["greet", [""], "Hello, !"],
    ["greet", ["é✓ 🦊"], "Hello, é✓ 🦊!"],
    ["hello", [], "Hello! I live in a browser tab, and I was awake anyway."],
    ["add", [4_294_967_295, 3], 2],
    ["echo", [Uint8Array.of(0, 255)], Uint8Array.of(0, 255)],
  ])("%s %j", async (func, args, expected) => {
    const answer = await call("hello", "inlay:demo/greeter", func, args);

    expect(answer).toEqual(expected);
  });

  test("gives back more bytes than its memory first holds", async () => {
    const data = new Uint8Array(300_000).fill(7);

    const answer = await call("hello", "inlay:demo/greeter", "echo", [data]);

    expect(answer instanceof Uint8Array && Buffer.from(data).equals(answer)).toBe(true);
  });
});

describe("caller", () => {
  class CallTargetInterface {
    readonly name: string;

    constructor(namespace: string, pkg: string, iface: string) {
      this.name = `${namespace}:${pkg}/${iface}`;
    }
  }
  const chosen: unknown[] = [];
  const imports = {
    "inlay:demo/greeter": {
      greet: (name: string) => `Hi, ${name}`,
      add: (a: number, b: number) => a + b,
      echo: (data: Uint8Array) => data.toReversed(),
    },
    "wasmcloud:bus/lattice": {
      CallTargetInterface,
      setLinkName: (name: string, interfaces: readonly CallTargetInterface[]) =>
        void chosen.push([name, ...interfaces.map((each) => each.name)]),
    },
  };

  test.each([
    ["greet", ["Ada"], "Hi, Ada"],
    ["greetBy", ["backup", "Ada"], "Hi, Ada"],
    ["addTimes", [40, 2], 42],
    ["addTimes", [7, 0], 7],
    ["echo", [Uint8Array.of(1, 2)], Uint8Array.of(2, 1)],
  ])("%s %j passes its greeter's answer on", async (func, args, expected) => {
    const answer = await call("caller", "inlay:test/caller", func, args, imports);

    expect(answer).toEqual(expected);
  });

  test("chooses the link name before it calls", () => {
    expect(chosen).toEqual([["backup", "inlay:demo/greeter"]]);
  });
});

describe("listener", () => {
  const published: unknown[] = [];
  const imports = {
    "inlay:demo/greeter": { add: (a: number, b: number) => a + b },
    "wasmcloud:messaging/consumer": { publish: (message: unknown) => void published.push(message) },
  };

  test.each([
    [0, 0],
    [3, 6],
  ])("%d calls give %d to whoever wants the reply", async (times, sum) => {
    const message = { subject: "asked", body: Uint8Array.of(times, 0, 0, 0), replyTo: "answers" };

    await call(
      "listener",
      "wasmcloud:messaging/handler@0.2.0",
      "handleMessage",
      [message],
      imports,
    );

    expect(published.at(-1)).toEqual({
      subject: "answers",
      body: Uint8Array.of(sum, 0, 0, 0),
      replyTo: undefined,
    });
  });
});

describe("types", () => {
  const point = { x: 1.5, y: -0.25 };
  const person = {
    name: "Ada",
    birthYear: 1815,
    tags: ["maths", "ü"],
    home: point,
    favourite: "light-blue",
  };
  const wide = Object.fromEntries(
    Array.from({ length: 18 }, (_, i) => [`f${i}`, i % 2 === 1 ? 200 + i : 2n ** 60n + BigInt(i)]),
  );
  const flags = (count: number, set: readonly number[]): Record<string, boolean> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`b${i}`, set.includes(i)]));

  test.each([
    ["echoBool", true],
    ["echoU8", 255],
    ["echoS8", -128],
    ["echoU16", 65_535],
    ["echoS16", -32_768],
    ["echoU32", 4_294_967_295],
    ["echoS32", -2_147_483_648],
    ["echoU64", 2n ** 64n - 1n],
    ["echoS64", -(2n ** 63n)],
    ["echoF32", 1.5],
    ["echoF64", Math.PI],
    ["echoChar", "🦊"],
    ["echoString", "naïve ✓"],
    ["echoStrings", ["a", "", "ü"]],
    ["echoBytes", Uint8Array.of(1, 2, 3)],
    ["echoMatrix", [Uint32Array.of(1, 2), new Uint32Array(), Uint32Array.of(3)]],
    ["echoPairs", [["a", 1]]],
    ["echoPoint", point],
    ["echoPoints", [point, point]],
    ["echoPerson", person],
    ["echoPeople", [person, { ...person, birthYear: undefined, tags: [] }]],
    ["echoWide", wide],
    ["echoShape", { tag: "empty" }],
    ["echoShape", { tag: "circle", val: 2.5 }],
    ["echoShape", { tag: "polygon", val: [point] }],
    ["echoShape", { tag: "label", val: "here" }],
    ["echoShape", { tag: "area", val: 2n ** 63n }],
    ["echoShape", { tag: "ratio", val: 0.1 }],
    ["echoShape", { tag: "tinted", val: "green" }],
    ["echoShapes", [{ tag: "empty" }, { tag: "area", val: 1n }]],
    ["echoColor", "light-blue"],
    ["echoFlags8", { canRead: true, canWrite: false, exec: true }],
    ["echoFlags16", flags(9, [8])],
    ["echoFlags17", flags(17, [0, 16])],
    ["echoFlags32", flags(32, [0, 15, 31])],
    ["echoOption", 0],
    ["echoOption", undefined],
    ["echoOptionString", ""],
    ["echoOptionOption", { tag: "some", val: undefined }],
    ["echoOptionOption", { tag: "none" }],
    ["echoOptions", [1, undefined, -1]],
    [
      "echoResults",
      [
        { tag: "ok", val: "a" },
        { tag: "err", val: 1 },
      ],
    ],
    ["echoTuple", [1, "b", 2.5]],
    [
      "echoTupleNested",
      [
        [true, 2n ** 40n],
        ["z", -1],
      ],
    ],
    ["echoTupleNested", [[false, 0n], undefined]],
  ])("%s", async (func, value) => {
    const answer = await call("types", "inlay:test/types", func, [value]);

    expect(answer).toEqual(value);
  });

  test("a result that is ok is what it holds, an error is thrown", async () => {
    const guest = await run("types");
    const both = functionOf(guest, "inlay:test/types", "echoResultBoth");
    const error = { tag: "label", val: "no" };

    const ok = both({ tag: "ok", val: point });

    expect(ok).toEqual(point);
    expect(() => both({ tag: "err", val: error })).toThrow(
      expect.objectContaining({ payload: error }),
    );
  });

  test("seventeen parameters come back as a tuple", async () => {
    const args = Array.from({ length: 17 }, (_, i) => i * 1000);

    const answer = await call("types", "inlay:test/types", "echoMany", args);

    expect(answer).toEqual(args);
  });
});

describe("faulty", () => {
  const faulty = "inlay:test/faulty";

  test.each([
    ["trap", /unreachable/],
    ["recurse", /call stack|re-enter|enter component/],
    ["lie", /./],
    ["fail", /broken on purpose/],
  ])("%s throws", async (func, message) => {
    const answer = call("faulty", faulty, func, []);

    await expect(answer).rejects.toThrow(message);
  });

  test("counts its calls, and a new instance begins anew", async () => {
    const first = await run("faulty");
    const count = functionOf(first, faulty, "count");

    const counted = [count(), count()];

    expect(counted).toEqual([1, 2]);
    expect(await call("faulty", faulty, "count", [])).toBe(1);
  });

  test("grows its memory, by the pages there were", async () => {
    const guest = await run("faulty");
    const grow = functionOf(guest, faulty, "grow");

    const pages = [grow(2), grow(0), grow(70_000)];

    expect(pages).toEqual([1, 3, -1]);
  });

  test("gives nothing", async () => {
    const answer = await call("faulty", faulty, "nothing", []);

    expect(answer).toBeUndefined();
  });

  test("goes round as often as asked", async () => {
    const answer = await call("faulty", faulty, "spinFor", [1000n]);

    expect(answer).toBe(1000n);
  });
});

test("sleeper waits for the pollable of the clock, and tells the time that passed", async () => {
  const seen: string[] = [];
  let now = 5_000_000n;
  class Pollable {
    readonly #wait: bigint;

    constructor(wait: bigint) {
      this.#wait = wait;
    }

    block(): void {
      seen.push("blocked");
      now += this.#wait;
    }
  }
  const clock = { now: () => now, subscribeDuration: (wait: bigint) => new Pollable(wait) };
  const imports = { "wasi:clocks/monotonic-clock": clock, "wasi:io/poll": { Pollable } };

  const answer = await call("sleeper", "inlay:test/sleeper", "sleep", [250n], imports);

  expect(answer).toBe(250n);
  expect(seen).toEqual(["blocked"]);
});

describe("logger", () => {
  const logging = (lines: unknown[]): GuestImports => ({
    "wasi:logging/logging": { log: (...line: unknown[]) => void lines.push(line) },
  });

  test.each([
    ["log", ["so be it"], 1],
    ["logTimes", ["so be it", 3], 3],
  ])("%s", async (func, args, times) => {
    const lines: unknown[] = [];

    await call("logger", "inlay:test/logger", func, args, logging(lines));

    expect(lines).toEqual(Array.from({ length: times }, () => ["info", "logger", "so be it"]));
  });

  test("traps once it has logged", async () => {
    const lines: unknown[] = [];

    const answer = call("logger", "inlay:test/logger", "trapAfterLog", ["bye"], logging(lines));

    await expect(answer).rejects.toThrow(/unreachable/);
    expect(lines).toEqual([["info", "logger", "bye"]]);
  });
});

describe("counter", () => {
  class Bucket {
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
  }
  const storing = (increment: () => bigint): GuestImports => ({
    "wasi:keyvalue/store": { Bucket, open: (name: string) => new Bucket(name) },
    "wasi:keyvalue/atomics": { increment },
  });

  test("counts in the bucket that it opens", async () => {
    const added: unknown[] = [];
    const imports = storing((...args: unknown[]) => BigInt(added.push(args)) * 7n);

    const answer = await call("counter", "inlay:test/counter", "count", ["visits", "a"], imports);

    expect(answer).toBe(7n);
    expect(added).toEqual([[expect.objectContaining({ name: "visits" }), "a", 1n]]);
  });

  test.each([
    [{ tag: "no-such-store" }, "no such store"],
    [{ tag: "access-denied" }, "access denied"],
    [{ tag: "other", val: "the disk is full" }, "the disk is full"],
  ])("tells the store's error %j", async (payload, words) => {
    const imports = storing(() => {
      throw Object.assign(new Error("err"), { payload });
    });

    const answer = call("counter", "inlay:test/counter", "count", ["visits", "a"], imports);

    await expect(answer).rejects.toMatchObject({ payload: words });
  });
});

test("unmet passes on what its import says", async () => {
  const imports = { "acme:unknown/thing": { weigh: (grams: number) => grams * 2 } };

  const answer = await call("unmet", "inlay:test/scales", "weigh", [21], imports);

  expect(answer).toBe(42);
});

describe("wasi", () => {
  const variables = [
    ["HOME", "/nowhere"],
    ["LANG", "é"],
  ];
  class Descriptor {
    readonly path = "/";
  }
  const imports: GuestImports = {
    "wasi:cli/environment": {
      getEnvironment: () => variables,
      getArguments: () => ["guest", "--quiet"],
    },
    "wasi:clocks/wall-clock": { now: () => ({ seconds: 1_700_000_000n, nanoseconds: 9 }) },
    "wasi:filesystem/types": { Descriptor },
    "wasi:filesystem/preopens": {
      getDirectories: () => [[new Descriptor(), "/"]],
    },
    "wasi:random/random": { getRandomU64: () => 2n ** 64n - 2n },
  };

  test.each([
    ["env", variables],
    ["args", ["guest", "--quiet"]],
    ["random", 2n ** 64n - 2n],
    ["now", 1_700_000_000n],
    ["preopens", 1],
  ])("%s is what the host says", async (func, expected) => {
    const answer = await call("wasi", "inlay:test/sandbox", func, [], imports);

    expect(answer).toEqual(expected);
  });
});

test("composed calls from one inner component into the other", async () => {
  const answer = await call("composed", "inlay:test/shouter", "shout", ["hello wörld"]);

  expect(answer).toEqual({ text: "HELLO WöRLD", length: 12 });
});
