import { expect, test } from "vitest";

import { createRegistries } from "../../../src/host/registries.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const registries = createRegistries();
const node = shared(async () => {
  const host = await startHost({ url: server.ws }, { parts: { registries } });
  await host.sharing(true);
  return host;
});
const store = shared(() => openStore(peer.nats, "default"));
const events = shared(() => peer.listen("wasmbus.evt.default.*"));

const ctl = (tail: string, body?: unknown): Promise<unknown> =>
  peer.ask(`wasmbus.ctl.v1.default.${tail}`, body);
/** The events about `name`, in order; waits for `count` of them. */
async function told(name: string, count: number): Promise<unknown[]> {
  const all = (): { type: string; data: { config_name?: string } }[] =>
    events.heard
      .map((each) => each.json<{ type: string; data: { config_name?: string } }>())
      .filter(({ data }) => data.config_name === name);
  await expect.poll(() => all().length).toBeGreaterThanOrEqual(count);
  return all().map(({ type, data }) => ({ type, data }));
}

test("config is put, got and deleted, with an event for each change", async () => {
  shows(
    "Control interface: config.put",
    "Control interface: config.get",
    "Control interface: config.del",
    "Events: config_set",
    "Events: config_deleted",
    "Key-value state: CONFIGDATA_{lattice}",
  );
  const values = { address: "0.0.0.0:8080", routing_mode: "path" };

  const replies = [
    await ctl("config.get.addr"),
    await ctl("config.put.addr", values),
    await ctl("config.get.addr"),
  ];
  const stored = await read(store.config, "addr");
  replies.push(await ctl("config.del.addr"), await ctl("config.del.addr"));

  expect(replies).toEqual([
    { success: true, message: "Configuration not found" },
    { success: true, message: "successfully put config" },
    { success: true, message: "", response: values },
    { success: true, message: "successfully deleted config" },
    { success: true, message: "successfully deleted config" },
  ]);
  expect(stored).toBe('{"address":"0.0.0.0:8080","routing_mode":"path"}');
  expect(await read(store.config, "addr")).toBe("PURGE");
  const data = { config_name: "addr" };
  expect(await told("addr", 3)).toEqual([
    { type: "com.wasmcloud.lattice.config_set", data },
    { type: "com.wasmcloud.lattice.config_deleted", data },
    { type: "com.wasmcloud.lattice.config_deleted", data },
  ]);
});

test.each([
  { what: "spaces and lines", body: '\n{ "b" : "1",\t"a":"2" }\n' },
  { what: "escapes", body: '{"a":"\\u0061\\/\\ud83d\\ude00","__proto__":"x"}' },
  { what: "one key twice", body: '{"a":"1","a":"2"}' },
  { what: "nothing in it", body: "{ }" },
])("the body of config.put with $what is kept byte for byte", async ({ what, body }) => {
  shows("Control interface: config.put", "Key-value state: CONFIGDATA_{lattice}");
  const name = what.replaceAll(" ", "-");
  const read = async (): Promise<string | undefined> => (await store.config.get(name))?.string();

  await ctl(`config.put.${name}`, '{"before":"it"}');
  const replies = [await ctl(`config.put.${name}`, body)];
  const stored = [await read()];
  await ctl(`config.del.${name}`);
  replies.push(await ctl(`config.put.${name}`, body), await ctl(`config.get.${name}`));
  stored.push(await read());

  const put = { success: true, message: "successfully put config" };
  const response: unknown = { ...(JSON.parse(body) as object) };
  expect(replies).toEqual([put, put, { success: true, message: "", response }]);
  expect(stored).toEqual([body, body]);
});

test("config that another host wrote is given, and what is none is said to be none", async () => {
  shows("Control interface: config.get");
  await store.config.put("theirs", '{"a": "1"}');
  await store.config.put("broken", '{"a": 1}');

  const replies = [await ctl("config.get.theirs"), await ctl("config.get.broken")];

  expect(replies).toEqual([
    { success: true, message: "", response: { a: "1" } },
    { success: false, message: "config data should be a map of string -> string" },
  ]);
});

test.each([
  { body: '{"password": 12345}' },
  { body: "[]" },
  { body: "{" },
  { body: '"secret"' },
  { body: '{"secret":"\\ud800"}' },
  { body: '\ufeff{"secret":"a"}' },
  { body: '{"a":"secret"} {}' },
  { body: "" },
])("config of $body is refused, and not shown in the log", async ({ body }) => {
  const reply = await ctl("config.put.bad", body);

  expect(reply).toEqual({
    success: false,
    message: "config data should be a map of string -> string",
  });
  expect(await read(store.config, "bad")).toBeUndefined();
  expect(JSON.stringify(node.log)).not.toMatch(/12345|secret/);
});

