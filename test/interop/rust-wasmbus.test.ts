/** Providers and callers of 0.82, from crates of that time, and nodes of ours. */
import { decode, encode } from "@msgpack/msgpack";
import { beforeAll, describe, expect, test } from "vitest";
import type { ForgeryAlarm, WatchOutcome } from "../../src/core/alarm.ts";
import type { V0Options } from "../../src/dialects/v0/index.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { Nkey } from "../support/wasmbus-peer.ts";

import { entityId } from "../../src/core/ids.ts";
import { keyvalueKind } from "../../src/providers/keyvalue/keyvalue.ts";
import { createMemoryKeyvalue } from "../../src/storage/keyvalue-memory.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { connectPeer } from "../support/native-peer.ts";
import { shared } from "../support/shared.ts";
import { ACCEPTED, controlClient, told } from "../support/wasmbus-control.ts";
import { chunksOf, nkey } from "../support/wasmbus-peer.ts";
import {
  startWasmbusProvider,
  type LinkDefinition,
  type WasmbusProvider,
} from "./support/wasmbus-provider.ts";
import { HTTPSERVER, KEYVALUE, shop, through } from "./support/wasmbus-shop.ts";

const [cluster, outsider] = [nkey("C"), nkey("C")];
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const TRACE = "a".repeat(32);
const PROGRAMS = [
  {
    program: "wasmbus-peer",
    unlinked: (key: string) => `unlinked actor: '${key}'`,
    reads: undefined, // it knows of no traces
  },
  {
    program: "wasmbus-sdk-peer",
    unlinked: (key: string) => `Actor ${key} is not linked to this provider`,
    reads: { traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`)) },
  },
];

describe.each(PROGRAMS)("$program", ({ program, unlinked, reads }) => {
  const lattice = `of-${program}`;
  const [actor, stranger, foreign] = [nkey("M").public, nkey("M").public, nkey("M").public];
  /** What actors were asked, so that nothing forged is among it. */
  const heard: string[] = [];
  const alarms: ForgeryAlarm[] = [];
  const watched: WatchOutcome[] = [];

  const open = (by: Nkey, options: Partial<V0Options> = {}): Promise<LatticeHost> =>
    startHost(
      { url: server.ws },
      {
        lattice,
        v0: { issuers: [], seed: by.seed, ...options },
        components: { "file:///shop": shop((operation) => heard.push(operation)) },
        parts: {
          providers: [keyvalueKind(async ({ maxBytes }) => createMemoryKeyvalue(maxBytes))],
        },
      },
    );
  const node = shared(() => open(cluster, { onAlarm: (alarm) => void alarms.push(alarm) }));
  /** Sees all that is called here. */
  const watcher = shared(() =>
    open(cluster, {
      watch: true,
      onAlarm: (alarm) => void alarms.push(alarm),
      onWatched: (outcome) => void watched.push(outcome),
    }),
  );
  const start = (contract_id: string): Promise<WasmbusProvider> => {
    const entity = { public_key: nkey("V").public, link_name: "default", contract_id };
    return startWasmbusProvider(peer, { program, nats: server.nats, lattice, entity, cluster });
  };
  const web = shared(() => start(HTTPSERVER));
  const store = shared(() => start(KEYVALUE));

  const scale = ({ host }: LatticeHost, id: string): Promise<void> =>
    host.scale({
      id: entityId(id),
      image: "file:///shop",
      maxInstances: 10,
      annotations: new Map(),
    });
  const ask = (tail: string, body: object): Promise<unknown> =>
    controlClient(peer, lattice).ask(tail, body);
  /** Puts a link through our control interface; resolves when the provider has heard of it. */
  const put = async ({ process }: WasmbusProvider, link: LinkDefinition): Promise<void> => {
    expect(await ask("linkdefs.put", link)).toEqual(ACCEPTED);
    await process.next(({ linked }) => linked === link.actor_id);
  };
  /** The actor calls the key-value provider; gives what it was answered. */
  const pass = async (operation: string, argument: unknown): Promise<unknown> => {
    const told = encode(["default", KEYVALUE, operation, encode(argument)]);
    const answer = await web.run<string>("send", actor, "Test.Pass", hexOf(told));
    return answer === "" ? undefined : decode(Buffer.from(answer, "hex"));
  };
  const calls = (method: string): readonly Record<string, unknown>[] =>
    store.process.lines.filter(({ called }) => called === method);

  beforeAll(async () => {
    await node.sharing(true);
    await scale(node, actor);
  });

  test("links that our node puts reach the provider with their values, and those that it removes", async () => {
    expect(web.process.lines[0]).toEqual({
      init: web.entity.public_key,
      config: '{"greeting":"hello"}',
    });
    await put(web, web.link(actor, { address: "127.0.0.1:8080" }));
    expect(web.process.lines).toContainEqual({
      linked: actor,
      contract: HTTPSERVER,
      name: "default",
      values: { address: "127.0.0.1:8080" },
    });
    await expect.poll(() => web.run("linked", actor)).toBe(true);

    await put(web, web.link(stranger));
    const { actor_id, contract_id, link_name } = web.link(stranger);
    expect(await ask("linkdefs.del", { actor_id, contract_id, link_name })).toEqual(ACCEPTED);
    await web.process.next(({ unlinked: gone }) => gone === stranger);
    await expect.poll(() => web.run("linked", stranger)).toBe(false);
    expect(await web.run("linked", actor)).toBe(true);
  });

  test("it asks our actor for a page, and reads the response", async () => {
    const request = {
      method: "POST",
      path: "/tea/pot",
      queryString: "size=2&milk=",
      header: { accept: ["text/html", "*/*"], host: ["tea.example"] },
      body: [...utf8("kettle")],
    };

    const response = await web.run("handle-request", actor, request);

    expect(response).toEqual({
      statusCode: 418,
      header: { ...request.header, "x-was": ["POST", "/tea/pot", "size=2&milk="] },
      body: [...utf8("elttek")],
    });
  });

  test("our actor calls it by its contract; it holds our signatures to be genuine, and knows who calls", async () => {
    await put(store, store.link(actor));
    await expect.poll(() => store.run("linked", actor)).toBe(true);

    expect(await pass("KeyValue.Get", "tea")).toEqual({ value: "", exists: false });
    expect((await pass("KeyValue.Set", { key: "tea", value: "Assam", expires: 0 })) ?? null).toBe(
      null,
    );
    expect(await pass("KeyValue.Get", "tea")).toEqual({ value: "Assam", exists: true });
    expect(await pass("KeyValue.Contains", "tea")).toBe(true);
    expect(await pass("KeyValue.Increment", { key: "cups", value: 40 })).toBe(40);
    expect(await pass("KeyValue.Increment", { key: "cups", value: -42 })).toBe(-2);
    expect(await pass("KeyValue.Del", "tea")).toBe(true);
    expect(await pass("KeyValue.Del", "tea")).toBe(false);
    expect(calls("KeyValue.Increment")).toMatchObject([{ by: actor }, { by: actor }]);
  });

  test("errors are answers, in both directions", async () => {
    await pass("KeyValue.Set", { key: "word", value: "tea", expires: 0 });

    await expect(pass("KeyValue.Increment", { key: "word", value: 1 })).rejects.toThrow(
      "invalid parameter: word is no number",
    );
    await expect(pass("KeyValue.ListAdd", { listName: "l", value: "v" })).rejects.toThrow(
      "method not implemented",
    );
    await expect(pass("KeyValue.Nothing", "x")).rejects.toThrow(
      "method not handled KeyValue::Nothing",
    );
    await expect(web.run("send", actor, "Test.Nothing", "00")).rejects.toThrow(
      "there is no Test.Nothing here",
    );
  });

  test("empty, short and long bytes go to our actor, to the provider and back, the long ones by the object store", async () => {
    // 900 KiB fit into a message.
    for (const count of [0, 1, 921_600, 921_601, 3_000_001]) {
      // oxlint-disable-next-line no-await-in-loop -- sizes are told apart
      expect(await web.run("send-many", actor, "Test.Through", count)).toBe(count);
    }

    const objects = await chunksOf(peer.nats, lattice);
    await expect
      .poll(async () => (await objects.list()).filter(({ deleted }) => !deleted))
      .toEqual([]);
  });

  test("many calls at once, each with the answer that is its own", async () => {
    expect(await web.run("send-often", actor, "Test.Through", 10, 40)).toBe(40);
  });

  test("a call is within the trace of the one that makes it, also to a provider that reads none", async () => {
    const trace = new Map([["traceparent", `00-${TRACE}-${"1".repeat(16)}-01`]]);

    await through(node, actor, utf8("x"), trace);

    expect(calls("Echo.Say").at(-1)?.["trace"]).toEqual(reads);
  });

  test("long pages", async () => {
    const request = { method: "PUT", path: "/", queryString: "", header: {} };
    const body = Array.from({ length: 1_000_000 }, (_, i) => i % 251);

    const response = await web.run<{ body: number[] }>("handle-request", actor, {
      ...request,
      body,
    });

    expect(response.body.toReversed()).toEqual(body);
  });

  test("it calls our provider by its contract as an actor's host does", async () => {
    const { command, events } = controlClient(peer, lattice);
    const said = await events();
    const reference = { provider_ref: "inlay:///keyvalue?lease=off", link_name: "default" };
    expect(await command(node, "lp", reference)).toEqual(ACCEPTED);
    const started = (await told(said, "provider_started", node)) as { public_key: string };
    const key = started.public_key;
    const call = (method: string, argument: unknown): Promise<unknown> =>
      web.run("keyvalue", stranger, key, "default", method, argument);
    await expect(call("get", "a")).rejects.toThrow("is not linked");
    const link = { ...store.link(stranger), provider_id: key };
    expect(await ask("linkdefs.put", link)).toEqual(ACCEPTED);

    await expect
      .poll(() => call("get", "a").catch((error: unknown) => error))
      .toEqual({ value: "", exists: false });
    expect(await call("set", { key: "a", value: "1", expires: 0 })).toBe(null);
    expect(await call("get", "a")).toEqual({ value: "1", exists: true });
    expect(await call("contains", "a")).toBe(true);
    expect(await call("increment", { key: "n", value: 41 })).toBe(41);
    expect(await call("del", "a")).toBe(true);
    expect(await web.run("health", key, "default")).toMatchObject({ healthy: true });
  });

  test("nothing of all this is a forgery to our checks, the strict ones, nor to the watch", async () => {
    expect(alarms).toEqual([]);
    expect(watched.filter((outcome) => outcome === "genuine").length).toBeGreaterThan(30);
    expect(watched.filter((outcome) => outcome === "forged")).toEqual([]);
    // Who watches is somebody who listens, to NATS: nobody would hear that nobody answers.
    await watcher[Symbol.asyncDispose]();
  });

  test("our node refuses what another cluster has signed", async () => {
    heard.length = 0;

    await expect(web.run("forge", outsider.seed, actor, "Test.Echo", "00")).rejects.toThrow(
      "issuer of this invocation is not among the list of valid issuers",
    );

    expect(heard).toEqual([]);
    expect(alarms).toMatchObject([
      { check: "issuer", operation: "Test.Echo", target: `wasmbus://${actor}` },
    ]);
  });

  test("the provider refuses what another cluster has signed, and actors that are not linked", async () => {
    await using other = await open(outsider);
    await scale(other, foreign);
    await scale(node, stranger);
    await put(store, store.link(foreign));
    await put(store, store.link(stranger, { refuse: "yes" }));
    const before = calls("Echo.Say").length;
    const err = (val: string) => ({ tag: "err", val: expect.stringContaining(val) });

    await expect
      .poll(() => through(other, foreign, utf8("x")))
      .toEqual(err("Issuer of this invocation is not in list of cluster issuers"));
    await expect.poll(() => through(node, stranger, utf8("x"))).toEqual(err(unlinked(stranger)));

    expect(calls("Echo.Say")).toHaveLength(before);
    expect(await through(node, actor, utf8("x"))).toEqual({ tag: "ok", val: utf8("x") });
    expect(calls("Echo.Say")).toHaveLength(before + 1);
  });

  test("it is well, and ends when its own host says so", async () => {
    expect(await web.run("health", store.entity.public_key, "default")).toEqual({
      healthy: true,
      message: "well",
    });
    await expect(store.shutdown(nkey("N").public)).rejects.toThrow(/TIMEOUT/);

    expect(await store.shutdown()).toBe("shutting down");

    await store.process.next(({ ended }) => ended === true);
    expect(await store.process.ended).toBe(0);
    await expect(pass("KeyValue.Get", "tea")).rejects.toThrow("failed to publish on NATS topic");
  });
});
