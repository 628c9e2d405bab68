import { describe, expect, test } from "vitest";
import type { Bus, BusStatus } from "../../../src/core/bus.ts";
import { until } from "../../../src/core/view.ts";
import { withCode } from "../../contract/bus.ts";
import { collect } from "../../support/collector.ts";
import { freePort, launchNats } from "../../support/launch-nats.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { nodeWebSocket } from "../../support/node-websocket.ts";
import { openTcpProxy } from "../../support/tcp-proxy.ts";

const none = new Uint8Array();
const soon = (ms = 30_000): AbortSignal => AbortSignal.timeout(ms);
const reach = (bus: Bus, phase: BusStatus["phase"], ms?: number): Promise<BusStatus> =>
  until(bus.status, (status) => status.phase === phase, soon(ms));

describe("when the server dies", () => {
  test("it serves again soon after the server's return, queue group included", async () => {
    await using server = await launchNats();
    await using caller = await openTestBus(server.ws);
    const { log, entries } = recordLog();
    await using bus = await openTestBus(server.ws, { log });
    const changes: BusStatus[] = [];
    bus.status.subscribe((status) => void changes.push(status));
    bus.subscribe("demo.*", ({ reply = "" }) => bus.publish(reply, Uint8Array.of(7)), {
      queue: "demo",
    });
    await bus.flush(soon());

    await server.kill();
    await reach(bus, "reconnecting");
    // Five failed dials are more than a second of outage.
    await expect
      .poll(() => entries.filter(({ event }) => event === "bus.dial-failed").length)
      .toBeGreaterThanOrEqual(5);
    await server.restart();
    const back = performance.now();
    await Promise.all([reach(bus, "open"), reach(caller, "open")]);
    await bus.flush(soon()); // another connection's request could overtake the subscription
    const answer = await caller.request("demo.a", none, { signal: soon() });
    const tookMs = performance.now() - back;

    expect(tookMs).toBeLessThan(10_000); // 2 s on a machine that has nothing else to do: nats-session.test.ts
    expect(answer.data).toEqual(Uint8Array.of(7));
    expect(changes.map(({ phase }) => phase)).toEqual(["reconnecting", "open"]);
  });

  test("requests that wait are rejected, and nothing is published into the void", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    bus.subscribe("silent", () => undefined);
    const asked = bus.request("silent", none, { signal: soon() }).catch((error: unknown) => error);
    await bus.flush(soon());

    await server.kill();
    expect(await asked).toMatchObject({ code: "disconnected" });

    expect(() => bus.publish("any", none)).toThrow(withCode("disconnected"));
    await expect(bus.flush(soon())).rejects.toThrow(withCode("disconnected"));
    await expect(bus.request("any", none, { signal: soon() })).rejects.toThrow(
      withCode("disconnected"),
    );
  });

  test("subscriptions that were made or ended meanwhile are right afterwards", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    const [ended, drained, made] = [collect(), collect(), collect()];
    const first = bus.subscribe("demo", ended);
    const second = bus.subscribe("demo", drained);
    await bus.flush(soon());

    await server.kill();
    await reach(bus, "reconnecting");
    first.unsubscribe();
    await second.drain();
    bus.subscribe("demo", made);
    await server.restart();
    await reach(bus, "open");
    bus.publish("demo", Uint8Array.of(3));
    await bus.flush(soon());

    expect([ended.bytes(), drained.bytes(), made.bytes()]).toEqual([[], [], [3]]);
  });

  test("drain during an outage ends the bus", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    await server.kill();
    await reach(bus, "reconnecting");

    await bus.drain();

    expect(bus.status.peek().phase).toBe("closed");
  });

  test("another server of the list takes over", async () => {
    await using first = await launchNats();
    await using second = await launchNats();
    await using bus = await openTestBus([first.ws, second.ws]);

    await first.kill();
    await reach(bus, "reconnecting");
    const status = await reach(bus, "open");

    expect(status).toEqual({ phase: "open", server: second.ws });
  });
});

