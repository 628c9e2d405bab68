import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { InventoryWord, Word } from "../../../../src/core/observation.ts";
import type { ObservedHost, WatchedLattice } from "../../../../src/core/watched.ts";

import {
  createRoster,
  FORGOTTEN_MS,
  MOST_ENTRIES,
  MOST_HOSTS,
  SILENT_MS,
} from "../../../../src/host/watch/roster.ts";
import { foldLattice, type LatticePicture } from "../../../../src/page/state/lattice.ts";

const EPOCH_MS = 1_700_000_000_000;
const at = (monotonicMs: number) => ({ monotonicMs, epochMs: EPOCH_MS + monotonicMs });

const inventory = (more: Partial<InventoryWord> = {}): InventoryWord => ({
  friendlyName: "solid-rock-0002",
  labels: new Map([["zone", "edge"]]),
  version: "1.9.2",
  uptimeSeconds: 10,
  components: [],
  providers: [],
  ...more,
});
const component = (id: string, maxInstances = 1) => ({
  id,
  image: `registry.example/${id}:1`,
  name: undefined,
  maxInstances,
  annotations: new Map<string, string>(),
});
const provider = (id: string, linkName?: string) => ({
  id,
  linkName,
  image: undefined,
  name: undefined,
  annotations: new Map<string, string>(),
});
const all = (host: string, more: Partial<InventoryWord> = {}): Word => ({
  type: "inventory",
  host,
  inventory: inventory(more),
});
const only = (roster: ReturnType<typeof createRoster>): ObservedHost | undefined => roster.all()[0];

describe("what is heard of one host", () => {
  test("an inventory is all of it", () => {
    const roster = createRoster();

    roster.hear("v1", all("N1", { components: [component("hello", 5)] }), at(0));

    expect(roster.all()).toEqual([
      {
        id: "N1",
        friendlyName: "solid-rock-0002",
        own: false,
        generations: ["v1"],
        labels: [["zone", "edge"]],
        version: "1.9.2",
        startedAtMs: EPOCH_MS - 10_000,
        silentSinceMs: undefined,
        contents: "told",
        tally: undefined,
        components: [
          {
            id: "hello",
            image: "registry.example/hello:1",
            name: undefined,
            maxInstances: 5,
            annotations: [],
          },
        ],
        providers: [],
        leftOut: 0,
      },
    ]);
  });

  test("components come, change and go with what is told of them", () => {
    const roster = createRoster();
    const seen: unknown[] = [];
    const scale = (id: string, maxInstances: number): void => {
      roster.hear(
        "v1",
        { type: "scaled", host: "N1", component: component(id, maxInstances) },
        at(1),
      );
      seen.push(only(roster)?.components.map((each) => [each.id, each.maxInstances]));
    };
    roster.hear("v1", all("N1"), at(0));

    scale("b", 1);
    scale("a", 2);
    scale("b", 3);
    scale("a", 0);

    expect(seen).toEqual([
      [["b", 1]],
      [
        ["a", 2],
        ["b", 1],
      ],
      [
        ["a", 2],
        ["b", 3],
      ],
      [["b", 3]],
    ]);
  });

  test("a provider's health stays what it was until it changes, whatever inventories say", () => {
    const roster = createRoster();
    const health = (healthy: boolean): Word => ({
      type: "health",
      host: "N1",
      id: "kv",
      linkName: undefined,
      healthy,
    });
    const seen: unknown[] = [];
    const look = (): void => void seen.push(only(roster)?.providers[0]?.healthy);

    roster.hear("v1", all("N1", { providers: [provider("kv")] }), at(0));
    look();
    roster.hear("v1", health(false), at(1));
    look();
    roster.hear("v1", all("N1", { providers: [provider("kv")], uptimeSeconds: 40 }), at(30_000));
    look();
    roster.hear("v1", health(true), at(30_001));
    look();

    expect(seen).toEqual([undefined, false, false, true]);
  });

  test("a host that has begun anew says nothing of the health that providers had before", () => {
    const roster = createRoster();
    roster.hear("v1", all("N1", { providers: [provider("kv")], uptimeSeconds: 100 }), at(0));
    roster.hear(
      "v1",
      { type: "health", host: "N1", id: "kv", linkName: undefined, healthy: false },
      at(1),
    );

    roster.hear("v1", all("N1", { providers: [provider("kv")], uptimeSeconds: 1 }), at(20_000));

    expect(only(roster)?.providers[0]?.healthy).toBeUndefined();
  });

  test("providers of 0.82 that differ in their link names are two", () => {
    const roster = createRoster();

    roster.hear(
      "v0",
      all("N1", { providers: [provider("V1", "default"), provider("V1", "b")] }),
      at(0),
    );
    roster.hear(
      "v0",
      { type: "health", host: "N1", id: "V1", linkName: "b", healthy: false },
      at(1),
    );

    expect(only(roster)?.providers.map(({ linkName, healthy }) => [linkName, healthy])).toEqual([
      ["b", false],
      ["default", undefined],
    ]);
  });

  test("a host of v2 is counted, and not emptied by that where it is heard by another generation", () => {
    const roster = createRoster();
    const { components: _1, providers: _2, ...word } = inventory();
    const tally: Word = { type: "tally", host: "N1", word, tally: { workloads: 2, components: 7 } };

    roster.hear("v2", tally, at(0));
    const counted = only(roster);
    roster.hear("v1", all("N1", { components: [component("hello")] }), at(1));
    roster.hear("v2", tally, at(2));

    expect(counted).toMatchObject({ contents: "counted", tally: { workloads: 2, components: 7 } });
    expect(only(roster)).toMatchObject({
      contents: "told",
      generations: ["v1", "v2"],
      components: [{ id: "hello" }],
    });
  });

  test("texts are cut, and labels counted, whatever a peer sends", () => {
    const roster = createRoster();
    const labels = new Map(
      Array.from({ length: 500 }, (_, index) => [`label-${index}`, "x".repeat(10_000)]),
    );

    roster.hear("v1", all("N1", { labels, friendlyName: "😀".repeat(1_000) }), at(0));

    const host = only(roster);
    expect(host?.labels).toHaveLength(40);
    expect(host?.friendlyName.isWellFormed()).toBe(true);
    expect(JSON.stringify(host).length).toBeLessThan(15_000);
  });
});

