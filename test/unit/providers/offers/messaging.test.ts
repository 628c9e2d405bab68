import { describe, expect, test } from "vitest";
import type { BoundOffer } from "../../../../src/core/offer.ts";
import { consumerGroup } from "../../../../src/providers/offers/consumer-group.ts";
import { bindMessaging } from "../../../../src/providers/offers/messaging.ts";
import { ask, entry, HANDLER, member, noting, situation, type Situation } from "./context.ts";

const CONSUMER = "wasmcloud:messaging/consumer@0.2.0";
const signal = AbortSignal.timeout(60_000);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function bind({ context }: Situation): BoundOffer {
  return bindMessaging(context);
}

/** What was sent before has been routed. */
async function settled({ peer, context }: Situation): Promise<void> {
  await peer.flush(signal);
  await context.bus.flush(signal);
}

describe("the consumer group", () => {
  const consumer = { namespace: "default", workload: "echo-7f9c", component: "echo" };

  test("has a name of its own by default, which all hosts make alike", () => {
    expect(consumerGroup(undefined, consumer)).toBe(
      "wasmcloud.default.echo-7f9c.echo.a9bfdc23c9fdc00c",
    );
  });

  test("is what was configured, or none", () => {
    expect(consumerGroup("workers", consumer)).toBe("workers");
    expect(consumerGroup("broadcast", consumer)).toBeUndefined();
  });

  test.each(["", "a b", "a*", "a.>"])("is not %j", (configured) => {
    expect(() => consumerGroup(configured, consumer)).toThrow("consumer_group");
  });

  test("has 128 bytes at most, and no letters that a subject does not take", () => {
    const long = { namespace: "näme space", workload: "w".repeat(300), component: "c" };
    const group = consumerGroup(undefined, long);
    expect(group).toHaveLength(128);
    expect(group).toMatch(/^wasmcloud\.n-me-space\.w+\.[0-9a-f]{16}$/);
  });
});

test("messages of the subjects come to the member that subscribes, with where to answer", async () => {
  const here = situation({ one: member("one") }, [entry({ subscriptions: "demo.a, demo.b.*" })]);
  await using bound = bind(here);
  const one = noting("one");
  await bound.begin?.(new Map([["one", one.callee]]), signal);

  here.peer.publish("demo.a", bytes("hi"), { reply: "answers" });
  here.peer.publish("demo.b.c", bytes("ho"));
  here.peer.publish("demo.c", bytes("not this"));
  await settled(here);

  expect(one.calls.map(({ instance, func, args }) => [instance, func, args])).toEqual([
    [HANDLER, "handle-message", [{ subject: "demo.a", body: bytes("hi"), replyTo: "answers" }]],
    [HANDLER, "handle-message", [{ subject: "demo.b.c", body: bytes("ho"), replyTo: undefined }]],
  ]);
});

test("what a member says of itself goes before what the entry says", async () => {
  const config = new Map([["subscriptions", "own"]]);
  const here = situation({ one: member("one", { config }), two: member("two") }, [
    entry({ subscriptions: "all" }),
  ]);
  await using bound = bind(here);
  const [one, two] = [noting("one"), noting("two")];
  await bound.begin?.(
    new Map([
      ["one", one.callee],
      ["two", two.callee],
    ]),
    signal,
  );
  here.peer.publish("own", bytes("1"));
  here.peer.publish("all", bytes("2"));
  await settled(here);
  expect(one.calls.map(({ args }) => args[0])).toMatchObject([{ subject: "own" }]);
  expect(two.calls.map(({ args }) => args[0])).toMatchObject([{ subject: "all" }]);
});

test("of two sets in a group one gets a message, and with broadcast both do", async () => {
  for (const [group, expected] of [
    ["workers", 1],
    ["broadcast", 2],
  ] as const) {
    const config = { subscriptions: "jobs", consumer_group: group };
    const here = situation({ one: member("one") }, [entry(config)]);
    /* oxlint-disable no-await-in-loop -- one situation after the other */
    await using first = bind(here);
    await using second = bind(here);
    const [one, two] = [noting("one"), noting("one")];
    await first.begin?.(new Map([["one", one.callee]]), signal);
    await second.begin?.(new Map([["one", two.callee]]), signal);
    here.peer.publish("jobs", bytes("x"));
    await settled(here);
    /* oxlint-enable no-await-in-loop */
    expect(one.calls.length + two.calls.length).toBe(expected);
  }
});