describe("on a bad network", () => {
  test("what is under way when a subscription drains is delivered", async () => {
    await using server = await launchNats();
    await using proxy = await openTcpProxy(server.wsPort);
    await using bus = await openTestBus(`ws://127.0.0.1:${proxy.port}`);
    await using peer = await openTestBus(server.ws);
    const heard = collect();
    const subscription = bus.subscribe("demo", heard);
    await bus.flush(soon());

    proxy.stall("down");
    for (let i = 0; i < 30; i++) peer.publish("demo", Uint8Array.of(i));
    await peer.flush(soon());
    const before = heard.heard.length;
    const drained = subscription.drain();
    proxy.resume();
    await drained;

    expect(before).toBe(0);
    expect(heard.heard).toHaveLength(30);
  });

  test.each(["stall", "drop"] as const)(
    "a connection that goes silent (%s) is noticed by a probe, long before its pings",
    async (how) => {
      await using server = await launchNats();
      await using proxy = await openTcpProxy(server.wsPort);
      await using bus = await openTestBus(`ws://127.0.0.1:${proxy.port}`);
      const heard = collect();
      bus.subscribe("demo", heard);
      await bus.flush(soon());
      proxy[how]();
      bus.publish("demo", new Uint8Array(500_000)); // bytes that a close would wait for
      const asked = bus.request("demo", none, { signal: soon() });

      const started = performance.now();
      bus.probe();
      bus.probe();
      const status = await reach(bus, "reconnecting");
      const tookMs = performance.now() - started;
      await expect(asked).rejects.toThrow(withCode("disconnected"));
      const refused = proxy.connections;
      proxy.resume();
      proxy.reset();
      bus.probe();
      await reach(bus, "open");
      bus.publish("demo", Uint8Array.of(9));
      await heard.count(1);

      expect(tookMs).toBeLessThan(10_000); // pings take 20 s
      expect(status).toMatchObject({ reason: "no sign of life within 2000 ms" });
      expect(proxy.connections).toBeGreaterThanOrEqual(refused);
      expect(heard.bytes()).toEqual([9]);
    },
  );

  test("a probe of a live connection changes nothing", async () => {
    await using server = await launchNats();
    await using bus = await openTestBus(server.ws);
    const changes: BusStatus[] = [];
    bus.status.subscribe((status) => void changes.push(status));

    bus.probe();
    await bus.flush(soon());

    expect(changes).toEqual([]);
  });

  test.each(["reset", "cut"] as const)(
    "a connection that breaks (%s) is redialled",
    async (how) => {
      await using server = await launchNats();
      await using proxy = await openTcpProxy(server.wsPort);
      await using bus = await openTestBus(`ws://127.0.0.1:${proxy.port}`);
      const lost = reach(bus, "reconnecting");

      if (how === "reset") proxy.reset();
      else proxy.cut("down");
      await lost;
      await reach(bus, "open");
      await bus.flush(soon());

      expect(proxy.connections).toBe(2);
    },
  );

  test("drain does not wait for ever on a silent connection", async () => {
    await using server = await launchNats();
    await using proxy = await openTcpProxy(server.wsPort);
    const { log, entries } = recordLog();
    await using bus = await openTestBus(`ws://127.0.0.1:${proxy.port}`, { log });
    bus.subscribe("demo", () => undefined);
    await bus.flush(soon());
    proxy.drop();

    await bus.drain();

    expect(bus.status.peek().phase).toBe("closed");
    expect(entries.map(({ event }) => event)).toContain("bus.drain-cut-short");
  });
});

