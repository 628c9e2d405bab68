/** Two nodes and one provider id: a provider with storage of its own runs once in a lattice. */
import { expect, test } from "vitest";
import type { FakeClock } from "../../support/fake-clock.ts";
import type { LatticeHost } from "../../support/lattice-host.ts";

import { keyvalueKind } from "../../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../../src/storage/keyvalue-memory.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";
import { shared } from "../../support/shared.ts";

const keyvalue = keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes));
const HOUR_MS = 3_600_000;

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

interface Node extends LatticeHost {
  readonly clock: FakeClock;
  /** False while nothing passes between it and the server. */
  connected: boolean;
}

/** A node whose clock is `skewMs` ahead of the others', and moves when the test says so. */
async function join(url = server.ws, skewMs = 0): Promise<Node> {
  const clock = fakeClock(1_700_000_000_000 + skewMs);
  const host = await startHost({ url }, { parts: { providers: [keyvalue], clock } });
  return Object.assign(host, { clock, connected: true });
}

let ids = 0;
const fresh = (): string => `kv-${++ids}`;
const ctl = (tail: string, body?: unknown): Promise<unknown> =>
  peer.ask(`wasmbus.ctl.v1.default.${tail}`, body);

/** Sends a start to `node`; gives the data of the event that tells its outcome, once there is one. */
async function starting(node: Node, id: string, reference = "inlay:///keyvalue") {
  const heard = await peer.listen("wasmbus.evt.default.*");
  await ctl(`provider.start.${node.id}`, { provider_id: id, provider_ref: reference });
  return (): object | undefined =>
    heard.heard
      .filter(({ subject }) => subject.includes("provider_start"))
      .map((message) => message.json<{ readonly source: string; readonly data: object }>())
      .find(({ source }) => source === node.id)?.data;
}

/** Moves the clocks of `nodes` on, a second at a time, until `look` gives something. */
async function passUntil<T>(look: () => T | undefined, ...nodes: readonly Node[]): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    for (const { clock } of nodes) clock.advance(1000);
    // oxlint-disable-next-line no-await-in-loop -- second by second
    await Promise.all(nodes.filter(({ connected }) => connected).map(keepPace));
  }
}

/** Resolves when what `node` asked of the store before is answered: a busy machine must not make seconds short. */
async function keepPace({ bus, id }: Node): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  const bucket = await bus.bucket("INLAYLEASES_default", { signal, create: true });
  await bucket.put(`pace-${id}`, new Uint8Array(), { signal });
  await bucket.get(`pace-${id}`, signal);
  await peer.nats.flush();
}

const started = (outcome: object | undefined): boolean =>
  outcome !== undefined && "image_ref" in outcome;

const call = async (id: string): Promise<string> => {
  const subject = `default.${id}.wrpc.0.0.1.wrpc:keyvalue/atomics@0.2.0-draft.increment`;
  const params = Buffer.from("00016e01", "hex"); // increment("", "n", 1)
  const { bytes, outcome } = await peer.invoke(subject, params);
  return outcome === "ended" ? Buffer.from(bytes).toString("hex") : outcome;
};

test("a second node makes no bid and is refused, with the name of the holder", async () => {
  await using one = await join();
  await using other = await join(server.ws, HOUR_MS / 120);
  const id = fresh();
  await passUntil(await starting(one, id), one);

  const auction = { provider_ref: "inlay:///keyvalue", provider_id: id, constraints: {} };
  const bids = await peer.gather("wasmbus.ctl.v1.default.provider.auction", auction, 400);
  const outcome = await passUntil(await starting(other, id), one, other);

  expect(bids).toEqual([]);
  expect(outcome).toEqual({
    provider_ref: "inlay:///keyvalue",
    provider_id: id,
    host_id: other.id,
    error: `host ${one.id} runs the provider ${id} and holds its lease: a provider with storage of its own runs once`,
    link_name: "default",
  });
  expect(await call(id)).toBe("0001");
});

