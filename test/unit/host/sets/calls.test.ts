/** What components of a set import, and who answers: each other, offers, the host. */
import { describe, expect, test } from "vitest";

import type { Call } from "../../../../src/core/call.ts";
import type { Offer } from "../../../../src/core/offer.ts";
import type { Importing, LocalComponent } from "../../../support/local-runtime.ts";

import { LatticeError } from "../../../../src/core/error.ts";
import { createSets } from "../../../../src/host/sets/sets.ts";
import { servedOf } from "../../../../src/providers/served.ts";
import {
  calleeOf,
  callMember,
  createTestParts,
  createTestSets,
  entryOf,
  memberOf,
  sampleOffer,
  setOf,
  worldOf,
} from "../../../support/sets.ts";

const WIT = `
package demo:app@1.0.0;
interface drive { go: func(word: string) -> string; }
package demo:text@1.0.0 { interface shout { loud: func(word: string) -> string; } }
package demo:text@2.0.0 { interface shout { loud: func(word: string) -> string; } }
package wasi:keyvalue@0.2.0-draft {
  interface store {
    variant error { no-such-store, access-denied, other(string) }
    resource bucket {
      get: func(key: string) -> result<option<list<u8>>, error>;
    }
    open: func(identifier: string) -> result<bucket, error>;
  }
}
package wasi:config@0.2.0-rc.1 {
  interface store {
    variant error { upstream(string), io(string) }
    get-all: func() -> result<list<tuple<string, string>>, error>;
  }
}
package wasi:logging@0.1.0-draft {
  interface logging {
    enum level { trace, debug, info, warn, error, critical }
    log: func(level: level, context: string, message: string);
  }
}
`;
const DRIVE = "demo:app/drive@1.0.0";
const ONE = "demo:text/shout@1.0.0";
const TWO = "demo:text/shout@2.0.0";
const STORE = "wasi:keyvalue/store@0.2.0-draft";
const CONFIG = "wasi:config/store@0.2.0-rc.1";
const LOGGING = "wasi:logging/logging@0.1.0-draft";
const FAR_STORE = "wrpc:keyvalue/store@0.2.0-draft";

/** Exports `drive`, and answers it by what it imports. */
function driven(
  imports: readonly string[],
  go: (importing: Importing, word: string) => Promise<unknown>,
  more: Partial<LocalComponent> = {},
): LocalComponent {
  return {
    world: worldOf(WIT, { imports, exports: [DRIVE] }),
    functions: {},
    guest: (importing) => ({ [`${DRIVE}#go`]: (word) => go(importing, String(word)) }),
    ...more,
  };
}
const shouting = (instance: string, mark: string): LocalComponent => ({
  world: worldOf(WIT, { exports: [instance] }),
  functions: { [`${instance}#loud`]: (word) => `${String(word)}${mark}` },
});
const driver = () => sampleOffer({ id: "driver", exports: [entryOf("demo:app@1.0.0", ["drive"])] });
const DRIVEN = entryOf("demo:app", ["drive"]);
/** `get` of a bucket, as a guest asks for it. */
const getOf = async (importing: Importing, key: string): Promise<unknown> => {
  const [opened] = await importing(STORE, "open", "box");
  const bucket = (opened as { val: Uint8Array }).val;
  const [got] = await importing(STORE, "[method]bucket.get", bucket, key);
  return JSON.stringify(got, (_, each: unknown) =>
    each instanceof Uint8Array ? new TextDecoder().decode(each) : each,
  );
};
/** A store that answers with its name, the link, the bucket and the key. */
function storeOffer(id: string, named: boolean) {
  const seen: Call[] = [];
  const callee = calleeOf({
    get(call) {
      seen.push(call);
      return {
        tag: "ok",
        val: new TextEncoder().encode(`${id} ${call.link} ${call.args.join(" ")}`),
      };
    },
  });
  const imports = [entryOf("wasi:keyvalue@0.2.0-draft", ["store"])];
  const serves = { world: servedOf(FAR_STORE), callee };
  const sample = sampleOffer({ id, imports, named }, { serves });
  return { seen, sample, offer: sample.offer };
}

