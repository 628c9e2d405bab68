import { expect, test } from "vitest";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { linkJson } from "../../support/link-json.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shared } from "../../support/shared.ts";

const image = "https://images.example/teller.wasm";
/** Tells its configuration as `key=value` in alphabetical order. */
const teller: LocalComponent = {
  world: {
    imports: new Map(),
    exports: new Map([
      ["demo:app/teller", new Map([["tell", { params: [], result: { kind: "string" } }]])],
    ]),
  },
  functions: {},
  guest: (importing) => ({
    "demo:app/teller#tell": async () => {
      const [all] = await importing("wasi:config/store@0.2.0-draft", "get-all");
      const { val } = all as { val: [string, string][] };
      return val
        .map(([key, value]) => `${key}=${value}`)
        .toSorted()
        .join(" ");
    },
  }),
};

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() => startHost({ url: server.ws }, { components: { [image]: teller } }));
const store = shared(() => openStore(peer.nats, "default"));
const events = shared(() => peer.listen("wasmbus.evt.default.*"));

/** Scales `id`, and gives the event that says how it ended: the `nth` of that id. */
async function scale(id: string, config: readonly string[], nth = 1, count = 1) {
  await peer.ask(`wasmbus.ctl.v1.default.component.scale.${node.id}`, {
    component_ref: image,
    component_id: id,
    count,
    config,
  });
  let seen = 0;
  const event = (await events.next(
    (json) =>
      (json as { data: { component_id?: string } }).data.component_id === id && ++seen === nth,
  )) as { type: string; data: object };
  return { type: event.type.replace("com.wasmcloud.lattice.", ""), data: event.data };
}
const decoder = new TextDecoder();
const tell = async (id: string): Promise<string> => {
  const { bytes } = await peer.invoke(
    `default.${id}.wrpc.0.0.1.demo:app/teller.tell`,
    new Uint8Array(0),
  );
  return decoder.decode(bytes.subarray(1));
};

test("named configuration is merged from left to right, and followed without a restart", async () => {
  await store.config.put("base", '{"greeting":"hi","zone":"eu"}');
  await store.config.put("over", '{"greeting":"hello"}');

  const { type } = await scale("live", ["base", "over"]);
  const told = [await tell("live")];
  await store.config.put("over", '{"greeting":"moin","extra":"1"}');
  await expect.poll(() => tell("live")).toBe("extra=1 greeting=moin zone=eu");
  await store.config.put("over", "not json");
  await store.config.put("base", '{"zone":"us"}');
  await expect.poll(() => tell("live")).toBe("extra=1 greeting=moin zone=us");
  await store.config.purge("over");
  await expect.poll(() => tell("live")).toBe("zone=us");
  await store.config.delete("base");
  await expect.poll(() => tell("live")).toBe("");
  await store.config.put("base", '{"back":"1"}');
  await expect.poll(() => tell("live")).toBe("back=1");

  expect(type).toBe("component_scaled");
  expect(told).toEqual(["greeting=hello zone=eu"]);
});

test("another order of names is another configuration, and gives other instances", async () => {
  await store.config.put("one", '{"k":"1"}');
  await store.config.put("two", '{"k":"2"}');

  await scale("order", ["one", "two"]);
  const first = await tell("order");
  const before = node.host.entries().find(({ spec }) => spec.id === "order")?.workload;
  await scale("order", ["one", "two"], 2);
  const same = node.host.entries().find(({ spec }) => spec.id === "order")?.workload;
  await scale("order", ["two", "one"], 3);
  const second = await tell("order");

  expect([first, second]).toEqual(["k=2", "k=1"]);
  expect(same).toBe(before);
});

test.each([
  {
    what: "a name that is not there",
    id: "missing",
    config: ["absent"],
    error: "Unable to fetch requested config: Config absent does not exist",
  },
  {
    what: "a secret",
    id: "secretive",
    config: ["SECRET_key"],
    error:
      "Unable to fetch requested config: this host offers no secrets, and was asked for SECRET_key",
  },
  {
    what: "what is no configuration",
    id: "odd",
    config: ["odd"],
    error:
      "Unable to fetch requested config: Data corruption error, unable to decode data from store (odd): " +
      "config data should be a map of string -> string",
  },
])("$what lets the start fail, and leaves nothing behind", async ({ id, config, error }) => {
  await store.config.put("odd", '{"a":1}');

  const event = await scale(id, config);

  expect(event).toEqual({
    type: "component_scale_failed",
    data: {
      annotations: {},
      component_id: id,
      host_id: node.id,
      image_ref: image,
      max_instances: 1,
      error,
    },
  });
  expect(node.host.inventory().workloads.map((each) => each.id)).not.toContain(id);
  expect(await read(store.data, `COMPONENT_${id}`)).toBeUndefined();
});

test("a running component keeps its configuration when a change of it fails", async () => {
  await store.config.put("kept", '{"k":"1"}');
  await scale("keeps", ["kept"]);

  const { type } = await scale("keeps", ["kept", "absent"], 2);

  expect(type).toBe("component_scale_failed");
  expect(await tell("keeps")).toBe("k=1");
});

test("a start makes the component known, and leaves alone what is known of it", async () => {
  const link = linkJson("known", "x");
  const known = JSON.stringify({ url: "", links: [link], digest: "d" });
  await store.data.put("COMPONENT_known", known);

  await scale("fresh", []);
  await scale("known", []);
  await scale("fresh", [], 2, 0);

  expect(await read(store.data, "COMPONENT_fresh")).toBe(`{"url":"${image}","links":[]}`);
  expect(await read(store.data, "COMPONENT_known")).toBe(known);
});

test("a component of which something unreadable is kept does not start", async () => {
  await store.data.put("COMPONENT_unread", "{}");

  const { type, data } = await scale("unread", []);

  expect(type).toBe("component_scale_failed");
  expect(data).toMatchObject({
    error: expect.stringMatching(
      /^failed to deserialize stored component specification for unread: "url" must be a string/,
    ),
  });
  expect(await read(store.data, "COMPONENT_unread")).toBe("{}");
});
