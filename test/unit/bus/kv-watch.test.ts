/** What a watch does when hints, reads and connections are not what they should be. Over the memory lattice. */
import { describe, expect, test } from "vitest";
import { openBucket } from "../../../src/bus/jetstream-kv.ts";
import { createMemoryLattice } from "../../../src/bus/memory.ts";
import type { Bus } from "../../../src/core/bus.ts";
import { LatticeError } from "../../../src/core/error.ts";
import type { KvBucket } from "../../../src/core/kv.ts";
import { withCode } from "../../contract/bus.ts";
import { text } from "../../contract/kv.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { follow } from "../../support/kv-changes.ts";
import { recordLog } from "../../support/log-recorder.ts";

const signal = AbortSignal.timeout(60_000);
type Request = Bus["request"];

/** A lattice with two members; what our bucket asks goes through `faults.request` first. */
async function openStage() {
  const clock = fakeClock();
  const lattice = createMemoryLattice({ clock });
  const { log, entries, heard } = recordLog();
  const bus = lattice.connect({ log });
  const peer = lattice.connect();
  const faults: { request: (ask: Request) => Request; deaf: boolean } = {
    request: (ask) => ask,
    deaf: false,
  };
  const asked: string[] = [];
  const faulty: Pick<Bus, "request" | "subscribe" | "status"> = {
    status: bus.status,
    subscribe: (subject, receive, options) =>
      bus.subscribe(subject, (message) => void (faults.deaf || receive(message)), options),
    request(subject, data, options) {
      asked.push(subject);
      return faults.request((...again) => bus.request(...again))(subject, data, options);
    },
  };
  const guard = (_: string, work: () => void): void => work();
  const options = { signal, create: true };
  const bucket = await openBucket({ bus: faulty, clock, log, guard }, "b", options);
  return {
    bus,
    peer,
    clock,
    bucket,
    faults,
    asked,
    entries,
    heard,
    theirs: await peerBucket(peer),
  };
}
const peerBucket = (peer: Bus): Promise<KvBucket> => peer.bucket("b", { signal });
const isRead = (subject: string): boolean => subject.startsWith("$JS.API.DIRECT.GET.");
const notFound = (): Promise<never> =>
  Promise.reject(new LatticeError("not-found", "not on this replica"));
/** Lets all that is under way in the lattice come to rest. */
async function rest(bus: Bus): Promise<void> {
  for (let i = 0; i < 20; i++) await bus.flush(signal);
}

describe("a hint that is ahead of what can be read", () => {
  test("is looked for again, until it is found", async () => {
    const { bus, bucket, theirs, faults, clock } = await openStage();
    const changes = follow();
    await bucket.watch(changes, signal);
    faults.request = (ask) => (subject, data, options) =>
      isRead(subject) ? notFound() : ask(subject, data, options);

    await theirs.put("key", text("late"), { signal });
    await rest(bus);
    clock.advance(20);
    await rest(bus);
    const early = changes.told;
    faults.request = (ask) => ask;
    clock.advance(200);
    await changes.until("put key");

    expect(early).toEqual([]);
    expect(changes.told).toEqual(["put key=late@1"]);
  });

  test("is given up when the stream has refused it", async () => {
    const { bus, bucket, theirs, asked, clock } = await openStage();
    const changes = follow();
    await bucket.watch(changes, signal);
    asked.length = 0;

    const lost = theirs.put("key", text("lost"), { signal, revision: 9 });
    await expect(lost).rejects.toThrow(withCode("conflict"));
    for (const ms of [20, 200, 1_000, 5_000, 10_000]) {
      await rest(bus);
      clock.advance(ms);
    }
    await rest(bus);

    expect(changes.told).toEqual([]);
    expect(asked).toEqual([
      ...Array.from({ length: 4 }, () => "$JS.API.DIRECT.GET.KV_b"),
      "$JS.API.STREAM.INFO.KV_b",
    ]);
  });
});