describe("who is silent", () => {
  test("is asked, then marked, then forgotten, and is back with the next word", () => {
    const roster = createRoster();
    roster.hear("v1", all("N1"), at(0));
    roster.take();
    const silent = (): unknown => only(roster)?.silentSinceMs;

    const early = roster.age(at(39_999));
    const late = roster.age(at(40_000));
    const again = roster.age(at(41_000));
    roster.age(at(SILENT_MS - 1));
    const before = silent();
    roster.age(at(SILENT_MS));
    const after = silent();
    const marked = roster.take();
    roster.hear("v1", all("N1", { uptimeSeconds: 10 + 80 }), at(80_000));
    const back = silent();
    roster.age(at(80_000 + FORGOTTEN_MS));

    expect([early, late, again]).toEqual([[], ["N1"], []]);
    expect([before, after, back]).toEqual([undefined, EPOCH_MS, undefined]);
    expect(marked.hosts).toHaveLength(1);
    expect(roster.take()).toEqual({ hosts: [], removed: ["N1"] });
  });

  test("is excused while this node could hear nobody", () => {
    const roster = createRoster();
    roster.hear("v1", all("N1"), at(0));

    roster.excuse(at(200_000));
    roster.age(at(200_000 + SILENT_MS - 1));

    expect(only(roster)?.silentSinceMs).toBeUndefined();
  });

  test("this node is never, and nobody else tells what it is", () => {
    const roster = createRoster();
    roster.hear("v1", all("N2"), at(0));
    const [other] = roster.all();
    if (other === undefined) throw new Error("no host");
    roster.setOwn({ ...other, id: "N1", own: true });

    roster.hear("v1", { type: "stopped", host: "N1" }, at(1));
    roster.hear("v1", all("N1", { friendlyName: "impostor" }), at(2));
    roster.age(at(FORGOTTEN_MS));

    expect(roster.all()).toEqual([{ ...other, id: "N1", own: true }]);
  });
});

describe("who leaves", () => {
  test("is gone at once, and an answer from before does not bring it back", () => {
    const roster = createRoster();
    roster.hear("v1", all("N1"), at(0));
    roster.take();

    roster.hear("v1", { type: "stopped", host: "N1" }, at(1_000));
    roster.hear("v1", all("N1", { uptimeSeconds: 11 }), at(1_100));
    const left = roster.take();
    roster.hear("v1", all("N1", { uptimeSeconds: 0 }), at(1_200));

    expect(left).toEqual({ hosts: [], removed: ["N1"] });
    expect(roster.take().hosts).toHaveLength(1);
  });
});

