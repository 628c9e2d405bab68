import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { World } from "../../../../src/core/wit.ts";
import type { HostInterface } from "../../../../src/core/workload-set.ts";
import type { MatchItem, OfferKind } from "../../../../src/host/sets/matcher.ts";

import { asLatticeError } from "../../../../src/core/error.ts";
import { matchOffers } from "../../../../src/host/sets/matcher.ts";
import { entryOf } from "../../../support/sets.ts";

const KEYVALUE = "wasi:keyvalue@0.2.0-draft";
const MESSAGING = "wasmcloud:messaging@0.2.0";

const CALLED = new Map([["f", { params: [] }]]);
/** `*` at the end of a name: it holds only types. */
function world(imports: readonly string[], exports: readonly string[] = []): World {
  const of = (names: readonly string[]): World["imports"] =>
    new Map(names.map((name) => [name.replace("*", ""), name.endsWith("*") ? new Map() : CALLED]));
  return { imports: of(imports), exports: of(exports) };
}
function item(
  name: string,
  imports: readonly string[],
  exports: readonly string[] = [],
  between: readonly string[] = [],
): MatchItem {
  const [linked, answers] = [imports, exports].map(
    (names) => new Set(between.filter((each) => names.includes(each))),
  );
  return {
    name,
    world: world(imports, exports),
    linked: linked ?? new Set(),
    answers: answers ?? new Set(),
  };
}
function offer(
  id: string,
  pkg: string,
  interfaces: readonly string[],
  more: Partial<OfferKind> = {},
): OfferKind {
  return { id, imports: [entryOf(pkg, interfaces)], exports: [], named: false, ...more };
}
const store = offer("wasi-keyvalue", KEYVALUE, ["store", "atomics", "batch"]);
const choice = offer("wasi-keyvalue-multiplexed", KEYVALUE, ["store", "atomics", "batch"], {
  named: true,
});
const messaging = offer("wasmcloud-messaging", MESSAGING, ["consumer", "types"], {
  exports: [entryOf(MESSAGING, ["handler"])],
});
const http = offer("wasi-http", "wasi:http", ["outgoing-handler"], { builtIn: true });

/** `offer <- entry's interfaces: items`, one for each entry that is met. */
function words(
  entries: readonly HostInterface[],
  items: readonly MatchItem[],
  offers: readonly OfferKind[],
): readonly string[] {
  return matchOffers(entries, items, offers).flatMap(({ offer: { id }, met, items: users }) =>
    met.length === 0
      ? [`${id}: ${users.join(" ")}`]
      : met.map((each) => {
          const name = each.entry.name === undefined ? "" : ` (${each.entry.name})`;
          return `${id} <- ${each.entry.interfaces.join(" ")}${name}: ${each.items.join(" ")}`;
        }),
  );
}

describe("an entry is required by a component that has all of its interfaces", () => {
  test.each([
    {
      what: "all imported",
      entry: entryOf(KEYVALUE, ["store", "atomics"]),
      imports: ["wasi:keyvalue/store@0.2.0-draft", "wasi:keyvalue/atomics@0.2.0-draft"],
      met: ["wasi-keyvalue <- store atomics: a"],
    },
    {
      what: "one of them not: it does not apply",
      entry: entryOf(KEYVALUE, ["store", "batch"]),
      imports: ["wasi:keyvalue/store@0.2.0-draft"],
      met: [],
    },
    {
      what: "no version on the entry's side",
      entry: entryOf("wasi:keyvalue", ["store"]),
      imports: ["wasi:keyvalue/store@0.2.0-draft"],
      met: ["wasi-keyvalue <- store: a"],
    },
    {
      what: "no version on the component's side",
      entry: entryOf(KEYVALUE, ["store"]),
      imports: ["wasi:keyvalue/store"],
      met: ["wasi-keyvalue <- store: a"],
    },
    {
      what: "another version",
      entry: entryOf("wasi:keyvalue@0.2.0", ["store"]),
      imports: ["wasi:keyvalue/store@0.2.0-draft"],
      met: [],
    },
    {
      what: "another package",
      entry: entryOf("wasi:keyvalue", ["store"]),
      imports: ["acme:keyvalue/store"],
      met: [],
    },
    { what: "nobody imports anything", entry: entryOf(KEYVALUE, ["store"]), imports: [], met: [] },
  ])("$what", ({ entry, imports, met }) => {
    expect(words([entry], [item("a", imports)], [store, choice])).toEqual(met);
  });

  test("imports and exports count together", () => {
    const own = item(
      "a",
      ["wasmcloud:messaging/consumer@0.2.0", "wasmcloud:messaging/types@0.2.0*"],
      ["wasmcloud:messaging/handler@0.2.0"],
    );
    const entry = entryOf(MESSAGING, ["consumer", "handler", "types"]);

    expect(words([entry], [own], [messaging])).toEqual([
      "wasmcloud-messaging <- consumer handler types: a",
    ]);
  });

  test("each component is looked at by itself, the service as well", () => {
    const imports = ["wasi:keyvalue/store@0.2.0-draft"];
    const items = [item("a", imports), item("b", []), item("service", imports)];

    expect(words([entryOf(KEYVALUE, ["store"])], items, [store])).toEqual([
      "wasi-keyvalue <- store: a service",
    ]);
  });
});

