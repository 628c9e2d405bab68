/** `wasi:filesystem` as the glue has it, over the files that the host keeps, under both ways to wait. */
import { describe, expect, test } from "vitest";

import type { Mount } from "../../../../src/core/runtime.ts";
import type { VolumeLimits } from "../../../../src/runtime/files/volumes.ts";
import type { RemoteFiles } from "../../../../src/workers/adapter.ts";
import type { Descriptor } from "../../../../src/workers/wasi/descriptor.ts";
import type { IoError } from "../../../../src/workers/wasi/io-error.ts";
import type { OutputStream } from "../../../../src/workers/wasi/io-output.ts";
import type { Holder } from "../../../../src/workers/wasi/resource.ts";

import { MAX_WRITE_BYTES } from "../../../../src/channels/files.ts";
import { createVolumes } from "../../../../src/runtime/files/volumes.ts";
import { filesystem } from "../../../../src/workers/wasi/filesystem.ts";
import { bytesOf, fakeStreams, runningLife } from "../../../support/fake-streams.ts";
import { mounted } from "../../../support/files.ts";

const ROOM: VolumeLimits = {
  volume: { bytes: 100_000, entries: 1000 },
  host: { bytes: 100_000, entries: 1000 },
};
const OK = { tag: "ok", val: undefined };
const ALL = { read: true, write: true };
const NEW = { create: true };

interface Guest {
  readonly root: Descriptor;
  readonly codeOf: (error: IoError) => unknown;
  /** Bytes that the volume has now: what the host has not done yet is not among them. */
  readonly used: () => number;
  /** Numbers that the host was told to close. */
  readonly closed: readonly number[];
  /** What the host was asked with. */
  readonly asked: readonly (readonly unknown[])[];
  open(path: string, how?: object, flags?: object): Promise<Descriptor>;
}

function guestOf(mode: "jspi" | "atomics", readOnly = false): Guest {
  const volume = createVolumes(() => 0, ROOM).open("data");
  const mounts: readonly Mount[] = [{ path: "/data", readOnly, volume }];
  const server = mounted(mounts);
  const instance = server.open();
  const closed: number[] = [];
  const asked: (readonly unknown[])[] = [];
  let tail: Promise<unknown> = Promise.resolve();
  const files: RemoteFiles = {
    mounts: server.mounts,
    ask(func, ...args) {
      asked.push(args);
      const answer = (): never => instance.answer(func, args) as never;
      if (mode === "atomics") return answer();
      // A message: it arrives later, after those before it.
      const later = tail.then(() => new Promise((resolve) => setImmediate(resolve))).then(answer);
      tail = later;
      return later;
    },
    close(file) {
      closed.push(file);
      tail = tail.then(() => instance.close(file));
    },
  };
  const { streams } = fakeStreams(mode);
  const holder: Holder = { life: runningLife(), streams, breathe: () => undefined };
  const made = filesystem(holder, files);
  const preopens = made["wasi:filesystem/preopens"] as {
    getDirectories(): readonly (readonly [Descriptor, string])[];
  };
  const types = made["wasi:filesystem/types"] as {
    filesystemErrorCode(error: IoError): unknown;
  };
  const [[root, path] = []] = preopens.getDirectories();
  if (root === undefined) throw new Error("no mount");
  expect(path).toBe("/data");
  return {
    root,
    codeOf: (error) => types.filesystemErrorCode(error),
    used: () => volume.used.bytes,
    closed,
    asked,
    async open(name, how = {}, flags = ALL) {
      const reply = await root.openAt({}, name, how, flags);
      if (reply.tag === "err") throw new Error(`${name}: ${reply.val}`);
      return reply.val;
    },
  };
}

function streamOf<T>(reply: { readonly tag: string; readonly val: T | string }): T {
  if (reply.tag !== "ok") throw new Error(String(reply.val));
  return reply.val as T;
}

const drop = (resource: object): void => {
  const end: unknown = Reflect.get(resource, Symbol.dispose ?? Symbol.for("dispose"));
  if (typeof end === "function") Reflect.apply(end, resource, []);
};

/** Writes all of it as programs do: what is permitted, and then flushes. */
async function writeAll(stream: OutputStream, bytes: Uint8Array): Promise<unknown> {
  for (let rest = bytes; rest.length > 0;) {
    // oxlint-disable no-await-in-loop -- one after the other, as programs do
    const permit = stream.checkWrite();
    if (permit.tag === "err") return permit;
    const part = rest.slice(0, Number(permit.val));
    const written = await stream.write(part);
    if (written.tag === "err") return written;
    const flushed = await stream.blockingFlush();
    if (flushed.tag === "err") return flushed;
    rest = rest.subarray(part.length);
    // oxlint-enable no-await-in-loop
  }
  return OK;
}

