import { expect, test } from "vitest";
import type { MemoryConnectOptions } from "../../../src/bus/memory-bus.ts";
import type { Bus, BusMessage } from "../../../src/core/bus.ts";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { hostId, latticeId } from "../../../src/core/ids.ts";
import { takeCensus } from "../../../src/dialects/census.ts";
import { censusWords } from "../../../src/dialects/v1/census-words.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";

const SELF = `N${"A".repeat(55)}`;
const OTHER = `N${"B".repeat(55)}`;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
/** Lets everything happen that only waits for the bus in memory. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp(options: MemoryConnectOptions = {}) {
  const clock = fakeClock();
  const lattice = createMemoryLattice({ clock });
  const bus = lattice.connect(options);
  const peer = lattice.connect();
  const { log, entries } = recordLog();
  const ended = new AbortController();
  const self = answerAs(bus, SELF, { "hostcore.os": "browser" });
  const start = () =>
    takeCensus(
      {
        control: bus,
        rpc: bus,
        lattice: latticeId("default"),
        host: hostId(SELF),
        clock,
        log,
      },
      censusWords(latticeId("default")),
      ended.signal,
    );
  return { clock, bus, peer, entries, ended, self, start };
}

/** Answers pings, and questions after its inventory, as a host with these labels does; `pause` makes it deaf. */
function answerAs(
  peer: Bus,
  id: string,
  labels: object,
): { asked: number; deaf: boolean; answerLate: () => void } {
  const state = { asked: 0, deaf: false, answerLate: () => undefined as void };
  const answer =
    (response: object) =>
    ({ reply }: BusMessage): void => {
      state.asked++;
      if (reply === undefined) return;
      state.answerLate = () =>
        peer.publish(reply, encode({ success: true, message: "", response }));
      if (!state.deaf) state.answerLate();
    };
  peer.subscribe("wasmbus.ctl.v1.default.host.ping", answer({ id, labels }));
  peer.subscribe(`wasmbus.ctl.v1.default.host.get.${id}`, answer({}));
  return state;
}
const tell = (peer: Bus, event: string, source: string, data: object): void =>
  peer.publish(`wasmbus.evt.default.${event}`, encode({ source, data }));

test("nobody native is there when no ping is answered in time", async () => {
  const { clock, start } = setUp();

  const alone = start();
  await settled();
  clock.advance(999);
  const early = alone.peek();
  clock.advance(1);

  expect([early, alone.peek()]).toEqual([undefined, true]);
});

test.each([
  { native: "nobody", alone: true },
  { native: "a host that is as slow", alone: false },
])("where its own answer is late, others' are waited for as long again: $native", async (row) => {
  const { clock, peer, self, start } = setUp();
  const other = answerAs(peer, OTHER, { "hostcore.os": "linux" });
  self.deaf = true;
  other.deaf = true;

  const alone = start();
  await settled();
  clock.advance(1500);
  self.answerLate();
  await settled();
  clock.advance(999);
  const early = alone.peek();
  if (!row.alone) other.answerLate();
  await settled();
  clock.advance(1);

  expect([early, alone.peek()]).toEqual([undefined, row.alone]);
});

test.each([
  { labels: { "hostcore.os": "linux" }, alone: false },
  { labels: {}, alone: false },
  { labels: { "hostcore.os": "browser" }, alone: true },
  { labels: { "hostcore.os": "linux", "inlay.browser": "Firefox" }, alone: true },
])("a host with labels $labels that answers pings: alone is $alone", async (row) => {
  const { clock, peer, start } = setUp();
  answerAs(peer, OTHER, row.labels);

  const alone = start();
  await settled();
  clock.advance(1000);
  await settled();

  expect(alone.peek()).toBe(row.alone);
});

const MACOS = { "hostcore.os": "macos" };

test("the heartbeat of a native host is heard", async () => {
  const { clock, peer, start } = setUp();
  const alone = start();
  await settled();
  clock.advance(1000);

  tell(peer, "host_heartbeat", OTHER, { labels: MACOS, components: [] });
  await settled();
  const met = alone.peek();
  tell(peer, "host_stopped", OTHER, { labels: {} });
  await settled();
  const before = alone.peek(); // a ping asks whether there are others
  clock.advance(1000);

  expect([met, before, alone.peek()]).toEqual([false, false, true]);
});

