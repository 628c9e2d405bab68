import { expect, test } from "vitest";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { linkJson } from "../../support/link-json.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(async () => {
  const host = await startHost({ url: server.ws });
  await host.sharing(true);
  return host;
});
const store = shared(() => openStore(peer.nats, "default"));
const events = shared(() => peer.listen("wasmbus.evt.default.*"));

const ctl = (tail: string, body?: unknown): Promise<unknown> =>
  peer.ask(`wasmbus.ctl.v1.default.${tail}`, body);
/** The data of the events about `source`, in order; waits for `count` of them. */
async function told(source: string, count: number): Promise<unknown[]> {
  const data = (): { type: string; data: { source_id: string } }[] =>
    events.heard
      .map((each) => each.json<{ type: string; data: { source_id: string } }>())
      .filter(({ data: each }) => each.source_id === source);
  await expect.poll(() => data().length).toBeGreaterThanOrEqual(count);
  return data().map(({ type, data: each }) => ({
    [type.replace("com.wasmcloud.lattice.", "")]: each,
  }));
}
const link = (source: string, more: object = {}) =>
  linkJson(source, "kvredis", { interfaces: ["store", "atomics"], ...more });
const key = (source: string) => ({
  source_id: source,
  name: "default",
  wit_namespace: "wasi",
  wit_package: "keyvalue",
});
const stored = (source: string) => read(store.data, `COMPONENT_${source}`);
const done = { success: true, message: "successfully set link" };

test("link.put stores the link as a Rust host does, tells of it, and answers", async () => {
  shows("Control interface: link.put", "Events: linkdef_set");
  const providers = await peer.listen("wasmbus.rpc.default.*.linkdefs.put");
  const { name: _, source_config: _1, target_config: _2, ...least } = link("put");

  const reply = await ctl("link.put", least);

  expect(reply).toEqual(done);
  expect(await stored("put")).toBe(
    '{"url":"","links":[{"source_id":"put","target":"kvredis","name":"default","wit_namespace":"wasi",' +
      '"wit_package":"keyvalue","interfaces":["store","atomics"],"source_config":[],"target_config":[]}]}',
  );
  expect(await told("put", 1)).toEqual([{ linkdef_set: link("put") }]);
  await providers.next((json) => (json as { source_id: string }).source_id === "put");
  const heard = providers.heard.filter((each) => each.string().includes('"put"'));
  expect(heard.map(({ subject }) => subject).toSorted()).toEqual([
    "wasmbus.rpc.default.kvredis.linkdefs.put",
    "wasmbus.rpc.default.put.linkdefs.put",
  ]);
  expect(heard[0]?.json()).toEqual({
    ...link("put"),
    source_config: {},
    target_config: {},
    source_secrets: null,
    target_secrets: null,
  });
});

test("a link is stored, told to providers, told to the lattice and answered, in this order", async () => {
  const all = await peer.listen(">");
  const inbox = "_INBOX.order.reply";
  const isAnswer = ({ subject }: { subject: string }): boolean => subject === inbox;
  const ask = async (tail: string, body: object): Promise<void> => {
    const before = all.heard.filter(isAnswer).length;
    peer.nats.publish(`wasmbus.ctl.v1.default.${tail}`, JSON.stringify(body), { reply: inbox });
    await expect.poll(() => all.heard.filter(isAnswer).length).toBe(before + 1);
  };

  await ask("link.put", link("order"));
  await ask("link.del", key("order"));

  const own = all.heard
    .filter((each) => isAnswer(each) || /(\b|_)order\b/.test(`${each.subject} ${each.string()}`))
    .map(({ subject }) => subject)
    .filter(
      (subject) =>
        !/^wasmbus\.ctl|^\$JS/.test(subject) &&
        (isAnswer({ subject }) || !subject.startsWith("_INBOX")),
    );
  expect(own).toEqual([
    "$KV.LATTICEDATA_default.COMPONENT_order",
    "wasmbus.rpc.default.order.linkdefs.put",
    "wasmbus.rpc.default.kvredis.linkdefs.put",
    "wasmbus.evt.default.linkdef_set",
    inbox,
    "$KV.LATTICEDATA_default.COMPONENT_order",
    "wasmbus.rpc.default.order.linkdefs.del",
    "wasmbus.rpc.default.kvredis.linkdefs.del",
    "wasmbus.evt.default.linkdef_deleted",
    inbox,
  ]);
});

