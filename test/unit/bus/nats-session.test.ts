/** What a bus over NATS does in time: limits, pings, redials. The socket is scripted and the clock is moved by hand. */
import { describe, expect, test } from "vitest";
import type { Knock, KnockAnswer } from "../../../src/bus/knock.ts";
import { type NatsBusOptions, openNatsBus } from "../../../src/bus/nats.ts";
import type { Bus, BusStatus } from "../../../src/core/bus.ts";
import { withCode } from "../../contract/bus.ts";
import { type FakeClock, fakeClock } from "../../support/fake-clock.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { type ScriptedSocket, scriptedSocket } from "../../support/scripted-socket.ts";

interface Stage {
  readonly clock: FakeClock;
  readonly sockets: ScriptedSocket[];
  /** Moves time on in small steps, letting everything that waits for no time happen between them. */
  pass(ms: number): Promise<void>;
  open(options?: Partial<NatsBusOptions>): Promise<Bus>;
  latest(): ScriptedSocket;
  /** How the sockets of later dials behave. */
  server: "up" | "silent" | "refusing";
}

function stage(): Stage {
  const clock = fakeClock(1_000);
  const sockets: ScriptedSocket[] = [];
  const self: Stage = {
    clock,
    sockets,
    server: "up",
    async pass(ms) {
      for (let left = ms; left > 0; left -= 50) {
        clock.advance(Math.min(50, left));
        await settle();
      }
    },
    latest() {
      const socket = sockets.at(-1);
      if (socket === undefined) throw new Error("nothing was dialled");
      return socket;
    },
    async open(options = {}) {
      const opening = openNatsBus({
        servers: ["ws://lattice.test"],
        name: "unit",
        inboxPrefix: "_INBOX.unit",
        clock,
        log: recordLog().log,
        signal: new AbortController().signal,
        random: () => 0.5,
        socketFactory() {
          const socket = scriptedSocket({ greets: self.server === "up" });
          sockets.push(socket);
          if (self.server === "refusing") socket.breakOff();
          return socket;
        },
        ...options,
      });
      await settle();
      return opening;
    },
  };
  return self;
}

