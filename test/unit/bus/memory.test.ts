import { describe, expect, test } from "vitest";
import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { busContract, PREFIX, withCode } from "../../contract/bus.ts";
import { collect } from "../../support/collector.ts";
import { recordLog } from "../../support/log-recorder.ts";

const shared = createMemoryLattice();
busContract("memory bus", (log) =>
  Promise.resolve(shared.connect({ inboxPrefix: PREFIX, ...(log === undefined ? {} : { log }) })),
);

const signal = AbortSignal.timeout(60_000);
const none = new Uint8Array();

describe("a memory bus whose line is cut", () => {
  test("refuses to publish and rejects requests that wait", async () => {
    const bus = createMemoryLattice({ now: () => 7 }).connect();
    bus.subscribe("silent", () => undefined);
    const asked = bus.request("silent", none, { signal });

    bus.cut("test");

    await expect(asked).rejects.toThrow(withCode("disconnected"));
    expect(() => bus.publish("any", none)).toThrow(withCode("disconnected"));
    await expect(bus.flush(signal)).rejects.toThrow(withCode("disconnected"));
    expect(bus.status.peek()).toEqual({ phase: "reconnecting", since: 7, reason: "test" });
  });

  test("has its subscriptions again when restored, and those made meanwhile", async () => {
    const lattice = createMemoryLattice();
    const bus = lattice.connect();
    const peer = lattice.connect();
    const [before, meanwhile] = [collect(), collect()];
    bus.subscribe("demo", before, { queue: "q" });

    bus.cut();
    bus.subscribe("demo", meanwhile);
    peer.publish("demo", Uint8Array.of(1));
    await peer.flush(signal);
    bus.restore();
    peer.publish("demo", Uint8Array.of(2));
    await peer.flush(signal);

    expect(before.bytes()).toEqual([2]);
    expect(meanwhile.bytes()).toEqual([2]);
  });

  test("loses what it had sent and what was under way to it", async () => {
    const lattice = createMemoryLattice();
    const bus = lattice.connect();
    const peer = lattice.connect();
    const [here, there] = [collect(), collect()];
    bus.subscribe("to-bus", here);
    peer.subscribe("to-peer", there);
    await bus.flush(signal);

    bus.publish("to-peer", none);
    peer.publish("to-bus", none);
    bus.cut();
    bus.restore();
    await peer.flush(signal);

    expect(here.heard).toEqual([]);
    expect(there.heard).toEqual([]);
  });

  test("ends a drain of a subscription that is under way", async () => {
    const lattice = createMemoryLattice();
    const bus = lattice.connect();
    const heard = collect();
    const drained = bus.subscribe("demo", heard).drain();

    bus.cut();
    await drained;
    bus.restore();
    bus.publish("demo", none);
    await bus.flush(signal);

    expect(heard.heard).toEqual([]);
  });
});

describe("a memory bus with permissions", () => {
  test("tells a subscription that it is refused", async () => {
    const { log, entries } = recordLog();
    const bus = createMemoryLattice().connect({
      log,
      permits: (operation) => operation !== "subscribe",
    });
    const refused: Error[] = [];

    bus.subscribe("demo", () => undefined, { onDenied: (error) => refused.push(error) });
    await bus.flush(signal);

    expect(refused).toEqual([withCode("denied")]);
    expect(entries.map(({ event }) => event)).toEqual(["bus.subscription-denied"]);
  });

  test("rejects a request that it may not send", async () => {
    const bus = createMemoryLattice().connect({ permits: (_, subject) => subject !== "secret" });

    const asked = bus.request("secret", none, { signal });

    await expect(asked).rejects.toThrow(withCode("denied"));
  });
});

test("a memory bus ends with its signal", async () => {
  const end = new AbortController();
  const bus = createMemoryLattice().connect({ signal: end.signal });
  bus.subscribe("silent", () => undefined);
  const asked = bus.request("silent", none, { signal });

  end.abort(new Error("page left"));

  await expect(asked).rejects.toThrow(withCode("closed"));
  expect(bus.status.peek()).toEqual({ phase: "closed", reason: "page left" });
});

test("the random source chooses the member of a queue group", async () => {
  const lattice = createMemoryLattice({ random: () => 0.99 });
  const bus = lattice.connect();
  const [first, last] = [collect(), collect()];
  bus.subscribe("demo", first, { queue: "q" });
  bus.subscribe("demo", last, { queue: "q" });

  bus.publish("demo", none);
  await bus.flush(signal);

  expect([first.heard.length, last.heard.length]).toEqual([0, 1]);
});

test("a publisher may use its buffer again", async () => {
  const bus = createMemoryLattice().connect();
  const heard = collect();
  bus.subscribe("demo", heard);
  const buffer = Uint8Array.of(1);

  bus.publish("demo", buffer);
  buffer[0] = 2;
  await bus.flush(signal);

  expect(heard.bytes()).toEqual([1]);
});