test("a member without room leaves its group, so that others have the messages, and comes back", async () => {
  const here = situation({ one: member("one") }, [
    entry({ subscriptions: "jobs", consumer_group: "workers" }),
  ]);
  await using bound = bind(here);
  const one = noting("one");
  await bound.begin?.(new Map([["one", one.callee]]), signal);
  one.accepting.set(false);
  await settled(here);
  await expect(here.peer.request("jobs", bytes("x"), { signal })).rejects.toMatchObject({
    code: "not-served",
  });
  one.accepting.set(true);
  await settled(here);
  here.peer.publish("jobs", bytes("y"));
  await settled(here);
  expect(one.calls).toHaveLength(1);
});

test("nothing comes after the end, and what was being handled ends first", async () => {
  const here = situation({ one: member("one") }, [entry({ subscriptions: "jobs" })]);
  await using bound = bind(here);
  let finish: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (finish = resolve));
  const one = noting("one", async () => {
    await gate;
    return [{ tag: "ok" }];
  });
  await bound.begin?.(new Map([["one", one.callee]]), signal);
  here.peer.publish("jobs", bytes("1"));
  await settled(here);
  let over = false;
  const ending = bound.end?.(signal).then(() => (over = true));
  await settled(here);
  here.peer.publish("jobs", bytes("2"));
  await settled(here);
  expect(over).toBe(false);
  finish();
  await ending;
  expect(one.calls).toHaveLength(1);
});

test("a message that is refused, or fails, is in the log", async () => {
  const here = situation({ one: member("one") }, [entry({ subscriptions: "jobs" })]);
  await using bound = bind(here);
  const one = noting("one", () => [{ tag: "err", val: "not today" }]);
  await bound.begin?.(new Map([["one", one.callee]]), signal);
  here.peer.publish("jobs", bytes("1"));
  expect(await here.log.heard("message.failed")).toMatchObject({
    fields: { subject: "jobs", problem: "it was refused: not today" },
  });
});

test("a subscription that is refused when a lost line is back is told", async () => {
  const here = situation({ one: member("one") }, [entry({ subscriptions: "a, b" })]);
  await using bound = bind(here);
  await bound.begin?.(new Map([["one", noting("one").callee]]), signal);

  here.blink(() => true);
  await settled(here);
  const before = bound.broken?.peek();
  here.blink((subject) => subject !== "b");
  await settled(here);

  expect(before).toBeUndefined();
  expect(bound.broken?.peek()).toMatchObject({
    code: "denied",
    message: expect.stringContaining("the server refuses the subscription to b"),
  });
});

test("a subscription that is refused at once lets nothing begin", async () => {
  const here = situation({ one: member("one") }, [entry({ subscriptions: "a" })]);
  await using bound = bind(here);
  here.blink((subject) => subject !== "a");

  await expect(
    bound.begin?.(new Map([["one", noting("one").callee]]), signal),
  ).rejects.toMatchObject({ code: "denied" });
});

test.each([
  [{ subscriptions: "a..b" }, 'subscriptions of one: "a..b" is no subject of NATS'],
  [{ subscriptions: "a.>.b" }, "no subject of NATS"],
  [{ subscriptions: "a", consumer_group: "a b" }, "consumer_group"],
  [{ subscriptions: ">" }, "components have no part in runtime.host.>"],
  [{ subscriptions: "runtime.*.x.>" }, "components have no part in runtime.host.>"],
  [{ subscriptions: "*.evt.default.>" }, "components have no part in wasmbus.>"],
  [{ subscriptions: "_INBOX.>" }, "components have no part in _INBOX.>"],
  [{ subscriptions: "default.>" }, "components have no part in default.*.wrpc.>"],
  [{ subscriptions: "*.hello.wrpc.>" }, "components have no part in wasmbus.>"],
  [{ subscriptions: "$KV.>" }, "components have no part in $>"],
])("configuration %j cannot be used: %s", (config, problem) => {
  expect(() => bind(situation({ one: member("one") }, [entry(config)]))).toThrow(problem);
});

