/** The host's and the worker's ends of a call's streams, connected as a bridge connects them. */
import { expect, test } from "vitest";

import type { GuestSaid } from "../../../src/channels/component.ts";
import type { GuestStreams } from "../../../src/runtime/guest-streams.ts";
import type { RemoteStreams, StreamBridge } from "../../../src/workers/remote-streams.ts";

import { STREAM_WINDOW } from "../../../src/channels/component.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { createGuestStreams } from "../../../src/runtime/guest-streams.ts";
import { createLife } from "../../../src/workers/life.ts";
import { createRemoteStreams } from "../../../src/workers/remote-streams.ts";
import { fakeClock } from "../../support/fake-clock.ts";

interface Ends {
  readonly host: GuestStreams;
  readonly guest: RemoteStreams;
  readonly said: GuestSaid[];
  readonly clock: ReturnType<typeof fakeClock>;
  /** What was given back: of each piece, its bytes. */
  readonly released: Uint8Array[];
  /** The instance serves another call from now on; gives the host's side of that. */
  readonly nextCall: () => GuestStreams;
}

function connect(): Ends {
  const clock = fakeClock();
  const released: Uint8Array[] = [];
  const release = (piece: Uint8Array): void => void released.push(piece.slice());
  const host = createGuestStreams(clock, release);
  let current = host;
  const said: GuestSaid[] = [];
  const bridge: StreamBridge = {
    say(_, what) {
      said.push(what);
      if (what.tag !== "start" && what.tag !== "respond" && what.tag !== "drop") {
        if (what.tag !== "close") current.hear(what);
      }
    },
    ask: (_, { ends, forMs }) => current.wait(ends, forMs),
    sleep: () => undefined,
  };
  const life = createLife();
  life.begin(1);
  const nextCall = (): GuestStreams => {
    life.begin(life.callId + 1);
    return (current = createGuestStreams(clock, release));
  };
  const guest = createRemoteStreams(life, bridge, release);
  return { host, guest, said, clock, released, nextCall };
}

/** A stream of `chunks`, and whether it was cancelled. */
function streamOf(...chunks: readonly unknown[]): {
  readonly stream: ReadableStream;
  readonly cancelled: () => unknown;
} {
  const left = [...chunks];
  let reason: unknown;
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (left.length === 0) controller.close();
        else controller.enqueue(left.shift());
      },
      cancel: (why) => void (reason = why),
    },
    { highWaterMark: 0 },
  );
  return { stream, cancelled: () => reason };
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("the guest reads what the host has, in pieces as small as it likes", async () => {
  const { host, guest } = connect();
  const { stream } = streamOf(bytes(1, 2, 3), bytes(), bytes(4));
  const { body } = host.lend({ body: stream, name: "x" }) as never as { body: { $stream: number } };
  const source = guest.source(body);

  const parts = [];
  for (let part = await source.read(2); part !== undefined; part = await source.read(2)) {
    parts.push([...part]);
  }

  expect(parts).toEqual([[1, 2], [3], [4]]);
  expect(await source.read(2)).toBeUndefined();
});

test("what the guest has read is given back when it reads on, and the host's own bytes are left as they are", async () => {
  const { host, guest, released } = connect();
  const kept = new Uint8Array(100).fill(1).subarray(0, 50);
  const { stream } = streamOf(kept, bytes(2));
  const { body } = host.lend({ body: stream, name: "x" }) as never as { body: { $stream: number } };
  const source = guest.source(body);

  const first = await source.read(50);
  expect(first).toEqual(kept);
  expect(first?.buffer).not.toBe(kept.buffer);
  expect(released).toEqual([]);
  await source.read(1);

  expect(released).toEqual([kept]);
});

test("a stream of the host that breaks off fails the guest's read", async () => {
  const { host, guest } = connect();
  const stream = new ReadableStream({
    pull: () => Promise.reject(new LatticeError("incomplete", "the peer is gone")),
  });
  const source = guest.source(host.lend(stream) as never);

  const read = async (): Promise<unknown> => source.read(10);

  await expect(read()).rejects.toMatchObject({ code: "incomplete", message: "the peer is gone" });
});

test("what the guest does not want is cancelled, and so is everything at the end of the call", async () => {
  const { host, guest } = connect();
  const long = Array.from({ length: 9 }, () => new Uint8Array(65_536));
  const [one, other, untouched] = [streamOf(bytes(1)), streamOf(...long), streamOf()];
  const [first, second] = [one, other, untouched].map(({ stream }) => host.lend(stream) as never);
  guest.source(first as never).cancel();
  await guest.source(second as never).read(1);

  host.close(new LatticeError("deadline", "too late"));

  expect(one.cancelled()).toMatchObject({ code: "aborted" });
  expect(other.cancelled()).toMatchObject({ code: "deadline" });
  expect(untouched.cancelled()).toMatchObject({ code: "deadline" });
});