test("a name of two tokens is no subject of config", async () => {
  const replies = [
    await ctl("config.put.a.b", {}),
    await ctl("config.get"),
    await ctl("config.x.a"),
  ];

  const unknown = { success: false, message: "unsupported subject" };
  expect(replies).toEqual([unknown, unknown, unknown]);
});

test("claims are shown flat, those of components and those of providers", async () => {
  shows("Control interface: claims.get", "Key-value state: CLAIMS_{key}");
  const empty = await ctl("claims.get");
  const component = {
    call_alias: "",
    issuer: "AISSUER",
    name: "hello",
    revision: "2",
    subject: "MHELLO",
    tags: ["a", "b"],
    version: "0.1.0",
  };
  const provider = { iss: "AISSUER", name: "kv", rev: "x", sub: "VKV", version: "0.2.0" };
  await store.data.put("CLAIMS_MHELLO", JSON.stringify(component));
  await store.data.put("CLAIMS_VKV", JSON.stringify(provider));
  await expect.poll(() => node.facts.claims.peek().size).toBe(2);

  const reply = await ctl("claims.get");

  expect(empty).toEqual({ success: true, message: "", response: [] });
  const issuer = { iss: "AISSUER", issuer: "AISSUER" };
  expect(reply).toEqual({
    success: true,
    message: "",
    response: [
      {
        ...issuer,
        call_alias: "",
        name: "hello",
        rev: "2",
        revision: "2",
        sub: "MHELLO",
        subject: "MHELLO",
        tags: "a,b",
        version: "0.1.0",
      },
      {
        ...issuer,
        config_schema: "",
        name: "kv",
        rev: "0",
        revision: "0",
        sub: "VKV",
        subject: "VKV",
        version: "0.2.0",
      },
    ],
  });
});

test("registry.put is for every host, answered if an answer is wanted, and shown nowhere", async () => {
  shows("Control interface: registry.put");
  await using other = await startHost({ url: server.ws });
  const body = {
    "ghcr.io": { username: "u", password: "hunter2", registryType: "oci" },
    "Quay.io": { token: "tok-en" },
    "none.example": {},
    "odd.example": { username: "only" },
  };

  const replies = await peer.gather("wasmbus.ctl.v1.default.registry.put", body, 300, 2);
  const wrong = await ctl("registry.put", { "ghcr.io": { password: 987654 } });

  const put = { success: true, message: "successfully put registries" };
  expect(replies).toEqual([put, put]);
  expect(wrong).toEqual({
    success: false,
    message: "failed to deserialize registries put command",
  });
  expect([...(await registries.source())]).toEqual([
    ["ghcr.io", { username: "u", password: "hunter2" }],
    ["quay.io", { token: "tok-en" }],
  ]);
  expect(JSON.stringify([node.log, other.log])).not.toMatch(/hunter2|tok-en|987654/);
});

test("a configuration service that is asked gives credentials of registries", async () => {
  shows("Control interface: cfg.req");
  const asked = peer.nats.subscribe("wasmbus.cfg.served.req", { max: 1 });
  const answering = (async () => {
    for await (const message of asked) {
      message.respond(
        JSON.stringify({ registryCredentials: { "ghcr.io": { username: "u", password: "p" } } }),
      );
      return message.json();
    }
    throw new Error("nobody asked");
  })();
  await peer.nats.flush();
  const own = createRegistries();

  await using _node = await startHost(
    { url: server.ws },
    {
      lattice: "served",
      labels: { zone: "edge" },
      parts: { registries: own, configService: true },
    },
  );

  expect(await answering).toEqual({ labels: { "hostcore.os": "browser", zone: "edge" } });
  await expect
    .poll(async () => [...(await own.source())])
    .toEqual([["ghcr.io", { username: "u", password: "p" }]]);
});

test.each([
  { what: "nobody", answer: undefined },
  { what: "nonsense", answer: '{"registryCredentials":{"ghcr.io":{"password":424242}}}' },
])("a host that asks for configuration and hears $what joins without", async ({ what, answer }) => {
  if (answer !== undefined) {
    peer.nats.subscribe(`wasmbus.cfg.${what}.req`, {
      callback: (_, message) => void message.respond(answer),
    });
    await peer.nats.flush();
  }
  const own = createRegistries();

  await using joined = await startHost(
    { url: server.ws },
    { lattice: what, parts: { registries: own, configService: true } },
  );

  await expect.poll(() => joined.log.map(({ event }) => event)).toContain("supplement.missing");
  expect((await own.source()).size).toBe(0);
  expect(JSON.stringify(joined.log)).not.toContain("424242");
});