describe("what is told", () => {
  test("is nothing where a heartbeat says what was known", () => {
    const roster = createRoster();
    roster.hear("v1", all("N1", { components: [component("hello")] }), at(0));
    roster.take();

    roster.hear(
      "v1",
      all("N1", { components: [component("hello")], uptimeSeconds: 41 }),
      at(30_000),
    );

    expect(roster.changed).toBe(false);
    expect(roster.take()).toEqual({ hosts: [], removed: [] });
  });

  test("hosts past the most are counted once each, and have a place when others go", () => {
    const roster = createRoster();
    for (let index = 0; index < MOST_HOSTS + 3; index++) roster.hear("v1", all(`N${index}`), at(0));
    roster.hear("v1", all(`N${MOST_HOSTS}`), at(1));
    const full = roster.leftOut();

    roster.hear("v1", { type: "stopped", host: "N0" }, at(2));
    roster.hear("v1", all(`N${MOST_HOSTS}`), at(3));

    expect(full.hosts).toBe(3);
    expect(roster.leftOut().hosts).toBe(2);
    expect(roster.all()).toHaveLength(MOST_HOSTS);
  });

  test("entries past the most are counted, providers kept first", () => {
    const roster = createRoster();
    const many = Array.from({ length: MOST_ENTRIES }, (_, index) => component(`c${index}`));

    roster.hear("v1", all("N1", { components: many, providers: [provider("kv")] }), at(0));
    roster.hear("v1", all("N2", { components: [component("late")] }), at(1));

    const [first, second] = roster.all();
    expect([first?.components.length, first?.providers.length]).toEqual([MOST_ENTRIES - 1, 1]);
    expect(second?.components).toEqual([]);
    expect(roster.leftOut()).toEqual({ hosts: 0, entries: 2 });
  });
});

const hosts = fc.constantFrom("N1", "N2", "N3", "N4");
const ids = fc.constantFrom("a", "b", "c");
const inventories = fc
  .record({
    components: fc.array(fc.tuple(ids, fc.integer({ min: 1, max: 3 })), { maxLength: 4 }),
    providers: fc.array(ids, { maxLength: 3 }),
    uptimeSeconds: fc.option(fc.nat({ max: 1_000 }), { nil: undefined }),
    label: fc.string({ maxLength: 4 }),
  })
  .map(({ components, providers, uptimeSeconds, label }) =>
    inventory({
      components: components.map(([id, max]) => component(id, max)),
      providers: providers.map((id) => provider(id)),
      uptimeSeconds,
      labels: new Map([["l", label]]),
    }),
  );
const words: fc.Arbitrary<Word> = fc.oneof(
  fc
    .tuple(hosts, inventories)
    .map(([host, each]): Word => ({ type: "inventory", host, inventory: each })),
  fc.tuple(hosts, inventories).map(([host, word]): Word => ({ type: "presence", host, word })),
  hosts.map((host): Word => ({ type: "stopped", host })),
  fc
    .tuple(hosts, ids, fc.nat({ max: 2 }))
    .map(([host, id, max]): Word => ({ type: "scaled", host, component: component(id, max) })),
  fc
    .tuple(hosts, ids)
    .map(([host, id]): Word => ({ type: "provider", host, provider: provider(id) })),
  fc
    .tuple(hosts, ids)
    .map(([host, id]): Word => ({ type: "provider-stopped", host, id, linkName: undefined })),
  fc.tuple(hosts, ids, fc.boolean()).map(([host, id, healthy]): Word => ({
    type: "health",
    host,
    id,
    linkName: undefined,
    healthy,
  })),
);
const steps = fc.array(
  fc.record({
    word: words,
    generation: fc.constantFrom("v0" as const, "v1" as const),
    afterMs: fc.constantFrom(0, 1_000, 30_000, SILENT_MS, FORGOTTEN_MS),
    looks: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe("whatever is heard, in any order", () => {
  test("the differences add up to what there is", () => {
    fc.assert(
      fc.property(steps, (run) => {
        const roster = createRoster();
        let nowMs = 0;
        let picture: LatticePicture | undefined;
        const look = (): void => {
          const update: WatchedLattice = {
            ...roster.take(),
            whole: picture === undefined,
            sources: [],
            traffic: [],
            leftOut: { ...roster.leftOut(), messages: 0 },
          };
          picture = foldLattice(picture, update);
        };
        for (const { word, generation, afterMs, looks } of run) {
          nowMs += afterMs;
          roster.age(at(nowMs));
          roster.hear(generation, word, at(nowMs));
          if (looks) look();
        }
        look();

        const seen = [...(picture?.hosts.values() ?? [])];
        expect(seen.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual(roster.all());
      }),
    );
  });

  test("a host's inventory settles what it runs", () => {
    fc.assert(
      fc.property(steps, inventories, (run, last) => {
        const roster = createRoster();
        for (const { word, generation } of run) roster.hear(generation, word, at(0));

        roster.hear("v1", { type: "inventory", host: "N1", inventory: last }, at(60_000));

        const found = roster.all().find(({ id }) => id === "N1");
        expect(new Set(found?.components.map(({ id }) => id))).toEqual(
          new Set(last.components.map(({ id }) => id)),
        );
        expect(new Set(found?.providers.map(({ id }) => id))).toEqual(
          new Set(last.providers.map(({ id }) => id)),
        );
      }),
    );
  });
});
