import { expect, test } from "vitest";
import type { Facts, FactsStatus, Values } from "../../../src/core/facts.ts";
import type { EntityId } from "../../../src/core/ids.ts";
import type { Link } from "../../../src/core/link.ts";
import type { View } from "../../../src/core/view.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId, latticeId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { createProviderLinks } from "../../../src/host/provider-links.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { sampleProvider } from "../../support/sample-provider.ts";

const id = entityId("kv");

function link(source: string, target: string, rest: Partial<Link> = {}): Link {
  return {
    source: entityId(source),
    target: entityId(target),
    name: "default",
    namespace: "wasi",
    package: "keyvalue",
    interfaces: ["store"],
    sourceConfig: [],
    targetConfig: [],
    ...rest,
  };
}

/** What the lattice keeps, as the test says. */
async function setUp() {
  const sample = sampleProvider();
  const { log, entries } = recordLog();
  const status = createSource<FactsStatus>({ phase: "live" });
  const links = createSource<ReadonlyMap<EntityId, readonly Link[]>>(new Map());
  const configs = new Map<string, ReturnType<typeof createSource<Values>>>();
  const followed = new Set<AbortSignal>();
  const facts: Pick<Facts, "status" | "links"> = { status, links };
  const context = { id, lattice: latticeId("default"), config: new Map(), clock: fakeClock(), log };
  const provider = await sample.kind.start(
    { ...context, call: () => Promise.reject(new Error("nobody is called")) },
    new AbortController().signal,
  );
  const known = createProviderLinks({
    id,
    linkName: "default",
    provider,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of them is used
    facts: facts as Facts,
    links: createSource(new Map()),
    async config(names, until): Promise<View<Values>> {
      followed.add(until);
      const [name = "none"] = names;
      const found = configs.get(name);
      if (found === undefined && names.length > 0) {
        throw new LatticeError("not-found", `Config ${name} does not exist`);
      }
      return found ?? createSource<Values>(new Map());
    },
    log,
    changed: () => undefined,
  });
  return {
    sample,
    known,
    status,
    configs,
    followed,
    entries,
    /** What it was told since the last look. */
    news: async () => {
      await known.settle();
      return (sample.told as string[]).splice(0).filter((each) => !each.startsWith("start"));
    },
    put: (...all: readonly Link[]) => {
      const bySource = new Map<EntityId, Link[]>();
      for (const each of all)
        bySource.set(each.source, [...(bySource.get(each.source) ?? []), each]);
      links.set(bySource);
    },
    values: (name: string, values: Readonly<Record<string, string>>) => {
      const source = configs.get(name) ?? createSource<Values>(new Map());
      configs.set(name, source);
      source.set(new Map(Object.entries(values)));
    },
  };
}

test("a provider hears of links at whose ends it stands, of their end's configuration, and of no others", async () => {
  const { put, values, news, known } = await setUp();
  values("for-source", { secret: "of the source" });
  values("for-target", { bucket: "b" });

  put(
    link("hello", "kv", { sourceConfig: ["for-source"], targetConfig: ["for-target"] }),
    link("kv", "watcher", { sourceConfig: ["for-target"], interfaces: ["watcher"] }),
    link("hello", "other"),
  );

  expect(await news()).toEqual([
    'link target hello->kv default {"bucket":"b"}',
    'link source kv->watcher default {"bucket":"b"}',
  ]);
  expect(known.size()).toBe(2);
});