describe("what another component answers", () => {
  const name = "wasi:keyvalue/store@0.2.0-draft";

  test("asks for no offer", () => {
    const own = item("a", [name], [], [name]);

    expect(words([entryOf(KEYVALUE, ["store"])], [own], [])).toEqual([]);
  });

  test("is no matter for an offer at its own end either", () => {
    const entry = entryOf("wasi:blobstore@0.2.0-draft", ["blobstore"]);
    const blobs = "wasi:blobstore/blobstore@0.2.0-draft";
    const items = [item("a", [blobs], [], [blobs]), item("b", [], [blobs], [blobs])];

    expect(words([entry], items, [store])).toEqual([]);
  });

  test("the host may call as well", () => {
    const handler = "wasmcloud:messaging/handler@0.2.0";
    const items = [item("a", [handler], [], [handler]), item("b", [], [handler], [handler])];

    expect(words([entryOf(MESSAGING, ["handler"])], items, [messaging])).toEqual([
      "wasmcloud-messaging <- handler: b",
    ]);
  });

  test("leaves the rest of the entry to the host", () => {
    const own = item("a", [name, "wasi:keyvalue/batch@0.2.0-draft"], [], [name]);

    expect(words([entryOf(KEYVALUE, ["store", "batch"])], [own], [store])).toEqual([
      "wasi-keyvalue <- store batch: a",
    ]);
  });

  test("interfaces of types alone need nobody", () => {
    const own = item("a", [name, "wasi:keyvalue/types@0.2.0-draft*"], [], [name]);

    expect(words([entryOf(KEYVALUE, ["store", "types"])], [own], [])).toEqual([]);
  });
});

describe("HTTP is built in", () => {
  test.each([
    ["incoming-handler"],
    ["outgoing-handler"],
    ["handler"],
    ["incoming-handler", "outgoing-handler"],
  ])("%s %s", (...interfaces) => {
    const own = item(
      "a",
      ["wrpc:http/outgoing-handler@0.1.0"],
      ["wrpc:http/incoming-handler@0.1.0"],
    );

    expect(words([entryOf("wasi:http@0.2.2", interfaces)], [own], [])).toEqual([]);
  });

  test("whoever imports the outgoing handler has what answers it, with or without an entry", () => {
    const own = item("a", ["wrpc:http/outgoing-handler@0.1.0"]);
    const entry = entryOf("wasi:http@0.2.2", ["outgoing-handler"]);

    expect(words([], [own, item("b", [])], [http])).toEqual(["wasi-http: a"]);
    expect(words([entry], [own], [http])).toEqual(["wasi-http <- outgoing-handler: a"]);
  });

  test("an interface that is not HTTP's asks for an offer", () => {
    const own = item("a", ["wasi:http/cache@0.2.2"]);

    expect(() => words([entryOf("wasi:http", ["cache"])], [own], [http])).toThrow(
      "requested interfaces that are not available on this host: wasi:http/cache",
    );
  });
});

