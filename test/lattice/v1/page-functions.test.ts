/** Functions of a page as the lattice has them: by wRPC from other members, from components, and from typed clients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LatticeError } from "../../../src/core/error.ts";
import type { ServedCall } from "../../../src/typed/serve.ts";
import type { Script } from "../../support/tallies.ts";

import { flushed } from "../../../src/core/bus.ts";
import { entityId } from "../../../src/core/ids.ts";
import { linkJson } from "../../support/link-json.ts";
import { GO, TALLIES, tallier } from "../../support/tallies.ts";

import { typedCallsContract } from "../../contract/typed-calls.ts";
import { eventOf } from "../../support/lattice-events.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { pageNode } from "../../support/page-node.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const peer = shared(() => connectPeer(server.ws));

const GREETER = `
  package demo:api;
  interface greeter {
    greet: func(name: string) -> string;
    divide: func(a: u32, b: u32) -> result<u32, string>;
  }
`;
let ids = 0;
const fresh = (name: string): string => `${name}-${++ids}`;
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);

test("a served function answers members of the lattice, and stands in inventory and events as a provider", async () => {
  await using node = await startHost({ url: server.ws });
  await using page = pageNode(node);
  const id = fresh("greeter");
  const heard = await peer.listen("wasmbus.evt.default.*");

  await using served = await page.serve(
    GREETER,
    { id },
    {
      "demo:api/greeter": {
        greet: async (name: string) => `Hello, ${name}!`,
        divide: (a: number, b: number) => a / b,
      },
    },
  );
  const { bytes } = await peer.invoke(
    `default.${id}.wrpc.0.0.1.demo:api/greeter.greet`,
    text("Ada"),
  );
  const started = await heard.next(eventOf("provider_started", node.id));
  const inventory = await peer.ask(`wasmbus.ctl.v1.default.host.get.${node.id}`);
  await served[Symbol.asyncDispose]();
  const stopped = await heard.next(eventOf("provider_stopped", node.id));
  await served.ended;
  const after = await peer.invoke(`default.${id}.wrpc.0.0.1.demo:api/greeter.greet`, text("Ada"));

  expect(Buffer.from(bytes).toString("hex")).toBe(text("Hello, Ada!").toString("hex"));
  const described = { provider_id: id, image_ref: `inlay:///page/${id}` };
  expect(started).toMatchObject({ data: described });
  expect(stopped).toMatchObject({ data: { provider_id: id } });
  expect(inventory).toMatchObject({
    response: { providers: [{ id, image_ref: `inlay:///page/${id}`, revision: 0 }] },
  });
  expect(after.outcome).toBe("no-responders");
});

const ADA = text("Ada");
const call = (id: string) => `default.${id}.wrpc.0.0.1.demo:api/greeter.greet`;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
function deferred() {
  let resolve: (value: string) => void = () => undefined;
  const promise = new Promise<string>((its) => (resolve = its));
  return { promise, resolve };
}

const greeter = (greet: (name: string, call: ServedCall) => unknown) => ({
  "demo:api/greeter": { greet, divide: (a: number, b: number) => a / b },
});

test("a function that gives what is not of its type fails the call, and the page is told of the place", async () => {
  await using node = await startHost({ url: server.ws });
  await using page = pageNode(node);
  const id = fresh("greeter");
  await page.serve(
    GREETER,
    { id },
    greeter(() => 5),
  );

  const { outcome, bytes } = await peer.invoke(call(id), ADA);

  const problem = "demo:api/greeter#greet: result: expected string, met number 5";
  expect([outcome, bytes.length]).toEqual(["ended", 0]);
  expect(page.reports).toEqual([`inlay: demo:api/greeter#greet failed: LatticeError: ${problem}`]);
  expect(node.calls).toMatchObject([
    { target: id, outcome: "failed", error: `guest-trapped: ${problem}` },
  ]);
});

test("two nodes that serve one id share its calls, and one that is full leaves them to the other", async () => {
  await using one = await startHost({ url: server.ws });
  await using other = await startHost({ url: server.ws });
  await using first = pageNode(one, { queueLimit: 1 });
  await using second = pageNode(other);
  const id = fresh("greeter");
  const held = deferred();
  let waiting = 0;
  await first.serve(
    GREETER,
    { id, maxInstances: 1 },
    greeter(() => {
      waiting++;
      return held.promise;
    }),
  );
  const stuck = [peer.invoke(call(id), ADA), peer.invoke(call(id), ADA)];
  await expect.poll(() => one.host.providers()[0]?.provider?.runningCalls()).toBe(2);
  await expect.poll(() => one.host.providers()[0]?.provider?.serving()).toBe(false);
  await flushed(one.bus, AbortSignal.timeout(30_000));
  await second.serve(
    GREETER,
    { id },
    greeter(() => "second"),
  );

  const meanwhile = await Promise.all(
    Array.from({ length: 8 }, async () => hex((await peer.invoke(call(id), ADA)).bytes)),
  );
  const before = waiting;
  held.resolve("first");
  const freed = await Promise.all(stuck.map(async (each) => hex((await each).bytes)));
  await expect.poll(() => one.host.providers()[0]?.provider?.serving()).toBe(true);
  await flushed(one.bus, AbortSignal.timeout(30_000));
  const answered = new Set<string>();
  await expect
    .poll(async () => {
      answered.add(hex((await peer.invoke(call(id), ADA)).bytes));
      return answered.size;
    })
    .toBe(2);

  expect(before).toBe(1);
  expect(new Set(meanwhile)).toEqual(new Set([hex(text("second"))]));
  expect(freed).toEqual([hex(text("first")), hex(text("first"))]);
});

test("a function is told who calls, and that the time is over; it keeps its place until it returns", async () => {
  await using node = await startHost({ url: server.ws });
  await using page = pageNode(node, { deadlineMs: 200 });
  const id = fresh("greeter");
  const seen: unknown[] = [];
  const held = deferred();
  await page.serve(
    GREETER,
    { id },
    greeter((name, { caller, linkName, signal }) => {
      seen.push(name, caller, linkName);
      signal.addEventListener("abort", () => seen.push(signal.reason.code), { once: true });
      return held.promise;
    }),
  );

  const headers = { "source-id": "caller", "link-name": "fast" };
  const { outcome, bytes } = await peer.invoke(call(id), ADA, { headers });
  const running = (): unknown => node.host.providers()[0]?.provider?.runningCalls();
  const after = running();
  held.resolve("late");
  await expect.poll(running).toBe(0);

  expect([outcome, bytes.length]).toEqual(["ended", 0]);
  expect(seen).toEqual(["Ada", "caller", "fast", "deadline"]);
  expect(after).toBe(1);
});

test("an id that is served stays whose it is; a stop of the lattice ends it, and it can be served again", async () => {
  await using node = await startHost({ url: server.ws });
  await using page = pageNode(node);
  const id = fresh("greeter");
  const served = await page.serve(
    GREETER,
    { id },
    greeter(() => "first"),
  );

  const again = page.serve(
    GREETER,
    { id },
    greeter(() => "second"),
  );
  await expect(again).rejects.toMatchObject({ code: "conflict" });
  await peer.ask(`wasmbus.ctl.v1.default.provider.stop.${node.id}`, {
    host_id: node.id,
    provider_id: id,
  });
  await served.ended;
  await page.serve(
    GREETER,
    { id },
    greeter(() => "third"),
  );
  await served[Symbol.asyncDispose]();

  expect(hex((await peer.invoke(call(id), ADA)).bytes)).toBe(hex(text("third")));
});

test("no command starts what only a page can serve", async () => {
  await using node = await startHost({ url: server.ws });
  const heard = await peer.listen("wasmbus.evt.default.*");
  const id = fresh("greeter");

  const reference = `inlay:///page/${id}`;
  const request = { provider_id: id, provider_ref: reference, host_id: node.id };
  await peer.ask(`wasmbus.ctl.v1.default.provider.start.${node.id}`, request);

  const failed = await heard.next(eventOf("provider_start_failed", node.id));
  expect(failed).toMatchObject({ data: { provider_id: id } });
});

test("what does not fit the WIT text is not served, and every name of it is told", async () => {
  await using node = await startHost({ url: server.ws });
  await using page = pageNode(node);
  const heard = await peer.listen("wasmbus.evt.default.*");

  const serving = page.serve(
    GREETER,
    { id: "misfit" },
    {
      "demo:api/greeter": { greet: "Ada", hello: () => 5 },
      "demo:api/other": {},
    },
  );

  await expect(serving).rejects.toMatchObject({
    code: "bad-input",
    message:
      'what is to be served does not fit: it lacks demo:api/greeter#greet (a function "greet"), ' +
      'demo:api/greeter#divide (a function "divide"); the WIT text has no demo:api/other, demo:api/greeter#hello',
  });
  expect(node.host.providers()).toEqual([]);
  expect(heard.heard).toEqual([]);
});

const TALLIES_WIT = readFileSync(
  join(import.meta.dirname, "../../fixtures/tally/tally.wit"),
  "utf8",
);

/** The fixture's component as a program. */
function tallies() {
  class Tally {
    count: number;
    constructor(start: number) {
      this.count = start;
    }
    static merge(one: Tally, other: Tally): Tally {
      return new Tally(one.count + other.count);
    }
    static small(start: number): Tally {
      if (start > 100) throw new Error("too large");
      return new Tally(start);
    }
    increment(by: number): number {
      return (this.count += by);
    }
    get(): number {
      return this.count;
    }
    plus(other: Tally): number {
      return this.count + other.count;
    }
  }
  return {
    [TALLIES]: {
      Tally,
      sum: (all: readonly Tally[]) => all.reduce((sum, { count }) => sum + count, 0),
      split: ({ count }: Tally, into: number) =>
        Array.from({ length: into }, () => new Tally(Math.floor(count / into))),
      living: () => 2,
      plain: () => 7,
    },
  };
}