describe("a component of the set answers", () => {
  test("two versions of one interface, each by who exports it", async () => {
    const drive = driver();
    const both = driven([ONE, TWO], async (importing, word) => {
      const [one] = await importing(ONE, "loud", word);
      const [two] = await importing(TWO, "loud", word);
      return `${String(one)} ${String(two)}`;
    });
    const { sets } = createTestSets(
      { both, one: shouting(ONE, "!"), two: shouting(TWO, "?") },
      { offers: [drive.offer] },
    );
    await sets.start(setOf(["both", "two", "one"], { interfaces: [DRIVEN] }));

    expect(await callMember(drive.members.get("both"), DRIVE, "go", ["hey"])).toBe("hey! hey?");
  });

  test("what the host has as well", async () => {
    const drive = driver();
    const lines: unknown[] = [];
    const logger: LocalComponent = {
      world: worldOf(WIT, { exports: [LOGGING] }),
      functions: { [`${LOGGING}#log`]: (...line) => void lines.push(line) },
    };
    const writer = driven([LOGGING], async (importing, word) => {
      await importing(LOGGING, "log", "info", "here", word);
      return "logged";
    });
    const { sets, log } = createTestSets({ writer, logger }, { offers: [drive.offer] });
    await sets.start(setOf(["writer", "logger"], { interfaces: [DRIVEN] }));

    await callMember(drive.members.get("writer"), DRIVE, "go", ["word"]);

    expect(lines).toEqual([["info", "here", "word"]]);
    expect(log.entries.filter(({ event }) => event === "guest.log")).toEqual([]);
  });

  test("what an offer has as well, with its own resources", async () => {
    const drive = driver();
    const offered = storeOffer("wasi-keyvalue", false);
    const own: LocalComponent = {
      world: worldOf(WIT, { exports: [STORE] }),
      functions: {},
      instance: () => ({
        functions: {
          [`${STORE}#open`]: () => ({ tag: "ok", val: 7 }),
          [`${STORE}#[method]bucket.get`]: (_, key) => ({
            tag: "ok",
            val: new TextEncoder().encode(`own ${String(key)}`),
          }),
        },
        drop: () => undefined,
      }),
    };
    const reader = driven([STORE], getOf);
    const { sets } = createTestSets({ reader, own }, { offers: [drive.offer, offered.offer] });
    const interfaces = [DRIVEN, entryOf("wasi:keyvalue", ["store"])];
    const started = await sets.start(setOf(["reader", "own"], { interfaces }));

    const got = await callMember(drive.members.get("reader"), DRIVE, "go", ["k"]);

    expect(started.phase).toBe("running");
    expect(got).toBe('{"tag":"ok","val":"own k"}');
    expect(offered.sample.told).toEqual([]);
  });

  test("a failure there is an error of the caller, and is recorded", async () => {
    const drive = driver();
    const failing: LocalComponent = {
      world: worldOf(WIT, { exports: [ONE] }),
      functions: {
        [`${ONE}#loud`]: () => {
          throw new LatticeError("guest-trapped", "unreachable executed");
        },
      },
    };
    const caller = driven(
      [ONE],
      async (importing, word) => (await importing(ONE, "loud", word))[0],
    );
    const { sets, calls } = createTestSets({ caller, failing }, { offers: [drive.offer] });
    await sets.start(setOf(["caller", "failing"], { interfaces: [DRIVEN] }));

    await expect(callMember(drive.members.get("caller"), DRIVE, "go", ["x"])).rejects.toMatchObject(
      { code: "incomplete" },
    );
    expect(calls.map(({ target, outcome, error }) => [target, outcome, error])).toEqual([
      ["default/shop/failing", "failed", "guest-trapped: unreachable executed"],
      [
        "default/shop/caller",
        "failed",
        "incomplete: default/shop/failing ended loud without a result: it failed there",
      ],
    ]);
  });

  test("calls that are quick run beside their caller, and are recorded all the same", async () => {
    const drive = driver();
    let own = 0;
    const quick = { ...shouting(ONE, "!"), portable: true, onInvoke: () => void own++ };
    const caller = driven(
      [ONE],
      async (importing, word) => (await importing(ONE, "loud", word))[0],
    );
    const { sets, log, calls } = createTestSets({ caller, quick }, { offers: [drive.offer] });
    await sets.start(setOf(["caller", "quick"], { interfaces: [DRIVEN] }));
    const go = () => callMember(drive.members.get("caller"), DRIVE, "go", ["x"]);

    for (let count = 0; count < 40; count++) expect(await go()).toBe("x!");
    await sets.stop("set-1");

    const entrusted = await log.heard("companion.entrusted");
    expect(entrusted.fields).toMatchObject({
      workload: "default/shop/caller",
      target: "default/shop/quick",
    });
    expect(own).toBe(32);
    expect(calls.filter(({ target }) => target === "default/shop/quick")).toHaveLength(40);
  });

  test("never for a component of another set", async () => {
    const drive = driver();
    const caller = driven(
      [ONE],
      async (importing, word) => (await importing(ONE, "loud", word))[0],
    );
    const { sets } = createTestSets({ caller, one: shouting(ONE, "!") }, { offers: [drive.offer] });
    await sets.start(setOf(["one"], { id: "other" }));

    const started = await sets.start(setOf(["caller"], { interfaces: [DRIVEN] }));

    expect(started).toMatchObject({ phase: "failed" });
    expect(started.message).toContain(`component 'caller' imports ${ONE}`);
  });
});