test("a link to the same target is replaced where it stands; others follow it", async () => {
  await ctl("link.put", link("twice"));
  await ctl("link.put", link("twice", { wit_package: "blobstore", interfaces: ["blobstore"] }));

  const reply = await ctl("link.put", link("twice", { interfaces: ["batch"] }));

  expect(reply).toEqual(done);
  expect(JSON.parse((await stored("twice")) ?? "")).toEqual({
    url: "",
    links: [
      link("twice", { interfaces: ["batch"] }),
      link("twice", { wit_package: "blobstore", interfaces: ["blobstore"] }),
    ],
  });
});

test("an interface has one target under one name", async () => {
  shows("Control interface: link.put", "Events: linkdef_set_failed");
  await ctl("link.put", link("torn"));
  const before = await stored("torn");
  const other = link("torn", { target: "kvnats", interfaces: ["watcher", "store"] });

  const refused = await ctl("link.put", other);
  const named = await ctl("link.put", { ...other, name: "second" });
  const apart = await ctl("link.put", { ...other, interfaces: ["watcher"] });

  const message =
    "link already exists with different target, consider deleting the existing link or using a different link name";
  expect(refused).toEqual({ success: false, message });
  expect([named, apart]).toEqual([done, done]);
  expect(JSON.parse(before ?? "")).toEqual({ url: "", links: [link("torn")] });
  expect(await told("torn", 4)).toEqual([
    { linkdef_set: link("torn") },
    { linkdef_set_failed: { ...other, error: message } },
    { linkdef_set: { ...other, name: "second" } },
    { linkdef_set: { ...other, interfaces: ["watcher"] } },
  ]);
});

test("configuration and secrets that a link names must be there", async () => {
  shows("Control interface: link.put");
  const wanted = link("unset", { source_config: ["absent"], target_config: ["SECRET_absent"] });
  const message =
    "Failed to validate configuration and secrets. Configuration absent not found in config store. " +
    "Secret reference SECRET_absent not found in config store. ";

  const reply = await ctl("link.put", wanted);

  expect(reply).toEqual({ success: false, message });
  expect(await told("unset", 1)).toEqual([{ linkdef_set_failed: { ...wanted, error: message } }]);
  expect(await stored("unset")).toBeUndefined();
});

test("providers get a link's configuration resolved, and none of a link with secrets", async () => {
  const providers = await peer.listen("wasmbus.rpc.default.*.linkdefs.put");
  await store.config.put("cfg-a", '{"url":"redis://a","db":"1"}');
  await store.config.put("cfg-b", '{"db":"2"}');
  await store.config.put("SECRET_c", '{"name":"c"}');

  await ctl("link.put", link("secretive", { target_config: ["SECRET_c"] }));
  await ctl("link.put", link("resolved", { target_config: ["cfg-a", "cfg-b"] }));

  const got = await providers.next((json) => (json as { source_id: string }).source_id !== "put");
  expect(got).toMatchObject({
    source_id: "resolved",
    source_config: {},
    target_config: { url: "redis://a", db: "2" },
  });
});

test("link.del removes one link, tells providers and the lattice, and can be repeated", async () => {
  shows("Control interface: link.del", "Events: linkdef_deleted");
  const providers = await peer.listen("wasmbus.rpc.default.*.linkdefs.del");
  await ctl("link.put", link("gone"));
  await ctl("link.put", link("gone", { target: "other", interfaces: ["batch"] }));
  const { name: _, ...least } = key("gone");

  const replies = [
    await ctl("link.del", key("never")),
    await ctl("link.del", least),
    await ctl("link.del", key("gone")),
    await ctl("link.del", key("gone")),
  ];

  const deleted = { success: true, message: "successfully deleted link" };
  expect(replies).toEqual([
    { success: true, message: "successfully deleted link (spec doesn't exist)" },
    deleted,
    deleted,
    deleted,
  ]);
  expect(await stored("gone")).toBe('{"url":"","links":[]}');
  expect((await told("gone", 5)).slice(2)).toEqual([
    { linkdef_deleted: { ...key("gone"), target: "kvredis", interfaces: ["store", "atomics"] } },
    { linkdef_deleted: { ...key("gone"), target: "other", interfaces: ["batch"] } },
    { linkdef_deleted: key("gone") },
  ]);
  expect(providers.heard.slice(0, 2).map(({ subject }) => subject)).toEqual([
    "wasmbus.rpc.default.gone.linkdefs.del",
    "wasmbus.rpc.default.kvredis.linkdefs.del",
  ]);
  expect(providers.heard[0]?.json()).toEqual({
    ...link("gone"),
    source_config: {},
    target_config: {},
    source_secrets: null,
    target_secrets: null,
  });
});

