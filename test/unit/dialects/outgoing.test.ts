/** What a stream's sender puts on the wire, and when: against a bus that only writes it down. */
import { describe, expect, test } from "vitest";
import type { Bus } from "../../../src/core/bus.ts";
import type { RoundTrips } from "../../../src/dialects/v1/pace.ts";

import { withOwnChunks } from "../../../src/core/memory.ts";
import { createSource } from "../../../src/core/view.ts";
import { readWindow, STOP, writeRead } from "../../../src/dialects/v1/flow.ts";
import { createOutgoing, MESSAGE_BYTES } from "../../../src/dialects/v1/outgoing.ts";
import { createPace, createRoundTrips, MOST_UNDER_WAY } from "../../../src/dialects/v1/pace.ts";
import { parseWitType } from "../../../src/wire/wit-text.ts";
import { pattern, streamOf } from "../../support/streams.ts";

interface Scripted {
  readonly sent: { readonly subject: string; readonly size: number }[];
  readonly rpc: Bus;
  /** Lets the oldest round trip that was asked for end. */
  confirm(): void;
  readonly asked: () => number;
}

function scriptedBus(maxPayload = 1024 * 1024): Scripted {
  const sent: { subject: string; size: number }[] = [];
  const flushes: (() => void)[] = [];
  const unused = (): never => {
    throw new Error("not for this test");
  };
  const rpc: Bus = {
    publish: (subject, { length: size }) => void sent.push({ subject, size }),
    flush: () => new Promise((resolve) => flushes.push(resolve)),
    request: unused,
    subscribe: unused,
    bucket: unused,
    objects: unused,
    newInbox: unused,
    probe: unused,
    drain: unused,
    maxPayload,
    status: createSource({ phase: "open", server: "" }),
    [Symbol.asyncDispose]: unused,
  };
  return { sent, rpc, confirm: () => flushes.shift()?.(), asked: () => flushes.length };
}

const type = parseWitType("stream<u8>");
const part = (chunks: Iterable<Uint8Array>) => {
  if (type.kind !== "stream") throw new Error("no stream");
  return { path: [0], type, value: streamOf(chunks) };
};
const never: RoundTrips = { next: () => new Promise(() => undefined) };
/** All that can happen without further events has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const start = (
  { rpc }: Scripted,
  roundTrips: RoundTrips,
  window?: number,
  signal = new AbortController().signal,
) => createOutgoing({ rpc, roundTrips, inbox: "RC", name: "results", window, signal });

describe("to a reader without credit", () => {
  test("no more messages go than a Rust peer has room for, until the server has passed some on", async () => {
    const bus = scriptedBus();
    const outgoing = start(bus, createRoundTrips(bus.rpc, new AbortController().signal));
    void outgoing.send([part(pattern(100 * 1000, 1000))]);
    const counts: number[] = [];

    await settled();
    counts.push(bus.sent.length);
    bus.confirm();
    await settled();
    counts.push(bus.sent.length);
    bus.confirm();
    await settled();
    counts.push(bus.sent.length);

    expect(counts).toEqual([MOST_UNDER_WAY, MOST_UNDER_WAY + 4, MOST_UNDER_WAY + 8]);
  });

  test("streams that ask in one turn share a round trip", async () => {
    const bus = scriptedBus();
    const roundTrips = createRoundTrips(bus.rpc, new AbortController().signal);

    void roundTrips.next();
    void roundTrips.next();
    await settled();
    void roundTrips.next();
    await settled();

    expect(bus.asked()).toBe(2);
  });

  test("a lost connection ends it", async () => {
    const lost: RoundTrips = { next: () => Promise.reject(new Error("gone")) };
    const pace = createPace(lost);
    const waits = Array.from({ length: 9 }, () => pace());

    await expect(waits.at(-1)).rejects.toThrow("gone");
  });
});

describe("to a reader with credit", () => {
  test("as many bytes go as it takes, and more when it has read some", async () => {
    const bus = scriptedBus();
    const outgoing = start(bus, never, 200_000);
    void outgoing.send([part(pattern(1_000_000, 50_000))]);
    const sizes = (): number => bus.sent.reduce((sum, { size }) => sum + size, 0);
    const seen: number[] = [];

    await settled();
    seen.push(sizes());
    outgoing.report([0], writeRead(100_000));
    await settled();
    seen.push(sizes());

    expect(seen[0]).toBeLessThanOrEqual(200_000);
    expect(seen[0]).toBeGreaterThan(200_000 - MESSAGE_BYTES);
    expect(seen[1]).toBeLessThanOrEqual(300_000);
    expect(seen[1]).toBeGreaterThan(300_000 - MESSAGE_BYTES);
  });

  test.each([
    { what: "more than was sent", report: writeRead(10_000_000) },
    { what: "no number", report: new TextEncoder().encode("-1") },
    { what: "endless digits", report: new TextEncoder().encode("9".repeat(40)) },
  ])("a report of $what changes nothing", async ({ report }) => {
    const bus = scriptedBus();
    const outgoing = start(bus, never, 200_000);
    void outgoing.send([part(pattern(1_000_000, 50_000))]);
    await settled();
    const before = bus.sent.length;

    outgoing.report([0], report);
    await settled();

    expect(bus.sent.length).toBe(before);
  });

  test("a reader that stops ends the stream quietly", async () => {
    const bus = scriptedBus();
    const outgoing = start(bus, never, 200_000);
    const done = outgoing.send([part(pattern(1_000_000, 50_000))]);
    await settled();

    outgoing.report([0], STOP);

    await expect(done).resolves.toBeUndefined();
    expect(bus.sent.at(-1)).toEqual({ subject: "RC.results.0", size: 0 });
  });
});

test("messages keep to max_payload, large chunks are cut", async () => {
  const bus = scriptedBus(10_000);
  const outgoing = start(bus, never, 10_000_000);

  await outgoing.send([part([new Uint8Array(25_000), new Uint8Array(0), new Uint8Array(5)])]);

  expect(bus.sent.map(({ size }) => size)).toEqual([10_000, 10_000, 5003, 6, 1, 0]);
});

test("the end of the call ends what is sent, without the stream's own end", async () => {
  const bus = scriptedBus();
  const call = new AbortController();
  const outgoing = start(bus, never, 200_000, call.signal);
  const done = outgoing.send([part(pattern(1_000_000, 50_000))]);
  await settled();

  call.abort(new Error("over"));

  await expect(done).rejects.toThrow("over");
  expect(bus.sent.slice(-2).map(({ size }) => size)).not.toContain(1);
  expect(bus.sent.at(-1)?.size).toBe(0);
});

test.each([
  { header: "524288", window: 524_288 },
  { header: "999999999", window: 2 * 1024 * 1024 },
  { header: "1000", window: undefined },
  { header: "-1", window: undefined },
  { header: "9999999999999", window: undefined },
  { header: "lots", window: undefined },
])("a peer that announces a window of $header gets $window", ({ header, window }) => {
  expect(readWindow(new Map([["inlay-flow", header]]))).toBe(window);
});

test("chunks that are the reader's own are given back when they were sent, others are left alone", async () => {
  const bus = scriptedBus();
  const released: number[] = [];
  const own = part(pattern(150_000, 70_000));
  withOwnChunks(own.value, (chunk) => released.push(chunk.length));

  await start(bus, never, 200_000).send([own]);
  await start(bus, never, 200_000).send([part(pattern(150_000, 70_000))]);

  expect(released).toEqual([70_000, 70_000, 10_000]);
  expect(bus.sent.reduce((sum, { size }) => sum + size, 0)).toBe(2 * (150_000 + 3 + 3 + 2 + 1));
});