describe("an offer", () => {
  test("hears who calls, and is told of the components that use it", async () => {
    const drive = driver();
    const store = storeOffer("wasi-keyvalue", false);
    const reader = driven([STORE], getOf);
    const { sets, calls } = createTestSets(
      { reader, idle: driven([], async () => "idle") },
      { offers: [drive.offer, store.offer] },
    );
    const entry = entryOf("wasi:keyvalue", ["store"]);
    const members = [memberOf("reader", { resources: { config: new Map([["a", "b"]]) } }), "idle"];
    await sets.start(setOf(members, { interfaces: [DRIVEN, entry] }));

    const got = await callMember(drive.members.get("reader"), DRIVE, "go", ["k"]);

    expect(got).toBe('{"tag":"ok","val":"wasi-keyvalue default box k"}');
    expect(store.seen.map(({ source, instance }) => [source, instance])).toEqual([
      ["default/shop/reader", FAR_STORE],
    ]);
    expect(store.sample.context).toMatchObject({
      set: { id: "set-1", namespace: "default", name: "shop" },
      entries: [entry],
    });
    expect(
      [...(store.sample.context?.members ?? [])].map(([name, { id, resources }]) => [
        name,
        id,
        [...resources.config],
      ]),
    ).toEqual([["reader", "default/shop/reader", [["a", "b"]]]]);
    expect([...drive.members.keys()]).toEqual(["reader", "idle"]);
    expect(calls.map(({ source, target }) => [source, target])).toContainEqual([
      "default/shop/reader",
      "default/shop/offer.wasi-keyvalue",
    ]);
  });

  test("that tells names apart hears which entry is meant", async () => {
    const drive = driver();
    const store = storeOffer("wasi-keyvalue-multiplexed", true);
    const { sets } = createTestSets(
      { reader: driven([STORE], getOf) },
      { offers: [drive.offer, store.offer] },
    );
    const entry = entryOf("wasi:keyvalue", ["store"], { name: "cache" });
    await sets.start(setOf(["reader"], { interfaces: [DRIVEN, entry] }));

    const got = await callMember(drive.members.get("reader"), DRIVE, "go", ["k"]);

    expect(got).toBe('{"tag":"ok","val":"wasi-keyvalue-multiplexed cache box k"}');
    expect(sets.entries()[0]?.members[0]?.met.get(STORE)).toBe("wasi-keyvalue-multiplexed (cache)");
  });
});