test("the host reads what the guest writes, and its end", async () => {
  const { host, guest } = connect();
  const { handle, sink } = guest.sink();
  await sink.write(bytes(1, 2));
  const stream = host.accept(handle) as never as ReadableStream<Uint8Array>;
  await sink.write(bytes(3));
  sink.finish();

  const read = await new Response(stream).bytes();

  expect([...read]).toEqual([1, 2, 3]);
});

test("what a guest has finished can be read when its call is over, and nothing else", async () => {
  const { host, guest } = connect();
  const [whole, half] = [guest.sink(), guest.sink()];
  const streams = [whole, half].map(
    ({ handle }) => host.accept(handle) as never as ReadableStream<Uint8Array>,
  );
  await whole.sink.write(bytes(1));
  whole.sink.finish();
  await half.sink.write(bytes(2));

  host.close(new LatticeError("incomplete", "the component ended before its stream did"));

  const [first, second] = streams.map((stream) => new Response(stream).bytes());
  await expect(first).resolves.toEqual(bytes(1));
  await expect(second).rejects.toMatchObject({ code: "incomplete" });
});

test("a guest waits once a window is full, until half of it is read", async () => {
  const { host, guest } = connect();
  const { handle, sink } = guest.sink();
  const reader = (host.accept(handle) as never as ReadableStream<Uint8Array>).getReader();
  const half = STREAM_WINDOW / 2;
  expect(sink.write(new Uint8Array(half))).toBeUndefined();
  expect(sink.ready).toBe(true);

  let written = false;
  const full = Promise.resolve(sink.write(new Uint8Array(half))).then(() => (written = true));

  expect(sink.ready).toBe(false);
  await reader.read();
  expect(written).toBe(false); // half of it still waits
  await reader.read();
  await full;
  expect(sink.ready).toBe(true);
});

test("a write larger than the window goes over in parts", async () => {
  const { host, guest, said } = connect();
  const { handle, sink } = guest.sink();
  const stream = host.accept(handle) as never as ReadableStream<Uint8Array>;
  const large = new Uint8Array(3 * STREAM_WINDOW + 5).map((_, index) => index);

  const written = Promise.resolve(sink.write(large)).then(() => sink.finish());
  const read = await new Response(stream).bytes();

  await written;
  expect(Buffer.compare(read, large)).toBe(0);
  const sizes = said.map((what) => (what.tag === "bytes" ? what.bytes.length : what.tag));
  expect(sizes).toEqual([STREAM_WINDOW, STREAM_WINDOW, STREAM_WINDOW, 5, "finish"]);
});

test("a guest whose stream nobody reads on hears of it when it waits", async () => {
  const { host, guest } = connect();
  const { handle, sink } = guest.sink();
  const stream = host.accept(handle) as never as ReadableStream<Uint8Array>;
  await stream.cancel(new LatticeError("aborted", "the caller left"));

  const write = async (): Promise<void> => sink.write(new Uint8Array(STREAM_WINDOW));

  await expect(write()).rejects.toMatchObject({
    code: "aborted",
    message: "nobody reads on: the caller left",
  });
  await expect(write()).rejects.toMatchObject({ code: "aborted" });
});

test("a stream that the guest fails ends with its reason", async () => {
  const { host, guest } = connect();
  const { handle, sink } = guest.sink();
  const stream = host.accept(handle) as never as ReadableStream<Uint8Array>;

  sink.fail("it was too hot");

  await expect(new Response(stream).bytes()).rejects.toMatchObject({
    code: "incomplete",
    message: "it was too hot",
  });
});

test("futures cross both ways, with streams in them", async () => {
  const { host, guest } = connect();
  const later = guest.future(host.lend(Promise.resolve({ tag: "ok", val: "x" })) as never);
  const broken = guest.future(
    host.lend(Promise.reject(new LatticeError("not-served", "nobody"))) as never,
  );
  const { handle, promise } = guest.promise();
  const own = host.accept(handle) as never as Promise<{ body: ReadableStream<Uint8Array> }>;
  const unsettled = host.accept(guest.promise().handle) as never as Promise<unknown>;

  const { handle: body, sink } = guest.sink();
  await sink.write(bytes(7));
  sink.finish();
  promise.settle({ body });

  await expect(later.get()).resolves.toEqual({ tag: "ok", val: "x" });
  expect(later.get()).toEqual({ tag: "ok", val: "x" });
  await expect(broken.get()).rejects.toMatchObject({ code: "not-served" });
  expect(() => broken.get()).toThrow("nobody");
  await expect(new Response((await own).body).bytes()).resolves.toEqual(bytes(7));
  host.close(new LatticeError("aborted", "over"));
  await expect(unsettled).rejects.toMatchObject({ message: "over" });
});