describe("an entry with a name", () => {
  const bindNamed = (config: Readonly<Record<string, string>>, name = "team-a") =>
    bind(situation({ one: member("one") }, [entry(config, name)]));

  test.each([
    [{}, 'backend "in-memory" is not offered here'],
    [{ backend: "in-memory" }, 'backend "in-memory" is not offered here'],
    [{ backend: "kafka" }, "wasmcloud:messaging 'team-a': backend \"kafka\""],
    [{ backend: "nats", url: "nats://u:hunter2@x" }, /^(?!.*hunter2).*own \(url\) is not offered/],
  ])("that wants %j is declined", (config, problem) => {
    expect(() => bindNamed(config)).toThrow(problem);
  });

  test("may want the node's own server, or mean the offer", async () => {
    await using chosen = bindNamed({ backend: "nats" });
    await using meant = bindNamed({ backend: "in-memory" }, "wasmcloud-messaging");

    expect([chosen.serves, meant.serves]).not.toContain(undefined);
  });
});

describe("what a component sends", () => {
  const message = (subject: string, replyTo?: string) => ({ subject, body: bytes("x"), replyTo });

  test("goes out, with where to answer", async () => {
    const here = situation({ one: member("one") }, [entry()]);
    await using bound = bind(here);
    const met: unknown[] = [];
    here.peer.subscribe("out", ({ subject, reply }) => met.push([subject, reply]));
    await here.peer.flush(signal);
    const result = await ask(bound.serves?.callee, CONSUMER, "publish", [message("out", "back")]);
    await settled(here);
    expect(result).toEqual([{ tag: "ok", val: undefined }]);
    expect(met).toEqual([["out", "back"]]);
  });

  test("is answered", async () => {
    const here = situation({ one: member("one") }, [entry()]);
    await using bound = bind(here);
    here.peer.subscribe("ask", ({ reply, data }) => here.peer.publish(String(reply), data));
    await here.peer.flush(signal);
    const [result] = await ask(bound.serves?.callee, CONSUMER, "request", [
      "ask",
      bytes("q"),
      5000,
    ]);
    expect(result).toMatchObject({ tag: "ok", val: { body: bytes("q"), replyTo: undefined } });
  });

  test("fails in words when nobody is there, or nobody answers in time", async () => {
    const here = situation({ one: member("one") }, [entry()]);
    await using bound = bind(here);
    const request = (subject: string, ms: number) =>
      ask(bound.serves?.callee, CONSUMER, "request", [subject, bytes("q"), ms]);
    expect(await request("nobody", 5000)).toMatchObject([
      { tag: "err", val: expect.stringMatching(/^failed to send request: /) },
    ]);
    here.peer.subscribe("silent", () => undefined);
    await here.peer.flush(signal);
    expect(await request("silent", 20)).toEqual([
      { tag: "err", val: "request timed out after 20ms" },
    ]);
  });

  test.each([
    "runtime.host.x.workload.start",
    "wasmbus.ctl.v1.default.host.stop.N",
    "$JS.API.INFO",
    "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
  ])("does not go to %s", async (subject) => {
    const here = situation({ one: member("one") }, [entry()]);
    await using bound = bind(here);
    const met: unknown[] = [];
    here.peer.subscribe(subject, (each) => met.push(each));
    await here.peer.flush(signal);
    const { callee } = bound.serves ?? {};
    for (const args of [[message(subject)], [message("plain", subject)]]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await ask(callee, CONSUMER, "publish", args)).toMatchObject([
        { tag: "err", val: expect.stringContaining("components have no part in") },
      ]);
    }
    expect(await ask(callee, CONSUMER, "request", [subject, bytes("q"), 5000])).toMatchObject([
      { tag: "err" },
    ]);
    await settled(here);
    expect(met).toEqual([]);
  });
});

test("of several entries the one that is about what comes in says what that is", async () => {
  const consumer = { ...entry({ subscriptions: "not.this" }), interfaces: ["consumer"] };
  const here = situation({ one: member("one") }, [consumer, entry({ subscriptions: "this" })]);
  await using bound = bind(here);
  const one = noting("one");
  await bound.begin?.(new Map([["one", one.callee]]), signal);
  here.peer.publish("this", bytes("x"));
  here.peer.publish("not.this", bytes("y"));
  await settled(here);
  expect(one.calls.map(({ args }) => args[0])).toMatchObject([{ subject: "this" }]);
});
