/** `wasi:io` under both ways to wait: what one bridge gives as a promise is there at once under the other. */
import { describe, expect, test } from "vitest";
import { LatticeError } from "../../../../src/core/error.ts";
import type { RemoteSource } from "../../../../src/workers/remote-streams.ts";
import { IoError } from "../../../../src/workers/wasi/io-error.ts";
import { InputStream, remoteInlet } from "../../../../src/workers/wasi/io-input.ts";
import { OutputStream, remoteOutlet } from "../../../../src/workers/wasi/io-output.ts";
import { poll, Pollable, readyAt } from "../../../../src/workers/wasi/io-poll.ts";
import type { Holder } from "../../../../src/workers/wasi/resource.ts";
import { bytesOf, fakeStreams, runningLife, textOf } from "../../../support/fake-streams.ts";
import type { FakeStreams, Piece } from "../../../support/fake-streams.ts";

const CLOSED = { tag: "err", val: { tag: "closed" } };

interface Opened {
  readonly fake: FakeStreams;
  readonly holder: Holder;
  readonly input: (pieces: readonly Piece[]) => InputStream;
  readonly output: () => {
    readonly stream: OutputStream;
    readonly handle: { readonly $stream: number };
  };
}

function open(mode: "jspi" | "atomics"): Opened {
  const fake = fakeStreams(mode);
  const holder: Holder = { life: runningLife(), streams: fake.streams, breathe: () => undefined };
  const errorOf = (thrown: unknown): IoError => new IoError(holder, thrown);
  return {
    fake,
    holder,
    input(pieces) {
      const source: RemoteSource = fake.streams.source(fake.stream(pieces));
      return new InputStream(holder, remoteInlet(source, errorOf));
    },
    output() {
      const { handle, sink } = fake.streams.sink();
      return { stream: new OutputStream(holder, remoteOutlet(sink, errorOf)), handle };
    },
  };
}

describe.each(["jspi", "atomics"] as const)("under %s", (mode) => {
  test("a stream gives what comes, and is closed at its end for good", async () => {
    const stream = open(mode).input(["one", "two"]);

    expect(await stream.blockingRead(2n)).toEqual({ tag: "ok", val: bytesOf("on") });
    expect(await stream.blockingRead(100n)).toEqual({ tag: "ok", val: bytesOf("e") });
    expect(await stream.blockingSkip(100n)).toEqual({ tag: "ok", val: 3n });
    expect(await stream.blockingRead(100n)).toEqual(CLOSED);
    expect(await stream.blockingRead(100n)).toEqual(CLOSED);
    expect(stream.read(1n)).toEqual(CLOSED);
    expect(stream.skip(1n)).toEqual(CLOSED);
  });

  test("a read of nothing gives nothing, and one of too much what is there", async () => {
    const stream = open(mode).input([new Uint8Array(300_000)]);

    expect(await stream.blockingRead(0n)).toEqual({ tag: "ok", val: new Uint8Array() });
    const first = await stream.blockingRead(0xffff_ffff_ffff_ffffn);

    expect(first).toMatchObject({ tag: "ok" });
    expect((first as { val: Uint8Array }).val).toHaveLength(262_144);
  });

  test("a stream that breaks says why once", async () => {
    const stream = open(mode).input(["one", new LatticeError("worker-lost", "gone")]);

    await stream.blockingRead(100n);
    const broken = await stream.blockingRead(100n);

    expect(broken).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
    expect((broken as unknown as { val: { val: IoError } }).val.val.toDebugString()).toBe("gone");
    expect(await stream.blockingRead(100n)).toEqual(CLOSED);
  });

  test("reading without waiting goes on once its pollable is ready", async () => {
    const stream = open(mode).input(["one"]);

    await stream.subscribe().block();

    expect(stream.read(10n)).toEqual({ tag: "ok", val: bytesOf("one") });
  });

  test("writing is permitted first, and ends while nobody reads", async () => {
    const { fake, holder, output } = open(mode);
    const { stream, handle } = output();
    expect(stream.checkWrite()).toEqual({ tag: "ok", val: 65_536n });

    expect(stream.write(new Uint8Array(65_536))).toEqual({ tag: "ok", val: undefined });

    stream.checkWrite();
    void stream.write(new Uint8Array(65_536));
    await stream.subscribe().block();
    expect(stream.checkWrite()).toEqual({ tag: "ok", val: 65_536n });
    expect(fake.sent(handle).chunks).toHaveLength(2);
    expect(() => stream.write(new Uint8Array(65_537))).toThrow("more to a stream than check-write");
    expect(holder.life.ended).toBe(true);
  });

  test("writing and flushing takes 4096 bytes and no more", async () => {
    const { fake, output } = open(mode);
    const { stream, handle } = output();

    expect(await stream.blockingWriteAndFlush(new Uint8Array(4096))).toMatchObject({ tag: "ok" });
    expect(await stream.blockingWriteZeroesAndFlush(4096n)).toMatchObject({ tag: "ok" });
    expect(await stream.blockingFlush()).toMatchObject({ tag: "ok" });

    expect(fake.sent(handle).chunks.map(({ length }) => length)).toEqual([4096, 4096]);
    expect(() => stream.blockingWriteAndFlush(new Uint8Array(4097))).toThrow("at most 4096 bytes");
  });

  test("zeroes need a permit as well", () => {
    const { fake, output } = open(mode);
    const { stream, handle } = output();
    stream.checkWrite();

    expect(stream.writeZeroes(10n)).toMatchObject({ tag: "ok" });

    expect(fake.sent(handle).chunks).toEqual([new Uint8Array(10)]);
    expect(() => stream.writeZeroes(0xffff_ffff_ffff_ffffn)).toThrow("check-write");
  });

  test("writing to nobody fails once, and is closed then", async () => {
    const { fake, output } = open(mode);
    const { stream, handle } = output();
    fake.deafen(handle);

    const failed = await stream.blockingWriteAndFlush(bytesOf("x"));

    expect(failed).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
    expect(stream.checkWrite()).toEqual(CLOSED);
    expect(stream.flush()).toEqual(CLOSED);
    expect(await stream.blockingWriteAndFlush(bytesOf("x"))).toEqual(CLOSED);
  });

  test("splicing passes bytes on, with the end and the errors of their source", async () => {
    const { fake, input, output } = open(mode);
    const { stream, handle } = output();
    const source = input(["one", "two", new LatticeError("incomplete", "cut")]);

    expect(await stream.blockingSplice(source, 2n)).toEqual({ tag: "ok", val: 2n });
    expect(await stream.blockingSplice(source, 200n)).toEqual({ tag: "ok", val: 1n });
    await source.subscribe().block();
    expect(stream.splice(source, 200n)).toEqual({ tag: "ok", val: 3n });
    const broken = await stream.blockingSplice(source, 200n);

    expect(broken).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
    expect(await stream.blockingSplice(source, 200n)).toEqual(CLOSED);
    expect(textOf(fake.sent(handle))).toBe("onetwo");
  });

  test("polling waits for the first of streams and times", async () => {
    const { holder, input } = open(mode);
    const stream = input(["one"]);
    const never = new Pollable(holder, readyAt(performance.now() + 60_000));
    const past = new Pollable(holder, readyAt(0));

    expect(await poll(holder, [never, stream.subscribe()])).toEqual(Uint32Array.of(1));
    expect(await poll(holder, [past, never, stream.subscribe()])).toEqual(Uint32Array.of(0, 2));
    expect(() => poll(holder, [])).toThrow("it polled an empty list");
  });

  test("a stream with a pollable left cannot be dropped", () => {
    const { holder, input } = open(mode);
    const stream = input([]);
    const pollable = stream.subscribe();

    expect(() => stream[Symbol.dispose]()).toThrow("it dropped or gave away a resource before");

    expect(holder.life.ended).toBe(true);
    pollable[Symbol.dispose]();
    expect(() => stream[Symbol.dispose]()).not.toThrow();
  });
});

