/** Sets in a whole host on a real server, with what a node really offers to them. */
import { expect, test } from "vitest";

import type { WorkloadSetSpec } from "../../../src/core/workload-set.ts";
import type { WitValue } from "../../../src/core/wit.ts";
import type { LocalComponent } from "../../support/local-runtime.ts";

import { entityId } from "../../../src/core/ids.ts";
import { createOffers } from "../../../src/providers/offers/offers.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { entryOf, memberOf, setOf, worldOf } from "../../support/sets.ts";
import { shared } from "../../support/shared.ts";

const WIT = `
package demo:text@1.0.0 { interface shout { loud: func(word: string) -> string; } }
package demo:count@1.0.0 { interface tally { next: func(word: string) -> u64; } }
package wasmcloud:messaging@0.2.0 {
  interface types {
    record broker-message { subject: string, body: list<u8>, reply-to: option<string> }
  }
  interface handler {
    use types.{broker-message};
    handle-message: func(msg: broker-message) -> result<_, string>;
  }
  interface consumer {
    use types.{broker-message};
    publish: func(msg: broker-message) -> result<_, string>;
  }
}
package wasi:keyvalue@0.2.0-draft {
  interface store {
    variant error { no-such-store, access-denied, other(string) }
    resource bucket { get: func(key: string) -> result<option<list<u8>>, error>; }
    open: func(identifier: string) -> result<bucket, error>;
  }
  interface atomics {
    use store.{bucket, error};
    increment: func(bucket: borrow<bucket>, key: string, delta: u64) -> result<u64, error>;
  }
}
`;
const SHOUT = "demo:text/shout@1.0.0";
const TALLY = "demo:count/tally@1.0.0";
const HANDLER = "wasmcloud:messaging/handler@0.2.0";
const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const STORE = "wasi:keyvalue/store@0.2.0-draft";
const ATOMICS = "wasi:keyvalue/atomics@0.2.0-draft";

interface BrokerMessage {
  readonly body: Uint8Array;
  readonly replyTo?: string;
}

/** Replies to a message with what the two others make of it. */
const front: LocalComponent = {
  world: worldOf(WIT, { imports: [CONSUMER, SHOUT, TALLY], exports: [HANDLER] }),
  functions: {},
  guest: (importing) => ({
    async [`${HANDLER}#handle-message`](given) {
      const { body, replyTo } = given as BrokerMessage;
      const word = new TextDecoder().decode(body);
      const [loud] = await importing(SHOUT, "loud", word);
      const [count] = await importing(TALLY, "next", word);
      const text = `${String(loud)} ${String(count)}`;
      const message = {
        subject: replyTo,
        body: new TextEncoder().encode(text),
        replyTo: undefined,
      };
      const [sent] = await importing(CONSUMER, "publish", message);
      return sent;
    },
  }),
};
const shouter: LocalComponent = {
  world: worldOf(WIT, { exports: [SHOUT] }),
  functions: { [`${SHOUT}#loud`]: (word) => String(word).toUpperCase() },
};
const counter: LocalComponent = {
  world: worldOf(WIT, { imports: [STORE, ATOMICS], exports: [TALLY] }),
  functions: {},
  guest: (importing) => ({
    async [`${TALLY}#next`](word) {
      const [opened] = await importing(STORE, "open", "counts");
      const [result] = await importing(ATOMICS, "increment", valOf(opened), String(word), 1n);
      return valOf(result);
    },
  }),
};
const valOf = (result: WitValue): WitValue => (result as { val: WitValue }).val;

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));
const node = shared(() =>
  startHost(
    { url: server.ws },
    { components: { front, shouter, counter, alone: shouter }, parts: { offers: createOffers() } },
  ),
);

const spec = (id: string, subject: string): WorkloadSetSpec =>
  setOf(["front", "shouter", "counter"], {
    id,
    name: id,
    interfaces: [
      entryOf("wasmcloud:messaging@0.2.0", ["consumer", "handler"], {
        config: new Map([["subscriptions", subject]]),
      }),
      entryOf("wasi:keyvalue@0.2.0-draft", ["store", "atomics"]),
    ],
  });
