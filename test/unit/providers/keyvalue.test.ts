import { expect, test } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import type { Link } from "../../../src/core/link.ts";
import type { Provider, ProviderContext, ProviderLink } from "../../../src/core/provider.ts";
import type { WitValue } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId, latticeId } from "../../../src/core/ids.ts";
import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { encodeTuple, paramTypes, resultTypes } from "../../../src/wire/value.ts";
import { withCode } from "../../contract/bus.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

const id = entityId("kv");
const never = new AbortController().signal;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const ok = (val?: WitValue): WitValue => ({ tag: "ok", val });
const err = (tag: string, val?: string): WitValue => ({
  tag: "err",
  val: val === undefined ? { tag } : { tag, val },
});
/** Lets everything happen that only waits for promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A provider over a store in memory, called as its lattice would call it. */
async function setUp(config: Readonly<Record<string, string>> = {}) {
  const clock = fakeClock();
  const { log, entries } = recordLog();
  const told: unknown[] = [];
  const watching = { answer: (): Promise<void> => Promise.resolve() };
  const names: string[] = [];
  const context: ProviderContext = {
    id,
    lattice: latticeId("default"),
    config: new Map(Object.entries(config)),
    clock,
    log,
    async call({ target, func, args, signal }) {
      told.push([target, func, ...args.map(readable)]);
      await Promise.race([watching.answer(), ended(signal)]);
      return [];
    },
  };
  const kind = keyvalueKind(async ({ name, maxBytes }) => {
    names.push(name);
    return createMemoryKeyvalue(maxBytes);
  });
  const provider = await kind.start(context, never);
  let calls = 0;
  const call = async (name: string, args: readonly WitValue[], rest: Partial<Call> = {}) => {
    const [iface, func = ""] = name.split(".");
    const instance = `wrpc:keyvalue/${iface}@0.2.0-draft`;
    const type = provider.world.exports.get(instance)?.get(func);
    if (type === undefined) throw new Error(`no ${name}`);
    encodeTuple(paramTypes(type), args); // the arguments are of their types
    const request = { source: undefined, link: "default", trace: new Map(), signal: never };
    const results = await provider.invoke({
      id: String(++calls),
      target: id,
      instance,
      func,
      args,
      ...request,
      ...rest,
    });
    encodeTuple(resultTypes(type), results); // and so are the results
    return results[0];
  };
  return { provider, call, clock, entries, told, watching, names };
}

