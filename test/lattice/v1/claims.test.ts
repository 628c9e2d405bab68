/** Claims of this host's own components, as the lattice gets to know them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SignedClaims } from "../../../src/core/claims.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { NatsServer } from "../../support/launch-nats.ts";
import type { LatticeStore } from "../../support/lattice-store.ts";
import type { Listener, NativePeer } from "../../support/native-peer.ts";

import { entityId } from "../../../src/core/ids.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { openStore, read } from "../../support/lattice-store.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { shows } from "../../support/protocol-rows.ts";

const claims: SignedClaims = {
  subject: "MHELLO",
  issuer: "AISSUER",
  name: "Greeter",
  version: "0.3.1",
  revision: 7,
  callAlias: "greet_er",
  tags: ["demo", "hello"],
  notBefore: 1_700_000_000,
};
const bare: SignedClaims = { subject: "MBARE", issuer: "AISSUER" };
const world = { imports: new Map(), exports: new Map() };
const components = {
  "https://images.example/hello.wasm": { world, claims, functions: {} },
  "https://images.example/bare.wasm": { world, claims: bare, functions: {} },
};

let server: NatsServer;
let peer: NativePeer;
let node: LatticeHost;
let store: LatticeStore;
let events: Listener;
beforeAll(async () => {
  server = await launchNats();
  peer = await connectPeer(server.ws);
  node = await startHost({ url: server.ws }, { components });
  await node.sharing(true);
  store = await openStore(peer.nats, "default");
  events = await peer.listen("wasmbus.evt.default.*");
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const ctl = (tail: string, body?: unknown): Promise<unknown> =>
  peer.ask(`wasmbus.ctl.v1.default.${tail}`, body);

/** The event that tells how a scale to `count` went. */
async function scale(name: string, count: number, more: object = {}): Promise<object> {
  const image = `https://images.example/${name}.wasm`;
  const body = { component_ref: image, component_id: name, count, ...more };
  const seen = events.heard.length;
  await ctl(`component.scale.${node.id}`, body);
  let at = 0;
  const event = await events.next(
    (json) =>
      at++ >= seen && (json as { data: { component_id?: string } }).data.component_id === name,
  );
  return (event as { data: object }).data;
}

const shown = {
  call_alias: "greet_er",
  issuer: "AISSUER",
  tags: ["demo", "hello"],
  name: "Greeter",
  version: "0.3.1",
  revision: 7,
  not_before_human: "1700000000",
  expires_human: "never",
};

test("a signed component is announced, described and kept with its claims", async () => {
  shows("Key-value state: CLAIMS_{key}", "Events: component_scaled");
  const data = {
    annotations: {},
    host_id: node.id,
    image_ref: "https://images.example/hello.wasm",
    component_id: "hello",
  };
  const signed = { public_key: "MHELLO", claims: shown };

  expect(await scale("hello", 2)).toEqual({ ...data, ...signed, max_instances: 2 });

  expect(await read(store.data, "CLAIMS_MHELLO")).toBe(
    '{"call_alias":"greet_er","issuer":"AISSUER","name":"Greeter","revision":"7",' +
      '"subject":"MHELLO","tags":["demo","hello"],"version":"0.3.1"}',
  );
  expect(await ctl(`host.get.${node.id}`)).toMatchObject({
    response: { components: [{ id: "hello", name: "Greeter", revision: 7 }] },
  });
  expect(await ctl("claims.get")).toMatchObject({
    response: [{ sub: "MHELLO", iss: "AISSUER", rev: "7", tags: "demo,hello", name: "Greeter" }],
  });
  expect(await scale("hello", 0)).toEqual({ ...data, ...signed, max_instances: 0 });
});

test("what its claims leave out is null in events, and empty in the store", async () => {
  const told = await scale("bare", 1);

  expect(told).toMatchObject({
    public_key: "MBARE",
    claims: {
      call_alias: null,
      issuer: "AISSUER",
      tags: null,
      name: null,
      version: null,
      revision: null,
      not_before_human: "never",
      expires_human: "never",
    },
  });
  expect(await read(store.data, "CLAIMS_MBARE")).toBe(
    '{"call_alias":"","issuer":"AISSUER","name":"","revision":"0","subject":"MBARE","tags":[],"version":""}',
  );
  expect(await ctl(`host.get.${node.id}`)).toMatchObject({
    response: { components: [{ id: "bare", name: "bare", revision: 0 }] },
  });
});

test("claims that are kept already are not written again", async () => {
  await scale("hello", 1);
  const first = await store.data.get("CLAIMS_MHELLO");
  await scale("hello", 0);

  await scale("hello", 1);

  expect((await store.data.get("CLAIMS_MHELLO"))?.revision).toBe(first?.revision);
});

test("a start that fails tells whose component it is", async () => {
  shows("Events: component_scale_failed");
  await scale("hello", 0);
  await store.data.put("COMPONENT_hello", "no JSON");

  const told = await scale("hello", 1);

  expect(told).toMatchObject({
    public_key: "MHELLO",
    component_id: "hello",
    error: expect.stringContaining("failed to deserialize"),
  });
  await store.data.purge("COMPONENT_hello");
});

test("where the lattice keeps nothing, a host still knows the claims of its own components", async () => {
  await using plain = await launchNats({ jetstream: false });
  await using other = await startHost({ url: plain.ws }, { components });
  const image = "https://images.example/hello.wasm";
  const id = entityId("hello");

  await other.host.scale({ id, image, maxInstances: 1, annotations: new Map() });

  expect([...other.facts.claims.peek().values()]).toMatchObject([
    { subject: "MHELLO", revision: "7", callAlias: "greet_er" },
  ]);
});