test("a hint that was lost costs half a minute", async () => {
  const { bus, bucket, theirs, faults, clock } = await openStage();
  const changes = follow();
  await bucket.watch(changes, signal);
  faults.deaf = true;

  await theirs.put("key", text("x"), { signal });
  clock.advance(29_999);
  await rest(bus);
  const early = changes.told;
  clock.advance(1);
  await changes.until("put key");

  expect(early).toEqual([]);
});

test("a hint of what the snapshot has already is not read again", async () => {
  const { bus, bucket, theirs, faults, asked } = await openStage();
  const changes = follow();
  let put: Promise<unknown> | undefined;
  faults.request = (ask) => (subject, data, options) => {
    put ??= theirs.put("key", text("x"), { signal }); // before the first thing that the watch asks
    return put.then(() => ask(subject, data, options));
  };
  asked.length = 0;

  await bucket.watch(changes, signal);
  await rest(bus);

  expect(changes.told).toEqual(["put key=x@1"]);
  expect(asked).toEqual(["$JS.API.STREAM.INFO.KV_b", "$JS.API.DIRECT.GET.KV_b"]);
});

describe("a line that is cut", () => {
  test("what became different meanwhile is told, removals included", async () => {
    const { bus, bucket, theirs } = await openStage();
    for (const key of ["same", "changed", "deleted"]) {
      await theirs.put(key, text("1"), { signal });
    }
    const changes = follow();
    await bucket.watch(changes, signal);

    bus.cut();
    await theirs.put("changed", text("2"), { signal });
    await theirs.delete("deleted", { signal });
    await theirs.put("new", text("1"), { signal });
    bus.restore();
    await changes.until("put new");

    expect(changes.told.slice(3)).toEqual(["put changed=2@4", "delete deleted@5", "put new=1@6"]);
  });

  test("for entries that vanished all is read again, as often as that fails", async () => {
    const { bus, bucket, theirs, faults, clock, heard } = await openStage();
    await theirs.put("vanished", text("1"), { signal });
    await theirs.put("b", text("1"), { signal });
    const changes = follow();
    await bucket.watch(changes, signal);
    const from = (sequence: number): Uint8Array =>
      text(JSON.stringify({ seq: sequence, next_by_subj: "$KV.b.>" }));
    let fails = true;

    bus.cut();
    faults.request = (ask) => (subject, data, options) => {
      if (!isRead(subject)) return ask(subject, data, options);
      if (fails) return Promise.reject(new LatticeError("deadline", "on purpose"));
      const { seq } = JSON.parse(new TextDecoder().decode(data)) as { readonly seq: number };
      return ask(subject, from(Math.max(2, seq)), options); // the first one is gone
    };
    bus.restore();
    await heard("bus.watch-failed");
    await rest(bus);
    fails = false;
    clock.advance(250);
    await changes.until("delete");

    expect(changes.told).toEqual(["put vanished=1@1", "put b=1@2", "delete vanished"]);
  });

  test("in the middle of the snapshot starts it again", async () => {
    const { bus, bucket, theirs, faults } = await openStage();
    await theirs.put("a", text("1"), { signal });
    await theirs.put("b", text("1"), { signal });
    const changes = follow();
    let reads = 0;
    faults.request = (ask) => (subject, data, options) => {
      const answer = ask(subject, data, options);
      if (isRead(subject) && ++reads === 2) {
        bus.cut();
        bus.restore();
      }
      return answer;
    };

    await bucket.watch(changes, signal);

    expect(changes.told).toEqual(["put a=1@1", "put b=1@2"]);
    expect(reads).toBe(4);
  });

  test("makes a watch wait that begins meanwhile", async () => {
    const { bus, bucket, theirs } = await openStage();
    await theirs.put("a", text("1"), { signal });
    const changes = follow();

    bus.cut();
    const watched = bucket.watch(changes, signal);
    bus.restore();
    await watched;

    expect(changes.told).toEqual(["put a=1@1"]);
  });

  test("for good ends a watch that has not begun", async () => {
    const { bus, bucket } = await openStage();
    bus.cut();
    const watched = bucket.watch(follow(), signal);

    await bus.drain();

    await expect(watched).rejects.toThrow(withCode("closed"));
  });
});

