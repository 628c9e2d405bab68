/** In-page providers with what the lattice keeps: links, named configuration; and with components that are linked to them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Interface, WitValue, World } from "../../../src/core/wit.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { LatticeStore } from "../../support/lattice-store.ts";
import type { NatsServer } from "../../support/launch-nats.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";
import type { NativePeer } from "../../support/native-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { sampleProvider } from "../../support/sample-provider.ts";

const keyvalue = keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes));
const string = { kind: "string" } as const;
const STORE = "wasi:keyvalue/store@0.2.0-draft";
const ATOMICS = "wasi:keyvalue/atomics@0.2.0-draft";
const WATCHER = "wasi:keyvalue/watcher@0.2.0-draft";

let server: NatsServer;
let peer: NativePeer;
let store: LatticeStore;
/** Answers for the whole lattice: links and configuration. */
let keeper: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  peer = await connectPeer(server.ws);
  keeper = await startHost({ url: server.ws });
  await keeper.sharing(true);
  store = await openStore(peer.nats, "default");
});
afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const ctl = (tail: string, body?: unknown): Promise<unknown> =>
  peer.ask(`wasmbus.ctl.v1.default.${tail}`, body);
let ids = 0;
const fresh = (name: string): string => `${name}-${++ids}`;
/** A host of its own that leaves what concerns all to {@link keeper}. */
const join = (options: Parameters<typeof startHost>[1] = {}): Promise<LatticeHost> =>
  startHost({ url: server.ws }, { ...options, parts: { shareWork: false, ...options.parts } });

/** Resolves with the event's data when the provider has started, or failed to. */
async function startProvider(
  node: LatticeHost,
  provider_id: string,
  rest: Readonly<Record<string, unknown>> = {},
): Promise<object> {
  const heard = await peer.listen("wasmbus.evt.default.*");
  const request = { provider_id, provider_ref: "inlay:///sample", ...rest };
  await ctl(`provider.start.${node.id}`, request);
  const event = await heard.next(
    (json, subject) =>
      /\.provider_start(ed|_failed)$/.test(subject) && JSON.stringify(json).includes(provider_id),
  );
  return (event as { data: object }).data;
}

const link = (source: string, target: string, more: object = {}): object => ({
  source_id: source,
  target,
  name: "default",
  wit_namespace: "wasi",
  wit_package: "keyvalue",
  interfaces: ["store", "atomics", "batch"],
  source_config: [],
  target_config: [],
  ...more,
});
const putLink = async (...args: Parameters<typeof link>): Promise<void> => {
  expect(await ctl("link.put", link(...args))).toMatchObject({ success: true });
};
/** Resolves when `node` has heard of a link from `source`. */
const knows = (node: LatticeHost, source: string): Promise<void> =>
  expect.poll(() => node.facts.links.peek().get(entityId(source))?.length ?? 0).toBeGreaterThan(0);
/** Resolves when the provider `id` of `node` knows so many links. */
const linked = (node: LatticeHost, id: string, count: number): Promise<void> =>
  expect
    .poll(() =>
      node.host
        .providers()
        .find(({ request }) => request.id === id)
        ?.provider?.links(),
    )
    .toBe(count);
const removeLink = async (source: string): Promise<void> => {
  const key = {
    source_id: source,
    name: "default",
    wit_namespace: "wasi",
    wit_package: "keyvalue",
  };
  expect(await ctl("link.del", key)).toMatchObject({ success: true });
};
const putConfig = async (name: string, values: object): Promise<void> => {
  expect(await ctl(`config.put.${name}`, values)).toMatchObject({ success: true });
};
/** Inside the tests' clocks: what was told, in order, once it is as many as wanted. */
const told = async (sample: ReturnType<typeof sampleProvider>, count: number) => {
  await expect.poll(() => sample.told.length).toBeGreaterThanOrEqual(count);
  return sample.told;
};