describe("the first connect", () => {
  test("names each server that was tried, without what is secret in its address", async () => {
    const [one, two] = [await freePort(), await freePort()];
    const servers = [`ws://tab:secret@127.0.0.1:${one}/path?jwt=secret`, `ws://127.0.0.1:${two}`];

    const opened = openTestBus(servers, { firstConnectTimeoutMs: 2_000 });

    await expect(opened).rejects.toThrow(withCode("no-servers"));
    const text = await opened.then(String, String);
    expect(text).toContain(`ws://127.0.0.1:${one} (connect ECONNREFUSED`);
    expect(text).toContain(`ws://127.0.0.1:${two} (connect ECONNREFUSED`);
    expect(text).not.toContain("secret");
  });

  test("waits for a server that starts late", async () => {
    await using server = await launchNats();
    await server.kill();

    const opened = openTestBus(server.ws);
    await server.restart();
    await using bus = await opened;

    expect(bus.status.peek().phase).toBe("open");
  });

  test("skips a server that answers nothing", async () => {
    await using server = await launchNats();
    await using proxy = await openTcpProxy(server.wsPort);
    proxy.stall();

    await using bus = await openTestBus([`ws://127.0.0.1:${proxy.port}`, server.ws]);

    expect(bus.status.peek()).toEqual({ phase: "open", server: server.ws });
  });

  test("is given up by its signal", async () => {
    await using server = await launchNats();
    await using proxy = await openTcpProxy(server.wsPort);
    proxy.stall();
    const end = new AbortController();
    const dialled = proxy.nextConnection(soon());

    const opened = openTestBus(`ws://127.0.0.1:${proxy.port}`, { signal: end.signal });
    await dialled;
    end.abort();

    await expect(opened).rejects.toThrow(withCode("aborted"));
  });

  test("refuses what is no address, and says what was met", async () => {
    await expect(openTestBus("a:b@lattice.example:4222")).rejects.toThrow(withCode("bad-input"));
    await expect(openTestBus("a:b@lattice.example:4222")).rejects.toThrow("must be an address");
    await expect(openTestBus("a:b@lattice.example:4222")).rejects.not.toThrow("a:b");
    await expect(openTestBus([])).rejects.toThrow(withCode("bad-input"));
  });

  test("tells of a port that does not speak NATS", async () => {
    await using server = await launchNats();

    const opened = openTestBus(`ws://127.0.0.1:${server.port}`, { firstConnectTimeoutMs: 300 });

    await expect(opened).rejects.toThrow(withCode("no-servers"));
  });

  test("a foreign origin is refused by a server that knows its own", async () => {
    await using server = await launchNats({ origins: ["http://lattice.example"] });
    const origin = (text: string) => ({ socketFactory: nodeWebSocket({ origin: text }) });

    const foreign = openTestBus(server.ws, {
      ...origin("http://evil.example"),
      firstConnectTimeoutMs: 300,
    });
    await using bus = await openTestBus(server.ws, origin("http://lattice.example"));

    await expect(foreign).rejects.toThrow(withCode("no-servers"));
    expect(bus.status.peek().phase).toBe("open");
  });
});

test("the signal ends the bus at once", async () => {
  await using server = await launchNats();
  const end = new AbortController();
  await using bus = await openTestBus(server.ws, { signal: end.signal });
  bus.subscribe("silent", () => undefined);
  const asked = bus.request("silent", none, { signal: soon() });

  end.abort(new Error("page left"));

  await expect(asked).rejects.toThrow(withCode("closed"));
  expect(bus.status.peek()).toEqual({ phase: "closed", reason: "page left" });
  expect(() => bus.publish("any", none)).toThrow(withCode("closed"));
});

test("accept, results and end of an answer leave in one frame", async () => {
  await using server = await launchNats();
  let frames = 0;
  const factory = nodeWebSocket();
  await using bus = await openTestBus(server.ws, {
    socketFactory(url) {
      const socket = factory(url);
      const send = socket.send.bind(socket);
      socket.send = (data) => {
        // Answers to the server's own pings are no part of it.
        if (Buffer.from(new Uint8Array(data)).includes("answer.")) frames++;
        send(data);
      };
      return socket;
    },
  });
  const heard = collect();
  bus.subscribe("answer.>", heard);
  await bus.flush(soon());
  frames = 0;

  bus.publish("answer.accept", none);
  bus.publish("answer.results", new Uint8Array(64 * 1024));
  bus.publish("answer.results", none);
  await heard.count(3);

  expect(frames).toBe(1);
});