test("link.get gives all links, also those that another host wrote", async () => {
  shows("Control interface: link.get");
  await ctl("link.put", link("mine"));
  const theirs = link("theirs", { target: "x" });
  await store.data.put("COMPONENT_theirs", JSON.stringify({ url: "a", links: [theirs] }));
  await expect.poll(() => node.facts.links.peek().size).toBeGreaterThan(1);

  const listed = async (): Promise<unknown> => ctl("link.get");

  await expect.poll(listed).toEqual({
    success: true,
    message: "",
    response: expect.arrayContaining([link("mine"), theirs]),
  });
});

test("what another host wrote into a spec stays when a link is put and deleted", async () => {
  shows("Key-value state: COMPONENT_{id}");
  const theirs = { ...link("mixed", { target: "x", name: "old" }), weight: 3 };
  const spec = { digest: "abc", url: "ghcr.io/a/b:1", links: [theirs], extra: { deep: [1] } };
  await store.data.put("COMPONENT_mixed", JSON.stringify(spec));

  await ctl("link.put", link("mixed"));
  await ctl("link.put", link("mixed", { target: "x", name: "old", interfaces: ["store"] }));
  const both = await stored("mixed");
  await ctl("link.del", key("mixed"));

  const rewritten = { ...theirs, interfaces: ["store"] };
  expect(both).toBe(JSON.stringify({ ...spec, links: [rewritten, link("mixed")] }));
  expect(await stored("mixed")).toBe(JSON.stringify({ ...spec, links: [rewritten] }));
});

test.each([
  { what: "text", value: "not json" },
  { what: "no url", value: '{"links":[]}' },
  { what: "links that are none", value: '{"url":"a","links":[{"source_id":"b"}]}' },
  { what: "links that are null", value: '{"url":"a","links":null}' },
])("a spec with $what is not overwritten", async ({ what, value }) => {
  shows("Key-value state: COMPONENT_{id}");
  const source = `broken-${what.replaceAll(" ", "-")}`;
  await store.data.put(`COMPONENT_${source}`, value);

  const put = await ctl("link.put", link(source));
  const del = await ctl("link.del", key(source));

  const message = `failed to deserialize stored component specification for ${source}`;
  expect([put, del]).toEqual([
    { success: false, message },
    { success: false, message },
  ]);
  const refused = node.log.filter(
    ({ event, fields }) =>
      event === "command.refused" && String(fields?.["problem"]).startsWith(`${message}: `),
  );
  expect(refused).toHaveLength(2);
  expect(await stored(source)).toBe(value);
  expect(await told(source, 1)).toEqual([
    {
      linkdef_set_failed: {
        ...link(source),
        error: expect.stringMatching(new RegExp(`^${message}: .`)),
      },
    },
  ]);
});

test.each([
  { tail: "link.put", body: "{" },
  { tail: "link.put", body: { source_id: "a" } },
  { tail: "link.put", body: link("a b") },
  { tail: "link.put", body: link("a", { interfaces: "store" }) },
  { tail: "link.del", body: { wit_namespace: "wasi", wit_package: "keyvalue" } },
])("$tail with $body is refused", async ({ tail, body }) => {
  const reply = await ctl(tail, body);

  expect(reply).toEqual({ success: false, message: "failed to deserialize wrpc link definition" });
});

test("an unknown verb is told so", async () => {
  expect(await ctl("link.query")).toEqual({ success: false, message: "unsupported subject" });
});

test("two hosts that put links of one source at once lose none", async () => {
  await using other = await startHost({ url: server.ws });
  await other.sharing(true);
  const names = Array.from({ length: 24 }, (_, index) => `n${index}`);

  const replies = await Promise.all(names.map((name) => ctl("link.put", link("busy", { name }))));

  expect(replies).toEqual(names.map(() => done));
  const { links } = JSON.parse((await stored("busy")) ?? "") as { links: { name: string }[] };
  expect(links.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

test("entries of another kind, malformed ones and leftovers are skipped, and said once", async () => {
  shows("Key-value state: COMPONENT_{id}");
  await store.data.put("LINKDEF_old", "x");
  await store.data.put("REFMAP_old", "x");
  await store.data.put("SOMETHING_else", "x");
  await store.data.put("SOMETHING_else", "y");
  await store.data.put("plain", "x");
  await store.data.put("CLAIMS_MSTRANGE", '{"subject":"MOTHER"}');
  await store.data.put("COMPONENT_after", JSON.stringify({ url: "", links: [link("after")] }));
  await expect.poll(() => [...node.facts.links.peek().keys()]).toContain("after");

  const skipped = node.log
    .filter(({ event }) => event === "facts.skipped")
    .map(({ fields }) => fields["key"]);

  expect(skipped.filter((each) => !String(each).startsWith("COMPONENT"))).toEqual([
    "SOMETHING_else",
    "plain",
    "CLAIMS_MSTRANGE",
  ]);
});