test("a provider starts with its named configuration, merged, and hears of changes", async () => {
  const sample = sampleProvider();
  await using node = await join({ parts: { providers: [sample.kind] } });
  const names = [fresh("config"), fresh("config")];
  const [first = "", second = ""] = names;
  await putConfig(first, { a: "1", b: "1" });
  await putConfig(second, { b: "2" });

  await startProvider(node, fresh("sample"), { config: names });
  await putConfig(first, { a: "3" });

  expect(await told(sample, 2)).toEqual(['start {"a":"1","b":"2"}', 'configure {"a":"3","b":"2"}']);
});

test.each([
  {
    name: "no-such-config",
    error: "Unable to fetch requested config: Config no-such-config does not exist",
  },
  {
    name: "SECRET_key",
    error:
      "Unable to fetch requested config: this host offers no secrets, and was asked for SECRET_key",
  },
])("configuration $name refuses the start", async ({ name, error }) => {
  const sample = sampleProvider();
  await using node = await join({ parts: { providers: [sample.kind] } });
  const id = fresh("sample");

  const failed = await startProvider(node, id, { config: [name] });

  expect(failed).toEqual({
    provider_ref: "inlay:///sample",
    provider_id: id,
    host_id: node.id,
    error,
    link_name: "default",
  });
  expect(sample.told).toEqual([]);
});