/** Lets promises and the sockets' own turns run: a handshake has three. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function broken(stage: Stage): Promise<void> {
  stage.latest().breakOff();
  await settle();
  await stage.pass(1);
}

describe("dials", () => {
  test("one without an answer ends after 5 s, and the next one follows", async () => {
    const it = stage();
    it.server = "silent";
    const opening = it.open();
    await settle();

    await it.pass(4_950);
    const before = it.sockets.length;
    it.server = "up";
    await it.pass(300);
    const bus = await opening;

    expect(before).toBe(1);
    expect(it.sockets[0]?.closed).toBe(true);
    expect(bus.status.peek().phase).toBe("open");
  });

  test("the server's last word before it closes is heard", async () => {
    const it = stage();
    it.server = "silent";
    const outcome = it.open().catch((thrown: unknown) => thrown);
    await settle();

    const socket = it.latest();
    socket.answering = false;
    socket.greet({ auth_required: true });
    await settle();
    socket.breakOff("-ERR 'Authorization Violation'\r\n");
    await settle();
    await it.pass(50);

    expect(await outcome).toEqual(withCode("denied"));
  });

  test("the first connect ends when its time is over", async () => {
    const it = stage();
    it.server = "refusing";
    const opening = it.open({ firstConnectTimeoutMs: 3_000 });
    const outcome = opening.catch((thrown: unknown) => thrown);
    await settle();

    await it.pass(3_000);

    expect(await outcome).toEqual(withCode("no-servers"));
    expect(String(await outcome)).toContain("ws://lattice.test (closed with code 1006)");
    expect(String(await outcome)).toContain("a page cannot tell why");
  });
});

describe("an open connection", () => {
  test("is pinged, and given up when two pings had no answer", async () => {
    const it = stage();
    const bus = await it.open();
    await it.pass(60_000);
    const alive = bus.status.peek().phase;

    it.latest().answering = false;
    it.latest().bufferedAmount = 100; // what nats.ws would wait for
    it.server = "refusing";
    await it.pass(30_050);

    expect(alive).toBe("open");
    expect(bus.status.peek()).toMatchObject({
      phase: "reconnecting",
      reason: "2 pings without an answer",
    });
    expect(it.sockets[0]?.closed).toBe(true);
  });

  test("a socket that is closing takes nothing more", async () => {
    const it = stage();
    const bus = await it.open();

    it.latest().close();

    expect(() => bus.publish("any", new Uint8Array())).toThrow(withCode("disconnected"));
  });

  test("the server's limit is that of its latest INFO, also while it is away", async () => {
    const it = stage();
    const bus = await it.open();
    const first = bus.maxPayload;

    it.latest().greet({ max_payload: 2048 });
    await settle();
    const second = bus.maxPayload;
    it.server = "refusing";
    await broken(it);

    expect([first, second, bus.maxPayload]).toEqual([1024, 2048, 2048]);
  });

  test("status tells each change once", async () => {
    const it = stage();
    const bus = await it.open();
    const changes: BusStatus[] = [];
    bus.status.subscribe((status) => void changes.push(status));
    it.server = "refusing";

    await broken(it);
    await it.pass(10_000);
    it.server = "up";
    await it.pass(3_000);

    expect(changes).toEqual([
      { phase: "reconnecting", since: 1_001, reason: "closed with code 1006" },
      { phase: "open", server: "ws://lattice.test" },
    ]);
  });
});

describe("a server that cuts each connection as soon as it is open", () => {
  test("is dialled at once the first time, then with pauses, and at once again when one has held", async () => {
    const it = stage();
    const bus = await it.open();
    const cutFor = async (ms: number): Promise<number> => {
      const before = it.sockets.length;
      for (let left = ms; left > 0; left -= 50) {
        if (bus.status.peek().phase === "open") await broken(it);
        await it.pass(50);
      }
      return it.sockets.length - before;
    };

    const inAMinute = await cutFor(60_000);
    await it.pass(5_000);
    const open = bus.status.peek().phase;
    const afterRest = await cutFor(50);

    expect(inAMinute).toBeGreaterThan(25);
    expect(inAMinute).toBeLessThan(45);
    expect(open).toBe("open");
    expect(afterRest).toBe(1);
  });
});

describe("after an outage", () => {
  async function outage(ms: number, knock?: Knock): Promise<{ dials: number; backMs: number }> {
    const it = stage();
    const bus = await it.open(knock === undefined ? {} : { knock });
    it.server = "refusing";
    await broken(it);
    await it.pass(ms);
    const dials = it.sockets.length - 2; // the first one, and the one at once after the loss
    it.server = "up";
    const back = it.clock.now();
    while (bus.status.peek().phase !== "open") await it.pass(50);
    return { dials, backMs: it.clock.now() - back };
  }
  const knocks =
    (answer: () => KnockAnswer): Knock =>
    () =>
      Promise.resolve(answer());

  test("of 1 s it is back within 1 s", async () => {
    const { backMs } = await outage(1_000);

    expect(backMs).toBeLessThanOrEqual(1_000);
  });

  test("of 60 s without knocks it dials every 2 s at last", async () => {
    const { dials, backMs } = await outage(60_000);

    expect(dials).toBeGreaterThan(25);
    expect(dials).toBeLessThan(40);
    expect(backMs).toBeLessThanOrEqual(2_050);
  });

  test("of 60 s with knocks it dials so seldom that no browser throttles it, and is back as soon", async () => {
    let up = false;
    const it = stage();
    const bus = await it.open({ knock: knocks(() => (up ? "answered" : "silent")) });
    it.server = "refusing";
    await broken(it);

    await it.pass(60_000);
    const dials = it.sockets.length - 1;
    up = true;
    it.server = "up";
    await it.pass(2_050);

    expect(dials).toBeLessThanOrEqual(7);
    expect(bus.status.peek().phase).toBe("open");
  });

  test("of 60 s knocks that a policy blocks are not waited for", async () => {
    const { dials, backMs } = await outage(
      60_000,
      knocks(() => "blocked"),
    );

    expect(dials).toBeGreaterThan(25);
    expect(backMs).toBeLessThanOrEqual(2_050);
  });

  test("a server that takes dials but answers no knock is not knocked at again", async () => {
    const it = stage();
    const bus = await it.open({ knock: knocks(() => "silent") });
    const lose = async (): Promise<number> => {
      it.server = "refusing";
      await broken(it);
      await it.pass(12_000);
      it.server = "up";
      const back = it.clock.now();
      while (bus.status.peek().phase !== "open") await it.pass(50);
      return it.clock.now() - back;
    };

    const first = await lose();
    const second = await lose();

    expect(first).toBeGreaterThan(2_050);
    expect(second).toBeLessThanOrEqual(2_050);
  });

  test("a probe dials at once", async () => {
    const it = stage();
    const bus = await it.open({ knock: knocks(() => "silent") });
    it.server = "refusing";
    await broken(it);
    await it.pass(60_000);
    it.server = "up";

    bus.probe();
    await settle();
    await it.pass(1);

    expect(bus.status.peek().phase).toBe("open");
  });
});