test("the same links again are no news, and removed ones are", async () => {
  const { put, news, known, followed } = await setUp();
  put(link("a", "kv"), link("b", "kv"));
  await news();

  put(link("a", "kv"), link("b", "kv"));
  const again = await news();
  put(link("b", "kv"));

  expect(again).toEqual([]);
  expect(await news()).toEqual(["unlink target a->kv default"]);
  expect(known.size()).toBe(1);
  expect([...followed].map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("links that differ in anything of their key are different links", async () => {
  const { put, news, known } = await setUp();

  put(
    link("a", "kv"),
    link("a", "kv", { name: "second" }),
    link("a", "kv", { package: "blobstore" }),
    link("kv", "kv"),
  );

  expect((await news()).length).toBe(5);
  expect(known.size()).toBe(5);
});

test("configuration that changes under a link, and a change of the link itself, are told", async () => {
  const { put, values, news, sample } = await setUp();
  values("c", { bucket: "one" });
  values("d", { bucket: "three" });
  put(link("a", "kv", { targetConfig: ["c"] }));
  await news();

  values("c", { bucket: "two" });
  const changedValues = await news();
  put(link("a", "kv", { targetConfig: ["d"], interfaces: ["store", "batch"] }));
  const changedLink = await news();
  values("c", { bucket: "nobody's" });

  expect(changedValues).toEqual(['link target a->kv default {"bucket":"two"}']);
  expect(changedLink).toEqual(['link target a->kv default {"bucket":"three"}']);
  expect(sample.links.map((each) => each.link.interfaces)).toEqual([["store", "batch"]]);
  expect(await news()).toEqual([]);
});

test("a link whose configuration is not there is left out, and taken up when it is", async () => {
  const { put, values, news, entries } = await setUp();

  put(link("a", "kv", { targetConfig: ["late"] }), link("b", "kv"));
  const first = await news();
  values("late", { bucket: "x" });

  expect(first).toEqual(["link target b->kv default {}"]);
  expect(entries).toContainEqual(
    expect.objectContaining({
      event: "provider.link-unresolved",
      fields: { provider: "kv", peer: "a", link: "default", problem: "Config late does not exist" },
    }),
  );
  expect(await news()).toEqual(['link target a->kv default {"bucket":"x"}']);
});

test("a link that the provider refuses is tried again, and its removal is not told", async () => {
  const { put, news, sample, known } = await setUp();
  sample.refused = "a";

  put(link("a", "kv"), link("b", "kv"));
  const first = await news();
  sample.refused = undefined;
  const second = await news();
  sample.refused = "c";
  put(link("c", "kv"));
  const third = await news();
  put();

  expect(first).toEqual(["link target b->kv default {}"]);
  expect(second).toEqual(["link target a->kv default {}"]);
  expect(third).toEqual(["unlink target a->kv default", "unlink target b->kv default"]);
  expect(await news()).toEqual([]);
  expect(known.size()).toBe(0);
});

test("what the bus says of links counts only where the lattice keeps none", async () => {
  const { put, news, known, status } = await setUp();
  const values = { source: new Map(), target: new Map([["bucket", "told"]]) };
  put(link("a", "kv"));
  await news();

  known.told(link("b", "kv"), values);
  known.untold(link("a", "kv"));
  const kept = await news();
  status.set({ phase: "absent", reason: "no JetStream" });
  known.told(link("b", "kv"), values);
  const absent = await news();
  known.untold(link("b", "kv"));

  expect(kept).toEqual([]);
  expect(absent).toEqual([
    "unlink target a->kv default",
    'link target b->kv default {"bucket":"told"}',
  ]);
  expect(await news()).toEqual(["unlink target b->kv default"]);
});

test("what peers can make it keep is bounded", async () => {
  const { known, status, entries } = await setUp();
  status.set({ phase: "absent", reason: "no JetStream" });
  const values = { source: new Map(), target: new Map() };

  for (let n = 0; n < 1005; n++) known.told(link(`a${n}`, "kv"), values);
  await known.settle();

  expect(known.size()).toBe(1000);
  expect(entries.filter(({ event }) => event === "provider.link-refused")).toHaveLength(5);
});

test("nothing is told after the end", async () => {
  const { put, known, sample, followed } = await setUp();
  put(link("a", "kv"));
  await known.settle();
  const before = sample.told.length;

  await known.end();
  put(link("a", "kv"), link("b", "kv"));
  await known.settle();

  expect(sample.told.length).toBe(before);
  expect([...followed].every(({ aborted }) => aborted)).toBe(true);
});

test("links of contracts pertain to a provider only under the link name that it serves", async () => {
  const { put, news } = await setUp();
  const contract = "wasmcloud:keyvalue";

  put(
    link("one", "kv", { contract, targetValues: new Map([["bucket", "b"]]) }),
    link("two", "kv", { contract, name: "spare", targetValues: new Map() }),
  );

  expect(await news()).toEqual(['link target one->kv default {"bucket":"b"}']);
});