test("after a stop, and after the holder's goodbye, another node bids and takes over at once", async () => {
  const one = await join();
  await using other = await join();
  await using third = await join();
  const id = fresh();
  const auction = { provider_ref: "inlay:///keyvalue", provider_id: id, constraints: {} };
  await passUntil(await starting(one, id), one);

  await ctl(`provider.stop.${one.id}`, { provider_id: id });
  const bids = await peer.gather("wasmbus.ctl.v1.default.provider.auction", auction, 400, 3);
  const second = await starting(other, id);
  await expect.poll(second).toMatchObject({ image_ref: "inlay:///keyvalue" });
  await ctl(`provider.stop.${other.id}`, { provider_id: id });
  const back = await starting(one, id);
  await expect.poll(back).toMatchObject({ image_ref: "inlay:///keyvalue" });
  await one[Symbol.asyncDispose]();
  const last = await starting(third, id);

  await expect.poll(last).toMatchObject({ image_ref: "inlay:///keyvalue" });
  expect(bids).toHaveLength(3);
});

test.each([
  { what: "an hour behind", skewMs: -HOUR_MS },
  { what: "an hour ahead", skewMs: HOUR_MS },
])(
  "a node whose clock is $what takes over when the holder has crashed, not before",
  async ({ skewMs }) => {
    const one = await join();
    await using other = await join(server.ws, skewMs);
    const id = fresh();
    await passUntil(await starting(one, id), one);
    const refused = await passUntil(await starting(other, id), one, other);

    await one.bus.drain(); // gone without a word
    const before = other.clock.monotonic();
    const taken = await passUntil(await starting(other, id), other);

    expect(started(refused)).toBe(false);
    expect(started(taken)).toBe(true);
    expect(other.clock.monotonic() - before).toBeGreaterThanOrEqual(40_000);
    expect(await call(id)).toBe("0001");
  },
);

test("a holder that is cut off stands back, and ends when it finds that another took over", async () => {
  await using proxy = await openTcpProxy(server.wsPort);
  await using one = await join(`ws://127.0.0.1:${proxy.port}`);
  await using other = await join();
  const id = fresh();
  const heard = await peer.listen("wasmbus.evt.default.provider_stopped");
  await passUntil(await starting(one, id), one);
  const entry = () => one.host.providers().find(({ request }) => request.id === id);
  const serving = entry()?.provider?.serving();

  proxy.stall();
  one.connected = false;
  const health = await passUntil(
    () => (entry()?.provider?.serving() === false ? entry()?.provider : undefined),
    one,
  );
  const local = health.callee.invoke({
    id: "local",
    source: undefined,
    target: health.request.id,
    link: "default",
    instance: "wrpc:keyvalue/store@0.2.0-draft",
    func: "exists",
    args: ["", "n"],
    trace: new Map(),
    signal: new AbortController().signal,
  });
  await expect(local).rejects.toMatchObject({ code: "disconnected" });
  const taken = await passUntil(await starting(other, id), other);
  proxy.resume();
  one.connected = true;
  const stopped = await passUntil(() => heard.heard[0]?.json<object>(), one, other);

  expect(serving).toBe(true);
  expect(started(taken)).toBe(true);
  expect(stopped).toMatchObject({
    source: one.id,
    data: { provider_id: id, reason: "another host has its lease" },
  });
  expect(entry()).toBeUndefined();
  expect(await call(id)).toBe("0001");
});