function readable(value: WitValue): WitValue {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function linkOf(
  role: ProviderLink["role"],
  config: Readonly<Record<string, string>> = {},
  rest: Partial<Link> = {},
): ProviderLink {
  const peer = entityId("app");
  const link: Link = {
    source: role === "source" ? id : peer,
    target: role === "source" ? peer : id,
    name: "default",
    namespace: "wasi",
    package: "keyvalue",
    interfaces: role === "source" ? ["watcher"] : ["store", "atomics", "batch"],
    sourceConfig: [],
    targetConfig: [],
    ...rest,
  };
  return { link, role, config: new Map(Object.entries(config)) };
}
const connect = (provider: Provider, ...args: Parameters<typeof linkOf>): Promise<void> =>
  provider.link(linkOf(...args), never);
const app = { source: entityId("app") };

test("each function gives what its WIT says, of values that its types can carry", async () => {
  const { call, names } = await setUp();
  const pairs = [
    ["a", text("1")],
    ["b", text("")],
  ];

  expect(await call("store.get", ["x", "a"])).toEqual(ok());
  expect(await call("store.set", ["x", "a", text("0")])).toEqual(ok());
  expect(await call("batch.set-many", ["x", pairs])).toEqual(ok());
  expect(await call("store.get", ["x", "a"])).toEqual(ok(text("1")));
  expect(await call("store.exists", ["x", "b"])).toEqual(ok(true));
  expect(await call("store.exists", ["y", "b"])).toEqual(ok(false));
  expect(await call("batch.get-many", ["x", ["b", "none", "a"]])).toEqual(
    ok([["b", text("")], undefined, ["a", text("1")]]),
  );
  expect(await call("atomics.increment", ["x", "n", 2n ** 63n])).toEqual(ok(2n ** 63n));
  expect(await call("store.list-keys", ["x", undefined])).toEqual(
    ok({ keys: ["a", "b", "n"], cursor: undefined }),
  );
  expect(await call("batch.delete-many", ["x", ["a", "none", "n"]])).toEqual(ok());
  expect(await call("store.delete", ["x", "b"])).toEqual(ok());
  expect(await call("store.list-keys", ["x", undefined])).toEqual(
    ok({ keys: [], cursor: undefined }),
  );
  expect(names).toEqual(["inlay-keyvalue default kv"]);
});

test("pages of keys have 1000, and a cursor until the last", async () => {
  const { call } = await setUp();
  for (let page = 0; page < 3; page++) {
    const pairs = Array.from({ length: page < 2 ? 1000 : 1 }, (_, n) => [`${page}-${n}`, text("")]);
    // oxlint-disable-next-line no-await-in-loop -- in order
    await call("batch.set-many", ["", pairs]);
  }
  const sizes: number[] = [];
  let cursor: unknown;

  do {
    // oxlint-disable-next-line no-await-in-loop -- each page says where the next begins
    const page = (await call("store.list-keys", ["", cursor])) as {
      val: { keys: string[]; cursor: unknown };
    };
    sizes.push(page.val.keys.length);
    ({ cursor } = page.val);
  } while (cursor !== undefined);

  expect(sizes).toEqual([1000, 1000, 1]);
});

test("what is too large, no number, or too much is an error of the interface, and changes nothing", async () => {
  const { call } = await setUp({ "max-bytes": "300", "max-value-bytes": "100" });
  await call("store.set", ["", "word", text("x")]);
  const keys = Array.from({ length: 1001 }, (_, n) => String(n));

  expect(await call("store.set", ["", "a", new Uint8Array(101)])).toEqual(
    err("other", 'the value of "a" has 101 bytes; at most 100 are taken'),
  );
  expect(await call("store.set", ["", "é".repeat(513), text("")])).toEqual(
    err("other", "a key has 1026 bytes; at most 1024 are taken"),
  );
  expect(await call("batch.get-many", ["", keys])).toEqual(
    err("other", "1001 keys in one call; at most 1000 are taken"),
  );
  expect(await call("atomics.increment", ["", "word", 1n])).toEqual(
    err("other", 'the value of "word" is not a number'),
  );
  const full = await call("batch.set-many", [
    "",
    [
      ["a", new Uint8Array(100)],
      ["b", new Uint8Array(100)],
    ],
  ]);
  expect(full).toEqual(
    err("other", "the store is full: its entries would take 399 bytes, and it may have 300"),
  );
  expect(await call("store.get", ["b".repeat(257), "a"])).toEqual(err("no-such-store"));
  expect(await call("store.list-keys", ["", undefined])).toEqual(
    ok({ keys: ["word"], cursor: undefined }),
  );
});

test("a caller that says who it is needs a link under that name, with that interface", async () => {
  const { provider, call, clock } = await setUp();
  await connect(provider, "target", {}, { name: "sessions", interfaces: ["store"] });
  const attempt = async (name: string, args: readonly WitValue[], rest: Partial<Call>) => {
    const answer = call(name, args, rest);
    await settled();
    clock.advance(500);
    return answer;
  };

  expect(await attempt("store.get", ["", "a"], { ...app, link: "sessions" })).toEqual(ok());
  expect(await attempt("store.get", ["", "a"], app)).toEqual(err("access-denied"));
  expect(await attempt("atomics.increment", ["", "a", 1n], { ...app, link: "sessions" })).toEqual(
    err("access-denied"),
  );
  expect(await attempt("store.get", ["", "a"], { source: entityId("wash") })).toEqual(
    err("access-denied"),
  );
  await provider.unlink(linkOf("target", {}, { name: "sessions", interfaces: ["store"] }));
  expect(await attempt("store.get", ["", "a"], { ...app, link: "sessions" })).toEqual(
    err("access-denied"),
  );
});

test("a call waits a moment for a link that its host knew of first", async () => {
  const { provider, call, clock } = await setUp();

  const answer = call("store.get", ["", "a"], app);
  await settled();
  clock.advance(499);
  await connect(provider, "target");

  expect(await answer).toEqual(ok());
});

test("a call that nobody waits for any more changes nothing", async () => {
  const { provider, call } = await setUp();
  const gaveUp = new AbortController();

  const answer = call("store.set", ["", "a", text("1")], { ...app, signal: gaveUp.signal });
  await settled();
  gaveUp.abort(new LatticeError("aborted", "the caller gave up"));
  const late = call("store.set", ["", "a", text("1")], { signal: gaveUp.signal });

  expect(await answer).toEqual(err("access-denied"));
  await expect(late).rejects.toThrow(withCode("aborted"));
  await connect(provider, "target");
  expect(await call("store.exists", ["", "a"], app)).toEqual(ok(false));
});

test("whoever does not say who it is may be refused as well", async () => {
  const { call, provider } = await setUp({ "Require-Link": "TRUE" });

  expect(await call("store.get", ["", "a"])).toEqual(err("access-denied"));
  await provider.configure(new Map());
  expect(await call("store.get", ["", "a"])).toEqual(ok());
});

test("a link's settings decide the bucket and whether it may write", async () => {
  const { provider, call } = await setUp();
  await call("store.set", ["private", "a", text("1")]);

  await connect(provider, "target", { bucket: "private", access: "read-only" });
  const reading = await call("store.get", ["other", "a"], app);
  const writing = await call("store.delete", ["other", "a"], app);
  await connect(provider, "target", { access: "read-write" });
  const anew = await call("store.get", ["other", "a"], app);

  expect(reading).toEqual(ok(text("1")));
  expect(writing).toEqual(err("access-denied"));
  expect(anew).toEqual(ok());
});

test("the bucket 0 is the unnamed one, by which watchers of 1.x are told", async () => {
  const { call } = await setUp();

  await call("store.set", ["0", "a", text("1")]);

  expect(await call("store.get", ["", "a"])).toEqual(ok(text("1")));
});

test.each([
  { config: { "max-bytes": "many" }, error: 'max-bytes "many" must be a number of bytes above 0' },
  {
    config: { "max-value-bytes": "0" },
    error: 'max-value-bytes "0" must be a number of bytes above 0',
  },
  { config: { "require-link": "maybe" }, error: 'require-link "maybe" must be false or true' },
])("$config starts nothing, and leaves a running one as it is", async ({ config, error }) => {
  const { provider, call } = await setUp({ "max-value-bytes": "3" });

  await expect(setUp(config)).rejects.toThrow(error);
  await expect(provider.configure(new Map(Object.entries(config)))).rejects.toThrow(error);

  expect(await call("store.set", ["", "a", text("long")])).toMatchObject({ tag: "err" });
});

test.each([
  {
    role: "target",
    config: { access: "none" },
    error: 'access "none" must be read-write or read-only',
  },
  { role: "source", config: { watch: "GET@a" }, error: 'watch "GET@a" must be SET@key or DEL@key' },
] as const)("a link with $config is refused", async ({ role, config, error }) => {
  const { provider } = await setUp();

  await expect(connect(provider, role, config)).rejects.toThrow(error);
});

test("watchers hear of the keys that they watch, in their bucket, when these change", async () => {
  const { provider, call, told } = await setUp();
  await connect(provider, "source", { watch: "SET@a,del@a, SET@n" });
  await connect(provider, "source", { watch: "SET@a", bucket: "b" }, { name: "second" });

  await call("batch.set-many", [
    "",
    [
      ["a", text("1")],
      ["other", text("")],
    ],
  ]);
  await call("store.set", ["b", "a", text("2")]);
  await call("atomics.increment", ["", "n", 5n]);
  await call("batch.delete-many", ["", ["a", "other"]]);
  await call("store.delete", ["", "a"]);
  await settled();
  await provider.unlink(linkOf("source"));
  await call("store.set", ["", "a", text("3")]);
  await settled();

  expect(told).toEqual([
    ["app", "on-set", "0", "a", "1"],
    ["app", "on-set", "b", "a", "2"],
    ["app", "on-set", "0", "n", "5"],
    ["app", "on-delete", "0", "a"],
  ]);
});

test("a watcher is told one by one, a silent one is given up, and what waits is bounded", async () => {
  const { provider, call, clock, told, watching, entries } = await setUp();
  await connect(provider, "source", { watch: "SET@a" });
  watching.answer = () => new Promise(() => undefined);

  for (let n = 0; n < 1003; n++) {
    // oxlint-disable-next-line no-await-in-loop -- in order
    await call("store.set", ["", "a", text(String(n))]);
  }
  const whileSilent = told.length;
  clock.advance(10_000);
  await settled();

  const untold = entries.filter(({ event }) => event === "keyvalue.untold");
  expect(whileSilent).toBe(1);
  expect(told).toEqual([
    ["app", "on-set", "0", "a", "0"],
    ["app", "on-set", "0", "a", "3"],
  ]);
  expect(untold.map(({ fields }) => fields["problem"])).toEqual([
    "more than 1000 changes wait",
    "more than 1000 changes wait",
    "more than 1000 changes wait",
    "app took more than 10000 ms",
  ]);
});

test("it says how full it is, and that its storage failed", async () => {
  const { provider, call } = await setUp({ "max-bytes": "1000" });
  await call("store.set", ["", "a", text("12")]);

  const well = await provider.health(never);
  const broken = await keyvalueKind(async () => ({
    ...createMemoryKeyvalue(() => 0),
    size: () => Promise.reject(new LatticeError("unsupported", "the disk is gone")),
  })).start(
    {
      id,
      lattice: latticeId("default"),
      config: new Map(),
      clock: fakeClock(),
      log: recordLog().log,
      call: () => Promise.resolve([]),
    },
    never,
  );

  expect(well).toEqual({ healthy: true, message: "67 of 1000 bytes are used" });
  expect(await broken.health(never)).toEqual({ healthy: false, message: "the disk is gone" });
});