test("a guest that does not wait reads nothing yet, and may not write to who is behind", () => {
  const { input, output } = open("jspi");
  const { stream } = output();
  for (const _ of [1, 2]) {
    stream.checkWrite();
    void stream.write(new Uint8Array(65_536));
  }

  expect(input(["one"]).read(10n)).toEqual({ tag: "ok", val: new Uint8Array() });
  expect(stream.checkWrite()).toEqual({ tag: "ok", val: 0n });
  expect(stream.subscribe().ready()).toBe(false);
});

test("an empty stream is at its end", async () => {
  const { holder } = open("jspi");
  const stream = new InputStream(holder, {
    ready: true,
    ends: [],
    read: () => undefined,
    errorOf: (thrown) => new IoError(holder, thrown),
  });

  expect(stream.subscribe().ready()).toBe(true);
  expect(await stream.blockingRead(1n)).toEqual(CLOSED);
});

test("a time that has come is ready, and others are waited for", async () => {
  const { holder } = open("jspi");
  const before = performance.now();

  await new Pollable(holder, readyAt(before + 30)).block();

  expect(performance.now()).toBeGreaterThanOrEqual(before + 30);
});

test("what is printed makes nobody wait, though others wait for a turn: the glue would take a promise for no result", () => {
  const { streams } = fakeStreams("jspi");
  const holder = { life: runningLife(), streams, breathe: () => Promise.resolve() };
  const written: Uint8Array[] = [];
  const stream = new OutputStream(holder, {
    ready: true,
    ends: [],
    write: (bytes) => void written.push(bytes),
    errorOf: (thrown) => new IoError(holder, thrown),
  });

  expect(stream.blockingWriteAndFlush(Uint8Array.of(1))).toEqual({ tag: "ok", val: undefined });
  expect(stream.blockingWriteZeroesAndFlush(2n)).toEqual({ tag: "ok", val: undefined });
  expect(written).toEqual([Uint8Array.of(1), Uint8Array.of(0, 0)]);
});