describe("of several offers", () => {
  const own = item("a", ["wasi:keyvalue/store@0.2.0-draft"]);
  const named = (name: string): HostInterface => entryOf(KEYVALUE, ["store"], { name });

  test.each([
    {
      what: "the first by id",
      entries: [entryOf(KEYVALUE, ["store"])],
      offers: [offer("z", KEYVALUE, ["store"]), offer("b", KEYVALUE, ["store"])],
      met: ["b <- store: a"],
    },
    {
      what: "one that cannot tell names apart for an entry without",
      entries: [entryOf(KEYVALUE, ["store"])],
      offers: [{ ...choice, id: "a" }, store],
      met: ["wasi-keyvalue <- store: a"],
    },
    {
      what: "one that can for an entry with a name",
      entries: [named("cache")],
      offers: [store, choice],
      met: ["wasi-keyvalue-multiplexed <- store (cache): a"],
    },
    {
      what: "any at all where there is no better one",
      entries: [named("cache")],
      offers: [store],
      met: ["wasi-keyvalue <- store (cache): a"],
    },
    {
      what: "the one whose id is the entry's name",
      entries: [named("wasi-keyvalue")],
      offers: [store, choice],
      met: ["wasi-keyvalue <- store (wasi-keyvalue): a"],
    },
    {
      what: "several side by side by name",
      entries: [named("one"), named("two")],
      offers: [store, choice],
      met: [
        "wasi-keyvalue-multiplexed <- store (one): a",
        "wasi-keyvalue-multiplexed <- store (two): a",
      ],
    },
  ])("$what", ({ entries, offers, met }) => {
    expect(words(entries, [own], offers)).toEqual(met);
  });

  test("two names on one that cannot tell them apart are refused", () => {
    expect(() => words([named("two"), named("one")], [own], [store])).toThrow(
      "plugin 'wasi-keyvalue' does not support named instances, but workload requires 2 named entries for wasi:keyvalue " +
        "(names: one, two)",
    );
  });
});

describe("what no offer meets is refused", () => {
  test.each([
    { entry: entryOf("wasi:blobstore@0.2.0-draft", ["blobstore"]), offers: [store] },
    { entry: entryOf("wasi:blobstore", ["blobstore"], { name: "wasi-keyvalue" }), offers: [store] },
  ])("$entry.name", ({ entry, offers }) => {
    const own = item("web", ["wasi:blobstore/blobstore@0.2.0-draft"]);

    expect(() => matchOffers([entry], [own], offers)).toThrow(
      /^workload component web requested interfaces that are not available on this host: wasi:blobstore\/blobstore/,
    );
  });

  test("an offer must have all of an entry", () => {
    const own = item("web", ["wasi:keyvalue/store@0.2.0-draft", "wasi:keyvalue/watch@0.2.0-draft"]);

    expect(() => words([entryOf(KEYVALUE, ["store", "watch"])], [own], [store])).toThrow(
      "not available on this host: wasi:keyvalue/{store,watch}@0.2.0-draft",
    );
  });
});

test("whatever is asked for, each entry that applies is met once for each of its components, or all is refused", () => {
  const interfaces = fc.subarray(["store", "atomics", "batch"], { minLength: 1 });
  const entries = fc.array(
    fc.record({
      interfaces,
      version: fc.constantFrom(undefined, "0.2.0-draft", "0.3.0"),
      name: fc.constantFrom(undefined, "one", "two", "wasi-keyvalue"),
    }),
    { maxLength: 4 },
  );
  const items = fc.array(fc.subarray(["store", "atomics", "batch"]), { maxLength: 4 });
  const offers = fc.subarray([store, choice]);

  fc.assert(
    fc.property(entries, items, offers, (given, imports, offered) => {
      const declared = given.map((each) => entryOf("wasi:keyvalue", each.interfaces, each));
      const own = imports.map((names, index) =>
        item(
          `item-${index}`,
          names.map((name) => `wasi:keyvalue/${name}@0.2.0-draft`),
        ),
      );
      const wanted = declared.flatMap((entry) =>
        own.flatMap(({ name, world: { imports: here } }) => {
          const fits = entry.version !== "0.3.0";
          const all = entry.interfaces.every((each) =>
            here.has(`wasi:keyvalue/${each}@0.2.0-draft`),
          );
          return fits && all ? [`${declared.indexOf(entry)} ${name}`] : [];
        }),
      );
      const outcome = outcomeOf(() =>
        matchOffers(declared, own, offered).flatMap((match) =>
          match.met.flatMap(({ entry, items: names }) =>
            names.map((name) => `${declared.indexOf(entry)} ${name}`),
          ),
        ),
      );

      // Two names that one offer cannot tell apart; and where there is none, or one, nobody may be there for an entry.
      const refusals = wanted.length === 0 ? [] : ["bad-input"];
      const unmet = wanted.length > 0 && offered.length < 2 ? ["import-unmet"] : [];
      expect([wanted.toSorted().join(), ...refusals, ...unmet]).toContain(outcome);
    }),
  );
});

/** What it gives, in words, or the code of its error. */
function outcomeOf(match: () => readonly string[]): string {
  try {
    return match().toSorted().join();
  } catch (cause) {
    return asLatticeError(cause).code;
  }
}