const ask = async (subject: string, word: string): Promise<string> =>
  (await peer.nats.request(subject, word, { timeout: 10_000 })).string();

test("three components answer a message together: two of them by import, one by a store of the lattice", async () => {
  const { host } = node;
  const started = await host.run("set.start", spec("shop", "shop.asked"));

  const replies = [await ask("shop.asked", "one"), await ask("shop.asked", "one")];
  const inventory = await host.run("host.describe", undefined);
  const status = await host.run("set.status", { id: "shop" });
  const bucket = await peer.nats.jetstream().views.kv("counts", { bindOnly: true });
  const kept = await bucket.get("one");
  const stopped = await host.run("set.stop", { id: "shop" });

  expect(started).toEqual({
    id: "shop",
    phase: "running",
    message: "Workload started successfully",
  });
  expect(replies).toEqual(["ONE 1", "ONE 2"]);
  expect([...(kept?.value ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 2]);
  expect(inventory.sets).toMatchObject({ count: 1, members: 3 });
  expect(inventory.workloads).toEqual([]);
  expect(status.phase).toBe("running");
  expect(stopped.phase).toBe("stopping");
  await expect(ask("shop.asked", "late")).rejects.toThrow(/no responders|503/i);
});

test("what runs in a set is nobody's business in the lattice of v1", async () => {
  const { host } = node;
  const events = await peer.listen("wasmbus.evt.default.*");
  await host.run("set.start", spec("quiet", "quiet.asked"));
  const id = entityId("alone");
  await host.scale({ id, image: "alone", maxInstances: 1, annotations: new Map() });
  const event = await events.next((json) => typeOf(json).endsWith("component_scaled"));

  const inventory = await peer.ask(`wasmbus.ctl.v1.default.host.get.${node.id}`);
  const called = await peer.invoke(
    `default.default/quiet/shouter.wrpc.0.0.1.${SHOUT}.loud`,
    Uint8Array.of(1, 0x61),
  );
  await host.run("set.stop", { id: "quiet" });

  expect(event).toMatchObject({ data: { component_id: "alone" } });
  const told = events.heard.map((message) => message.string()).join();
  expect(told + JSON.stringify(inventory)).not.toContain("quiet");
  expect(called.outcome).toBe("no-responders");
});

test("a set that cannot run says why, and has left nothing", async () => {
  const { host } = node;
  const interfaces = [entryOf("wasi:keyvalue@0.2.0-draft", ["store", "atomics"])];
  const bad = setOf(["counter", memberOf("gone")], { id: "bad", interfaces });

  const started = await host.run("set.start", bad);
  const status = await host.run("set.status", { id: "bad" });
  await host.run("set.stop", { id: "bad" });

  const error = "failed to pull image for component 'gone': GET gone answered 404 Not Found";
  expect(started).toEqual({ id: "bad", phase: "failed", message: error });
  expect(status).toEqual({ id: "bad", phase: "failed", message: `Error: ${error}` });
  expect(host.sets()).toEqual([]);
});

test("a host that leaves stops its sets, and takes no more", async () => {
  await using own = await startHost(
    { url: server.ws },
    { components: { front, shouter, counter }, parts: { offers: createOffers() } },
  );
  await own.host.run("set.start", spec("leaving", "leaving.asked"));
  const before = await ask("leaving.asked", "two");

  await own.host.stop(5000);

  expect(before).toBe("TWO 1");
  expect(own.host.sets()).toEqual([]);
  await expect(ask("leaving.asked", "late")).rejects.toThrow(/no responders|503/i);
  await expect(own.host.run("set.start", spec("late", "late.asked"))).rejects.toMatchObject({
    code: "closed",
  });
});

test("a node that was given no set knows of none", async () => {
  await using own = await startHost({ url: server.ws }, { parts: { offers: createOffers() } });
  const absent = { id: "none", phase: "absent", message: "Workload not found" };

  expect(await own.host.run("set.status", { id: "none" })).toEqual(absent);
  expect(await own.host.run("set.stop", { id: "none" })).toEqual(absent);
  expect(own.host.inventory().sets).toMatchObject({ count: 0, members: 0 });
});

function typeOf(json: unknown): string {
  return typeof json === "object" && json !== null && "type" in json ? String(json.type) : "";
}