test("a guest waits for whatever comes first, or for a time", async () => {
  const { host, guest, clock } = connect();
  let send: (bytes: Uint8Array) => void = () => undefined;
  const slow = new ReadableStream({ start: (its) => void (send = (part) => its.enqueue(part)) });
  const never = guest.source(host.lend(new ReadableStream()) as never);
  const source = guest.source(host.lend(slow) as never);

  const timed = guest.waitAny([never, source], performance.now() + 1000);
  clock.advance(1000);
  await timed;
  expect([never.ready, source.ready]).toEqual([false, false]);
  const waited = guest.waitAny([never, source], Infinity);
  send(bytes(1));
  await waited;

  expect([never.ready, source.ready]).toEqual([false, true]);
  expect(guest.waitAny([never, source], Infinity)).toBeUndefined();
  expect(source.read(9)).toEqual(bytes(1));
});

test("a stream for the host to read may be the host's own choice", async () => {
  const { host, guest } = connect();
  const written: number[] = [];
  let heard: (how: string) => void = () => undefined;
  const next = (): Promise<string> => new Promise((resolve) => (heard = resolve));
  let end = next();
  const writable = new WritableStream<Uint8Array>({
    write: (chunk) => void written.push(...chunk),
    close: () => heard("closed"),
  });
  const broken = new WritableStream<Uint8Array>({ abort: () => heard("broken off") });

  const sink = guest.sinkOf(host.lend(writable) as never);
  const other = guest.sinkOf(host.lend(broken) as never);
  await sink.write(bytes(1, 2));
  sink.finish();
  await expect(end).resolves.toBe("closed");
  end = next();
  await other.write(bytes(3));
  host.close(new LatticeError("deadline", "too late"));

  await expect(end).resolves.toBe("broken off");
  expect(written).toEqual([1, 2]);
});

test("a wait ends with the call", async () => {
  const { host, guest } = connect();
  const source = guest.source(host.lend(new ReadableStream()) as never);

  const waiting = Promise.resolve(guest.waitAny([source], Infinity));
  host.close(new LatticeError("aborted", "over"));

  await expect(waiting).rejects.toMatchObject({ message: "over" });
});

test.each<{ readonly what: string; readonly said: readonly unknown[] }>([
  { what: "a stream of the host", said: [{ tag: "bytes", end: 1, bytes: bytes(1) }] },
  { what: "no number", said: [{ tag: "bytes", end: "x", bytes: bytes(1) }] },
  { what: "no bytes", said: [{ tag: "bytes", end: -1, bytes: "x" }] },
  {
    what: "a view of more",
    said: [{ tag: "bytes", end: -1, bytes: new Uint8Array(9).subarray(1) }],
  },
  {
    what: "more than there is room for",
    said: Array.from({ length: 5 }, () => ({
      tag: "bytes",
      end: -1,
      bytes: new Uint8Array(STREAM_WINDOW),
    })),
  },
  {
    what: "too many streams",
    said: Array.from({ length: 1025 }, (_, n) => ({ tag: "bytes", end: -n - 1, bytes: bytes(1) })),
  },
])("a worker that writes to $what is refused", ({ said }) => {
  const { host } = connect();
  host.lend(new ReadableStream());

  const write = (): void => {
    for (const what of said) host.hear(what as never);
  };

  expect(write).toThrow(expect.objectContaining({ code: "denied" }));
});

test("a handle is good for one stream, once", () => {
  const { host, guest } = connect();
  const { handle } = guest.sink();
  host.accept({ body: handle });

  expect(() => host.accept([handle])).toThrow("hands the same stream over twice");
  expect(() => host.accept({ $future: handle.$stream })).toThrow("twice");
  expect(() => host.accept({ $stream: 4 })).toThrow("has no stream 4");
});

test("what one call has left in an instance means nothing in the next one, where its numbers are others'", async () => {
  const { host, guest, said, nextCall } = connect();
  const [source, unwanted] = [streamOf(bytes(1)), streamOf(bytes(2))].map(({ stream }) =>
    guest.source(host.lend(stream) as never),
  );
  const future = guest.future(host.lend(Promise.resolve(3)) as never);
  const { sink } = guest.sink();
  const open = guest.sink();
  const { promise } = guest.promise();
  host.close(new LatticeError("incomplete", "the call is over"));
  const before = said.length;

  const next = nextCall();
  const others = [streamOf(bytes(7)), streamOf(bytes(8))];
  const [fresh, unread] = others.map(({ stream }) => guest.source(next.lend(stream) as never));
  unwanted?.cancel();
  sink.finish();
  promise.settle(4);
  const late = { code: "incomplete", message: "the call that it belongs to has ended" };
  const attempts = [
    async () => source?.read(1),
    async () => future.get(),
    async () => open.sink.write(bytes(5)),
  ];
  const outcomes = await Promise.allSettled(attempts.map((attempt) => attempt()));

  expect([source?.ready, unwanted?.ready, future.ready, sink.ready]).toEqual(Array(4).fill(true));
  expect(outcomes).toMatchObject(attempts.map(() => ({ status: "rejected", reason: late })));
  expect(said.length).toBe(before);
  expect([await fresh?.read(1), await unread?.read(1)]).toEqual([bytes(7), bytes(8)]);
  expect(others.map(({ cancelled }) => cancelled())).toEqual([undefined, undefined]);
});
