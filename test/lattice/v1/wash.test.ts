import { expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { startNativeHost } from "../../support/native-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { Wash } from "../../support/wash.ts";
import { shows } from "../../support/protocol-rows.ts";
import { shared } from "../../support/shared.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const world = {
  imports: new Map(),
  exports: parseWit("package inlay:demo; interface greeter { hello: func() -> string; }")
    .interfaces,
};
const HELLO = "ghcr.io/acme/hello:0.1.0";
const NEWER = "ghcr.io/acme/hello:0.2.0";
const components = {
  [HELLO]: { world, functions: { "inlay:demo/greeter#hello": () => "hello" } },
  [NEWER]: { world, functions: { "inlay:demo/greeter#hello": () => "hello again" } },
};
const join = (lattice: string): Promise<LatticeHost> =>
  startHost({ url: server.ws }, { lattice, components });

test("wash finds, starts, calls, scales, updates and stops a component in a tab", async () => {
  const wash = new Wash(peer, { lattice: "whole", hosts: 1 });
  await using tab = await join("whole");

  expect(await wash.getHosts()).toMatchObject([{ id: tab.id, lattice: "whole" }]);
  expect(await wash.startComponent(HELLO, "hello", { "hostcore.os": "browser" })).toBe(tab.id);
  expect(await wash.call("hello", "inlay:demo/greeter.hello")).toBe("hello");
  await wash.scaleComponent(tab.id, HELLO, "hello", 5);
  expect(await wash.getInventory()).toMatchObject([
    { host_id: tab.id, components: [{ id: "hello", image_ref: HELLO, max_instances: 5 }] },
  ]);
  expect(await wash.updateComponent("hello", NEWER)).toBe(
    `component hello updating from ${HELLO} to ${NEWER}`,
  );
  await expect.poll(() => wash.call("hello", "inlay:demo/greeter.hello")).toBe("hello again");
  await wash.stopComponent("hello");
  expect(await wash.getInventory()).toMatchObject([{ components: [] }]);
});

test("wash puts, queries and deletes links and configuration, and labels a tab", async () => {
  const wash = new Wash(peer, { lattice: "kept", hosts: 1 });
  await using tab = await join("kept");
  await tab.sharing(true);
  const link = {
    source_id: "front",
    target: "back",
    wit_namespace: "shop",
    wit_package: "stock",
    interfaces: ["shelf"],
  };

  await wash.configPut("greeting", { text: "hello" });
  expect(await wash.configGet("greeting")).toEqual({ text: "hello" });
  await wash.linkPut({ ...link, target_config: ["greeting"] });
  expect(await wash.linkQuery()).toMatchObject([{ ...link, target_config: ["greeting"] }]);
  await expect(wash.linkPut({ ...link, target: "other" })).rejects.toThrow(
    "link already exists with different target",
  );
  await wash.linkDel("front", "shop", "stock");
  expect(await wash.linkQuery()).toEqual([]);
  await wash.configDel("greeting");
  expect(await wash.configGet("greeting")).toBeUndefined();
  expect(await wash.getClaims()).toEqual([]);
  await wash.label(tab.id, "zone", "eu");
  const [labelled] = await wash.getHosts();
  expect(labelled?.labels.get("zone")).toBe("eu");
  await wash.unlabel(tab.id, "zone");
  const [bare] = await wash.getHosts();
  expect(bare?.labels.has("zone")).toBe(false);
});

test("wash hears why a component cannot be started, and finds no host for what a tab cannot run", async () => {
  const wash = new Wash(peer, { lattice: "narrow", hosts: 1 });
  const patient = new Wash(peer, { lattice: "narrow" });
  await using tab = await join("narrow");

  await expect(wash.startComponent("ghcr.io/acme/absent:1.0.0", "absent")).rejects.toThrow(
    "ghcr.io/acme/absent:1.0.0",
  );
  await expect(patient.startComponent(HELLO, "hello", { "hostcore.os": "linux" })).rejects.toThrow(
    "no hosts are eligible",
  );
  await expect(wash.call("hello", "inlay:demo/greeter.hello")).rejects.toThrow("no-responders");
  expect(await wash.getHosts()).toMatchObject([{ id: tab.id }]);
});

test("wash stops a tab's host, and it is gone", async () => {
  const wash = new Wash(peer, { lattice: "ending" });
  const tab = await join("ending");

  await wash.stopHost(tab.id);
  await tab.host.stopped;

  expect(await wash.getHosts()).toEqual([]);
  await tab[Symbol.asyncDispose]();
});

test("beside a native host a tab hides nobody and takes none of the lattice's own work", async () => {
  shows("Control interface: queue groups");
  const wash = new Wash(peer, { lattice: "mixed", hosts: 2 });
  await using native = await startNativeHost(peer, "mixed");
  await using tab = await join("mixed");
  await tab.sharing(false);

  const hosts = await wash.getHosts();
  expect(hosts.map(({ id }) => id).toSorted()).toEqual([tab.id, native.id].toSorted());
  expect((await wash.getInventory()).map(({ host_id: id }) => id).toSorted()).toEqual(
    [tab.id, native.id].toSorted(),
  );
  const before = native.answered.length;
  for (let n = 0; n < 20; n++) {
    // oxlint-disable-next-line no-await-in-loop -- each request goes to one member of the group, by chance
    await Promise.all([wash.linkQuery(), wash.getClaims(), wash.configGet(`name-${n}`)]);
  }
  expect(native.answered.length - before).toBe(60);
});

test("when the last native host leaves, the tab answers for the lattice", async () => {
  shows("Control interface: queue groups");
  const wash = new Wash(peer, { lattice: "alone", hosts: 1 });
  const native = await startNativeHost(peer, "alone");
  await using tab = await join("alone");
  await tab.sharing(false);

  await native[Symbol.asyncDispose]();
  await tab.sharing(true);

  expect(await wash.linkQuery()).toEqual([]);
  expect(await wash.getHosts()).toMatchObject([{ id: tab.id }]);
});