describe("reads that fail", () => {
  const failing =
    (code: "deadline" | "denied") =>
    (ask: Request): Request =>
    (subject, data, options) =>
      isRead(subject)
        ? Promise.reject(new LatticeError(code, "on purpose"))
        : ask(subject, data, options);

  test("end a watch that has not begun", async () => {
    const { bucket, theirs, faults } = await openStage();
    await theirs.put("key", text("x"), { signal });
    faults.request = failing("denied");

    await expect(bucket.watch(follow(), signal)).rejects.toThrow(withCode("denied"));
  });

  test("are logged later on, and tried again", async () => {
    const { bus, bucket, theirs, faults, clock, entries, heard } = await openStage();
    const changes = follow();
    await bucket.watch(changes, signal);
    faults.request = failing("deadline");

    await theirs.put("key", text("x"), { signal });
    await heard("bus.watch-failed");
    await rest(bus);
    faults.request = (ask) => ask;
    clock.advance(250);
    await changes.until("put key");

    expect(entries.filter(({ event }) => event === "bus.watch-failed")).toMatchObject([
      { level: "warn", fields: { subject: "$KV.b.>", error: "on purpose" } },
    ]);
  });
});

describe("silence", () => {
  test("ends what waits after 5 s", async () => {
    const { bus, bucket, faults, clock } = await openStage();
    bus.subscribe("silent", () => undefined);
    faults.request = (ask) => (_, data, options) => ask("silent", data, options);

    const got = bucket.get("key", signal);
    const put = bucket.put("key", text("x"), { signal });
    clock.advance(5_000);

    await expect(got).rejects.toThrow(withCode("deadline"));
    await expect(put).rejects.toThrow(withCode("deadline"));
  });

  test("of JetStream is its absence, and says so", async () => {
    const clock = fakeClock();
    const bus = createMemoryLattice({ clock, jetstream: false }).connect();
    const told = { message: expect.stringContaining("this server has no JetStream") };

    await expect(bus.bucket("b", { signal })).rejects.toMatchObject({
      code: "unsupported",
      ...told,
    });
    bus.subscribe("$JS.API.>", () => undefined);
    const opened = bus.bucket("b", { signal });
    clock.advance(5_000);

    await expect(opened).rejects.toMatchObject({ code: "unsupported", ...told });
  });
});

test("a receiver that throws is logged, and the watch goes on", async () => {
  const { log, entries } = recordLog();
  const bus = createMemoryLattice().connect({ log });
  const bucket = await bus.bucket("b", { signal, create: true });
  await bucket.put("a", text("1"), { signal });
  const changes = follow();

  await bucket.watch((change) => {
    changes(change);
    throw new Error("receiver's own");
  }, signal);
  await bucket.put("b", text("2"), { signal });
  await changes.until("put b");

  const failures = entries.filter(({ event }) => event === "bus.receiver-failed");
  expect(failures.map(({ fields }) => fields["error"])).toEqual([
    "receiver's own",
    "receiver's own",
  ]);
});

test("what a connection may not do with a bucket is denied", async () => {
  const lattice = createMemoryLattice();
  const owner = lattice.connect();
  await owner.bucket("b", { signal, create: true });
  const bus = lattice.connect({
    permits: (operation, subject) => operation === "subscribe" || !subject.startsWith("$KV."),
  });

  const bucket = await bus.bucket("b", { signal });

  await expect(bucket.put("key", text("x"), { signal })).rejects.toThrow(withCode("denied"));
});