test.each(["one", "two"] as const)(
  "a component that is linked to a page's functions uses their resources, %s node",
  async (nodes) => {
    const id = fresh("tallies");
    const caller = entityId(fresh("caller"));
    await using near = await startHost({ url: server.ws }, { components: { tallier } });
    await using far = await startHost({ url: server.ws });
    await using page = pageNode(nodes === "one" ? near : far);
    await near.sharing(true);
    await page.serve(TALLIES_WIT, { id }, tallies());
    await near.host.scale({
      id: caller,
      image: "tallier",
      maxInstances: 1,
      annotations: new Map(),
    });
    const link = linkJson(caller, id, {
      wit_namespace: "inlay",
      wit_package: "test",
      interfaces: ["tallies"],
    });
    await peer.ask("wasmbus.ctl.v1.default.link.put", link);
    await expect.poll(() => near.host.providers()).toHaveLength(nodes === "one" ? 1 : 0);
    const served = nodes === "one" ? near : far;
    await expect.poll(() => served.host.providers()[0]?.provider?.links()).toBe(1);
    await expect.poll(() => near.facts.links.peek().get(caller)).toHaveLength(1);

    const script: Script = async (importing) => {
      const ask = async (func: string, ...args: unknown[]) =>
        (await importing(TALLIES, func, ...args))[0];
      const one = await ask("[constructor]tally", 5);
      const other = await ask("[constructor]tally", 100);
      return [
        await ask("[method]tally.increment", one, 2),
        await ask("[method]tally.plus", one, other),
        await ask("sum", [one, other, one]),
        await ask("sum", await ask("split", await ask("[static]tally.merge", one, other), 3)),
        await ask("[static]tally.small", 101),
        await ask("[method]tally.get", one).catch((cause: unknown) => (cause as LatticeError).code),
      ];
    };
    const [seen] = await near.host.calleeFor(caller, tallier.world).invoke({
      id: "script",
      source: undefined,
      target: caller,
      link: "default",
      instance: GO,
      func: "go",
      args: [script],
      trace: new Map(),
      signal: new AbortController().signal,
    });

    expect(seen).toEqual([7, 107, 114, 105, { tag: "err", val: "too large" }, "gone"]);
  },
);

test("a handle leads to the page that has given it, whoever else serves the id", async () => {
  await using one = await startHost({ url: server.ws });
  await using other = await startHost({ url: server.ws });
  await using first = pageNode(one);
  await using second = pageNode(other);
  await using away = await startHost({ url: server.ws });
  await using caller = pageNode(away);
  const id = fresh("tallies");
  await first.serve(TALLIES_WIT, { id }, tallies());
  await second.serve(TALLIES_WIT, { id }, tallies());

  const { [TALLIES]: client = {} } = await caller.client(TALLIES_WIT, id);
  const all = await Promise.all(Array.from({ length: 8 }, async (_, n) => new client["Tally"](n)));
  const counts = await Promise.all(all.map((each) => each.get()));
  const inTurn = [];
  for (const start of [1, 2, 3, 4]) inTurn.push(await new client["Tally"](start));

  expect(counts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(await client["sum"](inTurn)).toBe(10);
});

typedCallsContract({ name: "in one node", url: () => server.ws, nodes: "one" });
typedCallsContract({ name: "between two nodes", url: () => server.ws, nodes: "two" });