test("without mounts there is no descriptor", () => {
  const { streams } = fakeStreams("jspi");
  const holder: Holder = { life: runningLife(), streams, breathe: () => undefined };
  const made = filesystem(holder, undefined);

  expect(made["wasi:filesystem/preopens"]).toMatchObject({ getDirectories: expect.any(Function) });
  expect(
    Reflect.apply(Reflect.get(made["wasi:filesystem/preopens"] ?? {}, "getDirectories"), 0, []),
  ).toEqual([]);
});

describe.each(["jspi", "atomics"] as const)("under %s", (mode) => {
  test("what was written is in the file, whether it is flushed or not", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);
    const stream = streamOf(file.writeViaStream(2n));

    expect(await writeAll(stream, bytesOf("hello"))).toEqual(OK);
    expect(guest.used()).toBe(7);
    expect(stream.checkWrite()).toEqual({ tag: "ok", val: 65_536n });
    expect(await stream.write(bytesOf("!"))).toEqual(OK);
    expect(guest.used()).toBe(8);
    expect(await stream.writeZeroes(1n)).toEqual(OK);
    expect(guest.used()).toBe(9);
    expect(await stream.blockingWriteAndFlush(bytesOf("."))).toEqual(OK);
    expect(guest.used()).toBe(10);
    drop(stream);
    drop(file);
    const again = await guest.open("a");

    expect(await again.read(100n, 0n)).toEqual({
      tag: "ok",
      val: [bytesOf("\0\0hello!\0."), true],
    });
  });

  test("streams read and append in their order, to where the file ends", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);
    await writeAll(streamOf(file.appendViaStream()), new Uint8Array(70_000).fill(7));
    await writeAll(streamOf(file.appendViaStream()), bytesOf("end"));
    const stream = streamOf(file.readViaStream(69_998n));

    expect(await stream.blockingRead(4n)).toEqual({
      tag: "ok",
      val: Uint8Array.of(7, 7, 101, 110),
    });
    expect(await stream.read(4n)).toEqual({ tag: "ok", val: bytesOf("d") });
    expect(await stream.read(4n)).toEqual({ tag: "err", val: { tag: "closed" } });
    expect(await stream.blockingRead(4n)).toEqual({ tag: "err", val: { tag: "closed" } });
    const other = streamOf(file.readViaStream(0n));
    expect(await other.skip(70_000n)).toEqual({ tag: "ok", val: 70_000n });
    expect(await other.blockingSkip(70_000n)).toEqual({ tag: "ok", val: 3n });
  });

  test("of a write that is too long, no more than is written goes to the host", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);

    await file.write(new Uint8Array(3 * MAX_WRITE_BYTES), 0n);

    const bytes = guest.asked.at(-1)?.[1] as Uint8Array;
    expect([bytes.length, bytes.buffer.byteLength]).toEqual([MAX_WRITE_BYTES, MAX_WRITE_BYTES]);
  });

  test("one file is spliced into another", async () => {
    const guest = guestOf(mode);
    const [from, to] = [await guest.open("a", NEW), await guest.open("b", NEW)];
    await writeAll(streamOf(from.appendViaStream()), bytesOf("hello"));
    const [input, output] = [streamOf(from.readViaStream(1n)), streamOf(to.writeViaStream(0n))];

    expect(await output.splice(input, 2n)).toEqual({ tag: "ok", val: 2n });
    expect(await output.blockingSplice(input, 100n)).toEqual({ tag: "ok", val: 2n });
    expect(await output.blockingFlush()).toEqual(OK);

    expect(await to.read(100n, 0n)).toMatchObject({ val: [bytesOf("ello"), true] });
  });

  test("a write that does not fit breaks its stream, with the reason", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);
    await file.setSize(99_999n);
    const stream = streamOf(file.appendViaStream());

    const outcome = (await writeAll(stream, bytesOf("hello"))) as {
      readonly val: { readonly tag: string; readonly val: IoError };
    };

    expect(outcome).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
    expect(guest.codeOf(outcome.val.val)).toBe("insufficient-space");
    expect(outcome.val.val.toDebugString()).toContain("insufficient-space");
    expect(stream.checkWrite()).toEqual({ tag: "err", val: { tag: "closed" } });
    expect(guest.used()).toBe(99_999);
  });

  test("a file is closed when its descriptor and all its streams are gone, a mount never", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);
    const [input, output] = [streamOf(file.readViaStream(0n)), streamOf(file.appendViaStream())];

    drop(file);
    drop(input);
    const before = [...guest.closed];
    await writeAll(output, bytesOf("late"));
    drop(output);
    drop(guest.root);

    expect(before).toEqual([]);
    expect(guest.closed).toHaveLength(1);
    expect(guest.used()).toBe(4);
  });

  test("a folder is listed to its end, over many pages", async () => {
    const guest = guestOf(mode);
    const names = Array.from({ length: 300 }, (_, index) => `d${index}`);
    for (const name of names) {
      expect(await guest.root.createDirectoryAt(name)).toEqual(OK); // oxlint-disable-line no-await-in-loop
    }
    drop(await guest.open("file", NEW));
    const stream = streamOf(guest.root.readDirectory());

    const listed: unknown[] = [];
    for (;;) {
      const entry = await stream.readDirectoryEntry(); // oxlint-disable-line no-await-in-loop
      if (entry.tag === "err" || entry.val === undefined) break;
      listed.push(entry.val);
    }

    expect(listed).toEqual([
      ...names.map((name) => ({ type: "directory", name })),
      { type: "regular-file", name: "file" },
    ]);
    const file = await guest.open("file");
    expect(file.readDirectory()).toEqual({ tag: "err", val: "not-directory" });
  });

  test("files are told apart by what they are, not by their names", async () => {
    const guest = guestOf(mode);
    const first = await guest.open("a", NEW);
    await guest.root.linkAt({}, "a", guest.root, "b");
    await guest.root.renameAt("a", guest.root, "c");
    const [same, other] = [await guest.open("b"), await guest.open("d", NEW)];

    expect([first.isSameObject(same), first.isSameObject(other)]).toEqual([true, false]);
    expect(await guest.root.metadataHashAt({}, "c")).toEqual(first.metadataHash());
    expect(await guest.root.metadataHashAt({}, "a")).toEqual({ tag: "err", val: "no-entry" });
    expect(first.metadataHash()).not.toEqual(other.metadataHash());
  });

  test("what has no meaning here is refused, or does nothing", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);
    const readable = await guest.open("a", {}, { read: true });

    expect(guest.root.symlinkAt("a", "b")).toEqual({ tag: "err", val: "unsupported" });
    expect(await guest.root.readlinkAt("a")).toEqual({ tag: "err", val: "invalid" });
    expect(await guest.root.readlinkAt("b")).toEqual({ tag: "err", val: "no-entry" });
    expect(file.advise(0n, 0n, "normal")).toEqual(OK);
    expect([await file.sync(), await file.syncData()]).toEqual([OK, OK]);
    expect(file.getFlags()).toEqual({ tag: "ok", val: { read: true, write: true } });
    expect(guest.root.getFlags()).toMatchObject({ val: { mutateDirectory: true } });
    expect(guest.root.getType()).toEqual({ tag: "ok", val: "directory" });
    const bad = { tag: "err", val: "bad-descriptor" };
    expect(readable.writeViaStream(0n)).toEqual(bad);
    expect(readable.appendViaStream()).toEqual(bad);
    expect(guest.root.readViaStream(0n)).toEqual(bad);
    expect(guest.root.advise(0n, 0n, "normal")).toEqual(bad);
    expect(await file.setSize(0xffff_ffff_ffff_ffffn)).toEqual({
      tag: "err",
      val: "insufficient-space",
    });
    expect(await file.read(0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn)).toEqual({
      tag: "ok",
      val: [new Uint8Array(), true],
    });
  });

  test("a write in one piece takes what one message may have", async () => {
    const guest = guestOf(mode);
    const file = await guest.open("a", NEW);

    expect(await file.write(new Uint8Array(2 ** 21), 0n)).toEqual({
      tag: "err",
      val: "insufficient-space",
    });
    expect(await file.write(new Uint8Array(1000), 0n)).toEqual({ tag: "ok", val: 1000n });
    expect(await file.stat()).toMatchObject({ val: { size: 1000n } });
    expect(await guest.root.statAt({}, "a")).toMatchObject({ val: { size: 1000n } });
    expect(await file.setTimes({ tag: "now" }, { tag: "no-change" })).toEqual(OK);
    expect(await guest.root.setTimesAt({}, "a", { tag: "now" }, { tag: "now" })).toEqual(OK);
    expect(await guest.root.unlinkFileAt("a")).toEqual(OK);
    await guest.root.createDirectoryAt("d");
    expect(await guest.root.removeDirectoryAt("d")).toEqual(OK);
  });
});