test("without JetStream it is refused with the reason, and runs if told that nobody else will", async () => {
  await using bare = await launchNats({ jetstream: false });
  await using witness = await connectPeer(bare.ws);
  await using node = await join(bare.ws);
  const heard = await witness.listen("wasmbus.evt.default.provider_*");
  const events = await witness.listen("wasmbus.evt.default.*");
  const ask = (provider_ref: string): Promise<unknown> =>
    witness.ask(`wasmbus.ctl.v1.default.provider.start.${node.id}`, {
      provider_id: "kv",
      provider_ref,
    });
  const outcome = (name: string) => events.next((_, subject) => subject.endsWith(name));

  await ask("inlay:///keyvalue");
  const refused = await outcome("provider_start_failed");
  await ask("inlay:///keyvalue?lease=off");
  const taken = await outcome("provider_started");

  expect(heard.heard).toEqual([]);
  expect(refused).toMatchObject({
    data: {
      error: expect.stringContaining(
        "kv keeps data of its own, and this lattice has no JetStream in which its lease could be held: " +
          "add ?lease=off to the reference if no other node will run it",
      ),
    },
  });
  expect(taken).toMatchObject({ data: { image_ref: "inlay:///keyvalue?lease=off" } });
});

test("a holder whose server lost all that it kept makes its lease anew, and serves on", async () => {
  await using node = await join();
  await using other = await join();
  const id = fresh();
  await passUntil(await starting(node, id), node);
  const manager = await peer.nats.jetstreamManager();
  const lease = async () => {
    const bucket = await peer.nats.jetstream().views.kv("INLAYLEASES_default", { bindOnly: true });
    return (await bucket.get(id))?.json<{ readonly host: string }>().host;
  };

  await manager.streams.delete("KV_INLAYLEASES_default");
  let found: string | undefined;
  const look = async (): Promise<void> => {
    found = await lease().catch(() => undefined);
  };
  await expect
    .poll(async () => {
      node.clock.advance(1000);
      await look();
      return found;
    })
    .toBe(node.id);
  const outcome = await passUntil(await starting(other, id), node, other);

  expect(started(outcome)).toBe(false);
  expect(await call(id)).toBe("0001");
});

test("a lease needs the rights that the docs name, and no more; without them the start says so", async () => {
  const lease = [
    "$JS.API.STREAM.INFO.KV_INLAYLEASES_default",
    "$JS.API.STREAM.CREATE.KV_INLAYLEASES_default",
    "$JS.API.DIRECT.GET.KV_INLAYLEASES_default.>",
    "$KV.INLAYLEASES_default.>",
  ];
  const control = {
    publish: ["wasmbus.evt.default.*", "wasmbus.ctl.v1.default.host.ping", "_INBOX.>"],
    subscribe: ["wasmbus.evt.default.*", "wasmbus.ctl.v1.default.>", "_INBOX.>"],
  };
  const calls = ["default.>", "wasmbus.rpc.default.>", "_INBOX.>"];
  await using strict = await launchNats({
    users: [
      {
        user: "holder",
        password: "h",
        permissions: { ...control, publish: [...control.publish, ...lease] },
      },
      { user: "other", password: "o", permissions: control },
      { user: "rpc", password: "r", permissions: { publish: calls, subscribe: calls } },
      { user: "peer", password: "p" },
    ],
  });
  await using witness = await connectPeer(strict.ws, { user: "peer", pass: "p" });
  const events = await witness.listen("wasmbus.evt.default.*");
  const at = (who: string): string => strict.ws.replace("//", `//${who}@`);
  const parts = { providers: [keyvalue] };
  const open = (who: string) => startHost({ url: at(who), rpcUrl: at("rpc:r") }, { parts });
  await using holder = await open("holder:h");
  await using other = await open("other:o");
  const start = (node: LatticeHost, provider_id: string): Promise<unknown> =>
    witness.ask(`wasmbus.ctl.v1.default.provider.start.${node.id}`, {
      provider_id,
      provider_ref: "inlay:///keyvalue",
    });

  await start(holder, "held");
  const taken = await events.next((_, subject) => subject.endsWith("provider_started"));
  await start(other, "denied");
  const refused = await events.next((_, subject) => subject.endsWith("provider_start_failed"));

  expect(taken).toMatchObject({ source: holder.id, data: { provider_id: "held" } });
  expect(refused).toMatchObject({
    source: other.id,
    data: {
      provider_id: "denied",
      error: `the server refused this connection to publish to "${lease[0] ?? ""}"`,
    },
  });
});