test("a provider that cannot use its configuration has not started, and may be started again", async () => {
  const sample = sampleProvider();
  await using node = await join({ parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  const config = fresh("config");
  await putConfig(config, { break: "start" });

  const failed = await startProvider(node, id, { config: [config] });
  const started = await startProvider(node, id);

  expect(failed).toMatchObject({ error: "told to break" });
  expect(started).toMatchObject({ provider_id: id, image_ref: "inlay:///sample" });
});

test("a start makes the provider known as a Rust host does, and keeps the links of one that is", async () => {
  const sample = sampleProvider();
  await using node = await join({ parts: { providers: [sample.kind] } });
  const [unknown, known] = [fresh("sample"), fresh("sample")];
  await putLink(known, "hello");

  await startProvider(node, unknown);
  await startProvider(node, known);

  expect(await read(store.data, `COMPONENT_${unknown}`)).toBe(
    '{"url":"inlay:///sample","links":[]}',
  );
  expect(JSON.parse((await read(store.data, `COMPONENT_${known}`)) ?? "")).toMatchObject({
    links: [{ source_id: known, target: "hello" }],
  });
});

test("links come with the configuration of the provider's end: those of before its start first", async () => {
  const sample = sampleProvider();
  await using node = await join({ parts: { providers: [sample.kind] } });
  const id = fresh("sample");
  const config = fresh("config");
  await putConfig(config, { bucket: "b" });
  await putLink("early", id, { source_config: [config] });
  await knows(node, "early");

  await startProvider(node, id);
  const atStart = [...sample.told];
  await putLink("late", id, { target_config: [config] });
  await putLink("stranger", "other");
  await putLink(id, "watcher", { source_config: [config], interfaces: ["watcher"] });
  await told(sample, 4);
  await putConfig(config, { bucket: "c" });
  await told(sample, 6);
  await removeLink("early");
  await removeLink("late");
  await removeLink("stranger");

  expect(atStart).toEqual(["start {}", `link target early->${id} default {}`]);
  const [, , ...later] = await told(sample, 8);
  expect(later.slice(0, 2)).toEqual([
    `link target late->${id} default {"bucket":"b"}`,
    `link source ${id}->watcher default {"bucket":"b"}`,
  ]);
  expect(later.slice(2, 4).toSorted()).toEqual([
    `link source ${id}->watcher default {"bucket":"c"}`,
    `link target late->${id} default {"bucket":"c"}`,
  ]);
  expect(later.slice(4)).toEqual([
    `unlink target early->${id} default`,
    `unlink target late->${id} default`,
  ]);
});

const COUNT = "demo:app/counter";
/** A component that counts in a bucket of the store that it is linked to, and tells what it watches. */
function counter(watched: WitValue[] = []): LocalComponent {
  const world: World = {
    imports: new Map([
      [STORE, new Map()],
      [ATOMICS, new Map()],
    ]),
    exports: new Map<string, Interface>([
      [COUNT, new Map([["count", { params: [{ name: "key", type: string }], result: string }]])],
      [
        WATCHER,
        new Map([
          ["on-set", { params: [] }],
          ["on-delete", { params: [] }],
        ]),
      ],
    ]),
  };
  return {
    world,
    functions: {},
    guest: (importing) => ({
      [`${COUNT}#count`]: async (key) => {
        const [opened] = await importing(STORE, "open", "visits");
        const bucket = (opened as { val: WitValue }).val;
        const [sum] = await importing(ATOMICS, "increment", bucket, key, 1n);
        const [value] = await importing(STORE, "[method]bucket.get", bucket, key);
        const held = (value as { val: unknown }).val;
        const text = held instanceof Uint8Array ? Buffer.from(held).toString() : describe(held);
        return `${describe((sum as { val: unknown }).val)} ${text}`;
      },
      [`${WATCHER}#on-set`]: async (bucket, key, value) => {
        const [again] = await importing(STORE, "[method]bucket.get", bucket, key);
        watched.push(["set", key, Buffer.from(value as Uint8Array).toString(), again]);
      },
      [`${WATCHER}#on-delete`]: (_, key) => void watched.push(["delete", key]),
    }),
  };
}
const describe = (value: unknown): string =>
  typeof value === "bigint" ? String(value) : JSON.stringify(value);
const image = "https://images.example/counter.wasm";

async function scale(node: LatticeHost, id: string): Promise<void> {
  await node.host.scale({ id: entityId(id), image, maxInstances: 2, annotations: new Map() });
}

/** Calls `count` as a native peer does. */
async function count(component: string, key: string): Promise<string> {
  const params = Buffer.from([key.length, ...Buffer.from(key)]);
  const { bytes } = await peer.invoke(`default.${component}.wrpc.0.0.1.${COUNT}.count`, params);
  return Buffer.from(bytes.subarray(1)).toString();
}

test.each([{ nodes: "one node, without NATS" }, { nodes: "two nodes" }])(
  "a component counts in the store that it is linked to: $nodes",
  async ({ nodes }) => {
    const together = nodes.startsWith("one");
    const components = { [image]: counter() };
    const parts = { providers: [keyvalue] };
    await using first = await join({ parts, components });
    await using other = await join({ components });
    const second = together ? first : other;
    const [kv, component] = [fresh("kv"), fresh("counter")];
    await startProvider(first, kv, { provider_ref: "inlay:///keyvalue" });
    await scale(second, component);
    const wire = await peer.listen(`default.${kv}.wrpc.>`);
    await putLink(component, kv);
    await knows(second, component);
    await linked(first, kv, 1);

    const counts = [await count(component, "a"), await count(component, "b")];
    counts.push(await count(component, "a"));

    expect(counts).toEqual(["1 1", "1 1", "2 2"]);
    expect(wire.heard.length).toBe(together ? 0 : 6);
    const calls = first.calls.filter(({ target }) => target === kv);
    expect(calls.map(({ source, outcome }) => [source, outcome])).toEqual(
      Array.from({ length: 6 }, () => [component, "ok"]),
    );
  },
);

test("a component that is not linked, or only for other interfaces, is denied", async () => {
  const components = { [image]: counter() };
  await using node = await join({ parts: { providers: [keyvalue] }, components });
  const kv = fresh("kv");
  await startProvider(node, kv, { provider_ref: "inlay:///keyvalue" });
  await putLink("reader", kv, { interfaces: ["store"] });
  await linked(node, kv, 1);
  const call = async (func: string, params: string, source: string): Promise<string> => {
    const { bytes } = await peer.invoke(
      `default.${kv}.wrpc.0.0.1.wrpc:keyvalue/${func}`,
      Buffer.from(params, "hex"),
      { headers: { "source-id": source } },
    );
    return Buffer.from(bytes).toString("hex");
  };

  expect(await call("store@0.2.0-draft.get", "000161", "reader")).toBe("0000");
  expect(await call("atomics@0.2.0-draft.increment", "00016101", "reader")).toBe("0101");
  expect(await call("store@0.2.0-draft.get", "000161", "stranger")).toBe("0101");
});

test("the settings of a link and of the provider hold, and hold anew when they change", async () => {
  await using node = await join({ parts: { providers: [keyvalue] } });
  const kv = fresh("kv");
  const [own, ofLink] = [fresh("config"), fresh("config")];
  await putConfig(own, { "max-value-bytes": "4", buckets: "shared, private" });
  await putConfig(ofLink, { bucket: "private", access: "read-only" });
  await startProvider(node, kv, { provider_ref: "inlay:///keyvalue", config: [own] });
  await putLink("app", kv, { target_config: [ofLink] });
  await linked(node, kv, 1);
  const call = async (func: string, params: string, source?: string): Promise<string> => {
    const headers = source === undefined ? {} : { "source-id": source };
    const subject = `default.${kv}.wrpc.0.0.1.wrpc:keyvalue/store@0.2.0-draft.${func}`;
    const { bytes } = await peer.invoke(subject, Buffer.from(params, "hex"), { headers });
    return Buffer.from(bytes).toString("hex");
  };
  const bucket = (name: string) => Buffer.from([name.length, ...Buffer.from(name)]).toString("hex");
  const [ok, noSuchStore, denied] = ["00", "0100", "0101"];

  const before = {
    unnamed: await call("get", `${bucket("")}0161`),
    shared: await call("set", `${bucket("shared")}01610131`), // "a" = "1"
    private: await call("set", `${bucket("private")}01610132`), // "a" = "2"
    tooLong: await call("set", `${bucket("shared")}0161053132333435`),
    linkedRead: await call("get", `${bucket("shared")}0161`, "app"),
    linkedWrite: await call("set", `${bucket("shared")}01610133`, "app"),
  };
  await putConfig(ofLink, { bucket: "private" });
  await expect.poll(() => call("set", `${bucket("x")}01610133`, "app")).toBe(ok);
  await putConfig(own, { "max-value-bytes": "8" });
  await expect.poll(() => call("get", `${bucket("")}0161`)).toBe("0000");

  expect(before).toMatchObject({
    unnamed: noSuchStore,
    shared: ok,
    private: ok,
    linkedRead: "00010132",
    linkedWrite: denied,
  });
  expect(Buffer.from(before.tooLong, "hex").subarray(3).toString()).toBe(
    'the value of "a" has 5 bytes; at most 4 are taken',
  );
  expect(await call("set", `${bucket("shared")}0161053132333435`)).toBe(ok);
  expect(await call("get", `${bucket("private")}0161`)).toBe("00010133");
});

test("components that watch are told of what changes, in order, on either side of the lattice", async () => {
  const watched = { near: [] as WitValue[], far: [] as WitValue[] };
  const near = await join({
    parts: { providers: [keyvalue] },
    components: { [image]: counter(watched.near) },
  });
  await using _near = near;
  await using far = await join({ components: { [image]: counter(watched.far) } });
  const kv = fresh("kv");
  const [here, there] = [fresh("counter"), fresh("counter")];
  const config = fresh("config");
  await putConfig(config, { watch: "SET@a, DEL@a,SET@n" });
  await startProvider(near, kv, { provider_ref: "inlay:///keyvalue" });
  await scale(near, here);
  await scale(far, there);
  for (const component of [here, there]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await putLink(component, kv);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await putLink(kv, component, {
      name: component,
      interfaces: ["watcher"],
      source_config: [config],
    });
  }
  await linked(near, kv, 4);
  const call = (func: string, params: string) =>
    peer.invoke(`default.${kv}.wrpc.0.0.1.wrpc:keyvalue/${func}`, Buffer.from(params, "hex"));

  await call("store@0.2.0-draft.set", "0001610131"); // "" "a" = "1"
  await call("store@0.2.0-draft.set", "0001620131"); // nobody watches "b"
  await call("atomics@0.2.0-draft.increment", "00016e07"); // "n" += 7
  await call("store@0.2.0-draft.delete", "000161");
  await call("store@0.2.0-draft.delete", "000161"); // it is gone already

  const wanted = [
    ["set", "a", "1", { tag: "ok", val: expect.anything() }],
    ["set", "n", "7", { tag: "ok", val: Uint8Array.of(0x37) }],
    ["delete", "a"],
  ];
  await expect.poll(() => watched.near).toEqual(wanted);
  await expect.poll(() => watched.far).toEqual(wanted);
});