test("whoever starts is asked who it is, in one ping for all that start meanwhile", async () => {
  const { clock, peer, start } = setUp();
  const alone = start();
  await settled();
  clock.advance(1000);
  const native = answerAs(peer, OTHER, MACOS);

  tell(peer, "host_started", OTHER, { labels: MACOS });
  await settled();

  expect([alone.peek(), native.asked]).toEqual([false, 1]);
});

test("hosts of another generation, which answer no ping, do not count; late ones are asked once more", async () => {
  const { clock, bus, peer, start } = setUp();
  let pings = 0;
  bus.subscribe("wasmbus.ctl.v1.default.host.ping", () => pings++);
  const alone = start();
  await settled();
  clock.advance(1000);

  tell(peer, "host_heartbeat", OTHER, { labels: MACOS, actors: [] });
  await settled();
  expect([alone.peek(), pings]).toEqual([true, 1]);
  for (let at = 0; at < 10; at++) tell(peer, "host_started", OTHER, { labels: MACOS });
  await settled();
  expect([alone.peek(), pings]).toEqual([true, 2]);
  clock.advance(1000);
  await settled();
  expect([alone.peek(), pings]).toEqual([true, 3]);
  clock.advance(1000);
  await settled();
  expect([alone.peek(), pings]).toEqual([true, 3]);
});

test("its own events and those of tabs mean nothing", async () => {
  const { clock, peer, start } = setUp();
  const alone = start();
  await settled();
  clock.advance(1000);

  tell(peer, "host_heartbeat", SELF, { labels: {}, components: [] });
  tell(peer, "host_heartbeat", OTHER, { labels: { "hostcore.os": "browser" }, components: [] });
  tell(peer, "host_started", SELF, { labels: {} });
  await settled();

  expect(alone.peek()).toBe(true);
});

test("what cannot be read is passed over", async () => {
  const { clock, peer, start } = setUp();
  const alone = start();
  await settled();

  tell(peer, "host_started", OTHER, { labels: { a: 1 } });
  peer.publish("wasmbus.evt.default.host_heartbeat", new TextEncoder().encode("{"));
  await settled();
  clock.advance(1000);

  expect(alone.peek()).toBe(true);
});

test("a native host that is late with its heartbeat is asked, and gone if it does not answer", async () => {
  const { clock, peer, start } = setUp();
  const native = answerAs(peer, OTHER, { "hostcore.os": "linux" });
  const alone = start();
  await settled();
  const pinged = native.asked;

  clock.advance(35_000);
  await settled();
  const lives = alone.peek();
  const asked = native.asked - pinged;
  native.deaf = true;
  clock.advance(35_000);
  await settled();
  clock.advance(2000); // the time for an answer
  await settled();
  clock.advance(1000); // and for others to answer a ping
  await settled();

  expect(lives).toBe(false);
  expect(asked).toBe(1);
  expect(alone.peek()).toBe(true);
});

test("after a reconnect pings ask again", async () => {
  const { clock, bus, peer, start } = setUp();
  const alone = start();
  await settled();
  clock.advance(1000);
  const before = alone.peek();

  bus.cut();
  answerAs(peer, OTHER, { "hostcore.os": "linux" });
  bus.restore();
  await settled();

  expect([before, alone.peek()]).toEqual([true, false]);
});

test("who may not listen to events does not know, and says so", async () => {
  const { clock, entries, start } = setUp({
    permits: (_, subject) => !subject.startsWith("wasmbus.evt."),
  });

  const alone = start();
  await settled();
  clock.advance(1000);

  expect(alone.peek()).toBeUndefined();
  expect(entries.map(({ event }) => event)).toContain("census.denied");
});

test("who may not ping does not know either", async () => {
  const { clock, entries, start } = setUp({
    permits: (operation, subject) => operation === "subscribe" || !subject.endsWith("host.ping"),
  });

  const alone = start();
  await settled();
  clock.advance(1000);

  expect(alone.peek()).toBeUndefined();
  expect(entries.map(({ event }) => event)).toContain("census.unanswered");
});

test("it ends with its signal", async () => {
  const { clock, peer, ended, start } = setUp();
  const native = answerAs(peer, OTHER, { "hostcore.os": "linux" });
  start();
  await settled();
  const asked = native.asked;

  ended.abort();
  clock.advance(200_000);
  await settled();

  expect(native.asked).toBe(asked);
});
