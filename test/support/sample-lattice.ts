/** Lattices of any size as the topic `lattice` tells of them: the same each time, for pictures and measurements. */
import type { Link } from "../../src/core/link.ts";
import type { ObservedHost, Traffic, WatchedLattice } from "../../src/core/watched.ts";

import { entityId } from "../../src/core/ids.ts";
import { SAMPLE_EPOCH_MS } from "./sample-states.ts";

const WORDS =
  "amber brisk calm deft eager fond grand hale iron jolly keen lush mild neat oaken".split(" ");
const BEASTS = "otter heron lynx marten newt osprey pike quail raven stoat tern vole wren".split(
  " ",
);
const TASKS = "orders cart prices mail stock search login images reports audit tax routes".split(
  " ",
);

export function host(index: number, more: Partial<ObservedHost> = {}): ObservedHost {
  const browser = index % 3 === 0;
  return {
    id: `N${String(index).padStart(3, "0")}${"Q7KJ2XWD".repeat(7)}`.slice(0, 56),
    friendlyName: `${WORDS[index % WORDS.length]}-${BEASTS[(index * 5) % BEASTS.length]}-${1000 + ((index * 2719) % 9000)}`,
    own: false,
    generations: ["v1"],
    labels: browser
      ? [
          ["hostcore.arch", "wasm32"],
          ["hostcore.os", "browser"],
          ["inlay.browser", index % 2 === 0 ? "chrome" : "firefox"],
          ["zone", "edge"],
        ]
      : [
          ["hostcore.arch", "x86_64"],
          ["hostcore.os", "linux"],
          ["zone", "eu-west"],
        ],
    version: browser ? "0.1.0" : "1.9.2",
    startedAtMs: SAMPLE_EPOCH_MS - (index + 1) * 3_700_000,
    silentSinceMs: undefined,
    contents: "told",
    tally: undefined,
    components: [],
    providers: [],
    leftOut: 0,
    ...more,
  };
}

export const component = (id: string, maxInstances = 10): ObservedHost["components"][number] => ({
  id,
  image: `ghcr.io/example/${id}:1.4.2`,
  name: id,
  maxInstances,
  annotations: [["wasmcloud.dev/managed-by", "wadm"]],
});

export const provider = (
  id: string,
  healthy: boolean | undefined = true,
): ObservedHost["providers"][number] => ({
  id,
  linkName: undefined,
  image: `ghcr.io/wasmcloud/${id}:0.28.1`,
  name: undefined,
  annotations: [],
  healthy,
});

export function link(source: string, target: string, more: Partial<Link> = {}): Link {
  return {
    source: entityId(source),
    target: entityId(target),
    name: "default",
    namespace: "wasi",
    package: "keyvalue",
    interfaces: ["store", "atomics"],
    sourceConfig: [],
    targetConfig: [],
    ...more,
  };
}

export function told(
  hosts: readonly ObservedHost[],
  traffic: readonly Traffic[] = [],
  more: Partial<WatchedLattice> = {},
): WatchedLattice {
  return {
    whole: true,
    hosts,
    removed: [],
    sources: [{ generation: "v1", listening: { phase: "live" } }],
    traffic,
    leftOut: { hosts: 0, entries: 0, messages: 0 },
    ...more,
  };
}

export const calls = (
  source: string | undefined,
  target: string,
  perSecond: number,
  failed = 0,
) => ({
  source,
  target,
  perSecond,
  failedPerSecond: failed,
});

const OWN: Partial<ObservedHost> = {
  id: "NBGHEKLFQ57SUTPGEC4NGKRRAV5XKXIEPNLQ3O7OT2BKDPYXJ63PSCSX",
  friendlyName: "brisk-otter-4127",
  own: true,
};

/** A shop on a server and in some tabs: what a person meets first. */
export const shop: readonly ObservedHost[] = [
  host(0, { ...OWN, components: [component("orders"), component("hello", 4)] }),
  host(1, {
    friendlyName: "solid-rock-0002",
    components: [component("orders", 50), component("mailer", 5)],
    providers: [provider("http-server"), provider("kv-nats")],
  }),
  host(3, { components: [component("orders", 20), component("prices", 20)] }),
  host(4, {
    providers: [provider("mail-relay", false)],
    components: [component("prices", 100)],
  }),
];

export const shopLinks: readonly Link[] = [
  link("http-server", "orders", { package: "http", interfaces: ["incoming-handler"] }),
  link("orders", "kv-nats"),
  link("orders", "kv-nats", { name: "sessions" }),
  link("orders", "mailer", { namespace: "example", package: "mail", interfaces: ["outbox"] }),
  link("orders", "prices", { namespace: "example", package: "shop", interfaces: ["prices"] }),
  link("prices", "kv-nats"),
  link("mailer", "mail-relay", { namespace: "example", package: "mail", interfaces: ["relay"] }),
  link("mailer", "audit-log", { package: "logging", interfaces: ["logging"] }),
];

export const shopTraffic: readonly Traffic[] = [
  calls("http-server", "orders", 48.2),
  calls("orders", "kv-nats", 96.4),
  calls("orders", "prices", 47.8, 0.4),
  calls("orders", "mailer", 1.2),
  calls(undefined, "hello", 3.4),
];

/** `hosts` hosts with `entities` components between them, every tenth of which has providers, and their links. */
export function crowd(
  hosts: number,
  entities: number,
): { readonly hosts: readonly ObservedHost[]; readonly links: readonly Link[] } {
  const name = (index: number): string =>
    `${TASKS[index % TASKS.length]}-${Math.floor(index / TASKS.length)}`;
  const each = Math.max(1, Math.round(entities / hosts));
  const made = Array.from({ length: hosts }, (_, index) => {
    const own = Array.from({ length: each }, (_unused, at) => index * each + at);
    // Some run in several hosts.
    const more = index % 3 === 0 ? [((index * each) / 3) % entities, index % 7] : [];
    const components = [
      ...new Set([...own, ...more].map((at) => name(Math.floor(at) % entities))),
    ].map((id, at) => component(id, 1 + (at % 30)));
    const providers =
      index % 10 === 1 ? [provider(`kv-${index}`, index % 50 !== 11), provider("http-server")] : [];
    return host(index, {
      ...(index === 0 ? OWN : {}),
      components: components.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
      providers,
      silentSinceMs: index % 37 === 8 ? SAMPLE_EPOCH_MS - 80_000 : undefined,
    });
  });
  const stores = made.flatMap(({ providers }) =>
    providers.flatMap(({ id }) => (id === "http-server" ? [] : [id])),
  );
  // Apps of as many components as there are tasks: the first is called from outside, and calls the others.
  const links = Array.from({ length: entities }, (_, index): Link[] => {
    const at = index % TASKS.length;
    const front = name(index - at);
    const shop = { namespace: "example", package: "shop" };
    if (at === 0) {
      return [link("http-server", front, { package: "http", interfaces: ["incoming-handler"] })];
    }
    if (at < 4) return [link(front, name(index), { ...shop, interfaces: ["intake"] })];
    const store = stores[Math.floor(index / TASKS.length) % stores.length];
    if (at < 7) {
      return [
        link(name(index - 3), name(index), { ...shop, interfaces: ["books"] }),
        ...(store === undefined ? [] : [link(name(index), store)]),
      ];
    }
    return [];
  }).flat();
  return { hosts: made, links };
}
