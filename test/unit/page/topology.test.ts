import { describe, expect, test } from "vitest";

import { foldLattice } from "../../../src/page/state/lattice.ts";
import { conditionOf, hostsOf, topologyOf } from "../../../src/page/state/topology.ts";
import { foundHosts, isFound } from "../../../src/page/state/topology-search.ts";
import {
  contentsWords,
  edgeInterfaces,
  entityWords,
  gapWords,
  hostWords,
  listeningWords,
  rateWords,
  summaryWords,
} from "../../../src/page/state/topology-words.ts";
import {
  calls,
  component,
  host,
  link,
  provider,
  shop,
  shopLinks,
  shopTraffic,
  told,
} from "../../support/sample-lattice.ts";

const picture = foldLattice(undefined, told(shop, shopTraffic));
const shopping = topologyOf(picture, shopLinks);
const entity = (id: string) => {
  const found = shopping.entities.get(id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

describe("who runs where and calls whom", () => {
  test("one entity for all hosts that run it, this tab first", () => {
    expect(hostsOf(entity("orders")).map(({ own }) => own)).toEqual([true, false, false]);
    expect(entityWords(entity("orders"))).toBe(
      "orders, component, 3 hosts, one queue group, 48 calls a second",
    );
    expect(summaryWords(shopping)).toBe("4 hosts · 4 components · 3 providers");
  });

  test("links of one pair are one edge, with what this tab sees of its calls", () => {
    const [edge] = entity("orders").calls.filter(({ target }) => target === "kv-nats");
    if (edge === undefined) throw new Error("no edge");

    expect(edgeInterfaces(edge)).toEqual([
      "wasi:keyvalue/store, atomics",
      "wasi:keyvalue/store, atomics as sessions",
    ]);
    expect(rateWords(edge)).toBe("96/s");
    expect(entity("kv-nats").callers.map(({ source }) => source)).toEqual(["orders", "prices"]);
  });

  test("calls without a link, and from nobody who says who it is, are counted", () => {
    const { entities, edges } = topologyOf(
      foldLattice(undefined, told([], [calls("a", "b", 1, 0.5), calls(undefined, "b", 2)])),
      [],
    );

    expect(edges).toMatchObject([{ source: "a", target: "b", links: [], perSecond: 1 }]);
    expect(entities.get("b")).toMatchObject({ perSecond: 3, failedPerSecond: 0.5 });
    expect(rateWords(edges[0] ?? { perSecond: 0, failedPerSecond: 0 })).toBe("1.0/s, 0.5 failed");
  });

  test("conditions: unhealthy wherever one host says so, unseen, silent where all are", () => {
    const silent = host(7, { silentSinceMs: 1, components: [component("lost"), component("ok")] });
    const { entities } = topologyOf(
      foldLattice(undefined, told([silent, host(8, { components: [component("ok")] })])),
      [link("ok", "nobody")],
    );

    expect(conditionOf(entity("mail-relay"))).toBe("unhealthy");
    expect(conditionOf(entity("audit-log"))).toBe("unseen");
    expect(
      ["lost", "ok", "nobody"]
        .map((id) => entities.get(id))
        .map((each) => each && conditionOf(each)),
    ).toEqual(["silent", "well", "unseen"]);
  });

  test("keys of 0.82 are shown by their names", () => {
    const id = `M${"A".repeat(55)}`;
    const { entities } = topologyOf(
      foldLattice(undefined, told([host(1, { components: [{ ...component(id), name: "Echo" }] })])),
      [],
    );

    expect(entities.get(id)?.label).toBe("Echo");
  });
});

describe("the picture as updates make it", () => {
  test("an update without hosts keeps them as they are, the very same", () => {
    const next = foldLattice(picture, told([], [], { whole: false }));

    expect(next.hosts).toBe(picture.hosts);
  });

  test("this tab comes first, newcomers last", () => {
    const next = foldLattice(
      picture,
      told([host(9, { friendlyName: "aaa" })], [], { whole: false, removed: [shop[1]?.id ?? ""] }),
    );

    const names = [...next.hosts.values()].map(({ friendlyName }) => friendlyName);
    expect(names[0]).toBe("brisk-otter-4127");
    expect(names.at(-1)).toBe("aaa");
    expect(names).not.toContain("solid-rock-0002");
  });
});

describe("in words", () => {
  test("a host says all that its tile shows", () => {
    const { providers } = shop[3] ?? host(0);

    expect(shop[0] && hostWords(shop[0])).toBe(
      "brisk-otter-4127, this tab, chrome · 0.1.0, 2 components",
    );
    expect(hostWords(host(1, { friendlyName: "x", providers, silentSinceMs: 1 }))).toBe(
      "x, linux · 1.9.2, silent, 1 provider, 1 unhealthy provider",
    );
  });

  test.each([
    { more: { contents: "untold" as const }, words: "it has not said what it runs" },
    { more: {}, words: "nothing runs here" },
    {
      more: { contents: "counted" as const, tally: { workloads: 1, components: 3 } },
      words: "1 workload of v2 with 3 components",
    },
    {
      more: { components: [component("a")], providers: [provider("b")], leftOut: 4 },
      words: "1 component, 1 provider, 4 more that are left out",
    },
  ])("contents: $words", ({ more, words }) => {
    expect(contentsWords(host(1, more))).toBe(words);
  });

  test("what cannot be heard is told with what follows from it", () => {
    const denied = { phase: "denied", events: ["host_heartbeat"] } as const;
    const sources = [{ generation: "v1", listening: denied } as const];
    const leftOut = { hosts: 2, entries: 1, messages: 5 };

    expect(gapWords({ sources, leftOut, hosts: 1 })).toEqual([
      "This credential may not listen to the events host_heartbeat: this tab is shown alone, unless others answer when they are asked.",
      "2 more hosts than can be shown.",
      "1 component or provider of these hosts are left out: there are too many.",
      "5 messages went unread, since too many came at once; hosts are asked again.",
    ]);
    expect(listeningWords(sources)).toBe("asked each 30 s");
    expect(listeningWords([])).toBe("only this tab is known");
  });
});

describe("what somebody looks for", () => {
  const entities = (sought: string) =>
    [...shopping.entities.values()].filter((each) => isFound(each, sought));

  test.each([
    { sought: "", ids: 8, hosts: 4 },
    { sought: "PRICE", ids: 1, hosts: 2 },
    { sought: "zone=edge", ids: 0, hosts: 2 },
    { sought: "solid", ids: 0, hosts: 1 },
    { sought: "nothing of that kind", ids: 0, hosts: 0 },
  ])("$sought", ({ sought, ids, hosts }) => {
    const found = entities(sought);

    expect(found).toHaveLength(ids);
    expect(foundHosts(shopping, found, sought)).toHaveLength(hosts);
  });
});