describe("the host itself", () => {
  const answered = (id: string, pkg: string, interfaces: readonly string[]): Offer => ({
    id,
    imports: [entryOf(pkg, interfaces)],
    exports: [],
    named: false,
  });
  const offers = [
    answered("wasi-config", "wasi:config@0.2.0-rc.1", ["store"]),
    answered("wasi-logging", "wasi:logging@0.1.0-draft", ["logging"]),
  ];

  test("gives configuration: that of entries, of the component over it, and its environment over that", async () => {
    const drive = driver();
    const environments: unknown[] = [];
    const reader = driven(
      [CONFIG],
      async (importing) => JSON.stringify((await importing(CONFIG, "get-all"))[0]),
      { onRun: ({ environment }) => environments.push(environment) },
    );
    const { sets } = createTestSets({ reader }, { offers: [...offers, drive.offer] });
    const config = new Map(Object.entries({ a: "entry", b: "entry", c: "entry" }));
    const environment = new Map([["c", "environment"]]);
    const member = memberOf("reader", {
      resources: { config: new Map(Object.entries({ b: "own", c: "own" })), environment },
    });
    const interfaces = [DRIVEN, entryOf("wasi:config", ["store"], { config })];
    await sets.start(setOf([member], { interfaces }));

    const got = await callMember(drive.members.get("reader"), DRIVE, "go", [""]);

    expect(JSON.parse(String(got))).toEqual({
      tag: "ok",
      val: [
        ["a", "entry"],
        ["b", "own"],
        ["c", "environment"],
      ],
    });
    expect(environments).toEqual([environment]);
  });

  test("writes what a component logs, with its name", async () => {
    const drive = driver();
    const writer = driven([LOGGING], async (importing, word) => {
      await importing(LOGGING, "log", "warn", "here", word);
      return "logged";
    });
    const { sets, log } = createTestSets({ writer }, { offers: [...offers, drive.offer] });
    const interfaces = [DRIVEN, entryOf("wasi:logging", ["logging"])];
    await sets.start(setOf(["writer"], { interfaces }));

    await callMember(drive.members.get("writer"), DRIVE, "go", ["hello"]);

    expect((await log.heard("guest.log")).fields).toEqual({
      workload: "default/shop/writer",
      context: "here",
      message: "hello",
    });
    expect(sets.entries()[0]?.members[0]?.met.get(LOGGING)).toBe("host");
  });

  test("gives nothing to an import that has a label in the place of its name", async () => {
    const { imports } = worldOf(WIT, { imports: [LOGGING] });
    const writer = driven([], async () => "");
    const labelled = {
      ...writer.world,
      imports: new Map([["team-a", imports.get(LOGGING) ?? new Map()]]),
    };
    const { sets } = createTestSets(
      { writer: { ...writer, world: labelled } },
      { offers: [...offers, driver().offer] },
    );
    const named = entryOf("wasi:logging", ["logging"], { name: "team-a" });

    const started = await sets.start(setOf(["writer"], { interfaces: [DRIVEN, named] }));

    expect(started).toMatchObject({
      phase: "failed",
      message: expect.stringMatching(/^component 'writer' imports 'team-a' \(what has a label/),
    });
  });

  test("gives neither to who has no entry for it", async () => {
    const { sets } = createTestSets(
      { writer: driven([LOGGING], async () => "") },
      { offers: [...offers, driver().offer] },
    );

    const started = await sets.start(setOf(["writer"], { interfaces: [DRIVEN] }));

    expect(started.message).toContain(`component 'writer' imports ${LOGGING}`);
  });
});

describe("what a manifest gives a component", () => {
  test("reaches whatever runs it, and one with files or instances of its own has no companions", async () => {
    const runs: unknown[] = [];
    const component: LocalComponent = {
      ...shouting(ONE, "!"),
      portable: true,
      onRun: ({ kept, mounts, maxInstances }) =>
        void runs.push({
          kept,
          maxInstances,
          mounts: mounts?.map(({ path, readOnly, volume }) => [path, readOnly, volume.name]),
        }),
    };
    const { sets, volumes } = createTestSets({ component });
    const image = { reference: "component" };
    const mounts = [{ volume: "data", path: "/data", readOnly: true }];
    const members = [
      memberOf("plain", { image }),
      memberOf("warm", { image, poolSize: 40, maxInvocations: 5 }),
      memberOf("files", { image, resources: { mounts } }),
      memberOf("greedy", { image, poolSize: 1_000_000 }),
      memberOf("busy", { image, poolSize: 3, maxConcurrency: 16 }),
      memberOf("busiest", { image, poolSize: 2, maxConcurrency: 2_147_483_647 }),
      memberOf("fresh", { image, maxConcurrency: 8 }),
    ];
    await sets.start(setOf(members, { volumes: [{ name: "data", kind: "empty" }] }));

    const portable = sets
      .entries()[0]
      ?.members.map(({ entry: { workload } }) => workload?.pool.portable !== undefined);
    expect(runs).toEqual([
      { kept: undefined, maxInstances: 32, mounts: undefined },
      { kept: { instances: 40, maxCalls: 5 }, maxInstances: 40, mounts: undefined },
      { kept: undefined, maxInstances: 32, mounts: [["/data", true, "data"]] },
      { kept: { instances: 64, maxCalls: 0 }, maxInstances: 64, mounts: undefined },
      { kept: { instances: 48, maxCalls: 0 }, maxInstances: 48, mounts: undefined },
      { kept: { instances: 64, maxCalls: 0 }, maxInstances: 64, mounts: undefined },
      { kept: undefined, maxInstances: 32, mounts: undefined },
    ]);
    expect(portable).toEqual([true, false, false, false, false, false, true]);
    expect(volumes).toEqual(["data"]);
    await sets.stop("set-1");
    expect(volumes).toEqual([]);
  });
});

describe("HTTP", () => {
  const HANDLER = "wrpc:http/incoming-handler@0.1.0";
  const web: LocalComponent = {
    world: { imports: new Map(), exports: servedOf(HANDLER).exports },
    functions: { [`${HANDLER}#handle`]: () => ({ tag: "ok", val: "response" }) },
  };
  const entry = entryOf("wasi:http@0.2.2", ["incoming-handler"], {
    config: new Map([["host", "shop.local"]]),
  });

  test("is taken for the first component that exports its handler", async () => {
    const { sets, ingress, log } = createTestSets({ web });
    const image = { reference: "web" };
    const members = [memberOf("one", { image }), memberOf("two", { image })];
    await sets.start(setOf(members, { interfaces: [entry] }));

    const taken = ingress.get("set-1");
    const passed = await log.heard("set.http-passed-over");

    expect(taken?.served.id).toBe("default/shop/one");
    expect(taken?.served.world.exports.has(HANDLER)).toBe(true);
    expect(taken?.served.accepting.peek()).toBe(true);
    expect(taken?.hosts).toEqual(["shop.local"]);
    expect(passed.fields).toMatchObject({ component: "one", others: "two" });
  });

  test("is left when the set stops, after what was on its way", async () => {
    let leave = (): void => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    let ended = false;
    const { sets, ingress } = createTestSets(
      { web: { ...web, onEnd: () => (ended = true) } },
      { drain: () => left },
    );
    await sets.start(setOf(["web"], { interfaces: [entry] }));

    const stopped = sets.stop("set-1");
    await new Promise((resolve) => setImmediate(resolve));
    const during = { ended, open: ingress.has("set-1") };
    leave();
    await stopped;

    expect(during).toEqual({ ended: false, open: true });
    expect(ended).toBe(true);
    expect([...ingress]).toEqual([]);
  });

  test("needs the name of a host, and nothing runs without", async () => {
    const { sets } = createTestSets({ web });

    const started = await sets.start(
      setOf(["web"], { interfaces: [entryOf("wasi:http", ["incoming-handler"])] }),
    );

    expect(started).toMatchObject({ phase: "failed", message: "no host header found" });
  });

  test("that no dialect brings is told in the log, and the set runs", async () => {
    const { sets, log } = createTestSets({ web }, { takesHttp: false });

    const started = await sets.start(setOf(["web"], { interfaces: [entry] }));

    expect(started.phase).toBe("running");
    expect((await log.heard("set.http-unreachable")).fields).toMatchObject({ component: "web" });
  });

  test("a stop gives up a start that waits for the requests to come", async () => {
    const { parts } = createTestParts({ web });
    let asked: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (asked = resolve));
    const ingress = (_served: unknown, _way: unknown, signal: AbortSignal): Promise<never> => {
      asked();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    };
    const sets = createSets({ ...parts, dialects: [{ ingress }] });
    const spec = setOf(["web"], { interfaces: [entry] });
    const starting = sets.start(spec);
    await waits;

    expect((await sets.stop(spec.id)).phase).toBe("stopping");
    expect((await starting).phase).toBe("stopping");
    expect(sets.status(spec.id).phase).toBe("absent");
  });
});
