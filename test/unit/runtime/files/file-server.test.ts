/** What a worker may ask of files, and what it gets for what it may not. */
import { expect, test } from "vitest";

import type { FileMethods } from "../../../../src/channels/files.ts";
import type { VolumeLimits } from "../../../../src/runtime/files/volumes.ts";
import type { Asking } from "../../../support/files.ts";

import { MAX_READ_BYTES, MAX_WRITE_BYTES } from "../../../../src/channels/files.ts";
import { createVolumes } from "../../../../src/runtime/files/volumes.ts";
import { asking, mounted } from "../../../support/files.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const WRITING = { read: true, write: true };

function openVolumes(limits?: VolumeLimits, now: () => number = () => 0) {
  const volumes = createVolumes(now, limits);
  const volume = volumes.open("data");
  const mount = { path: "/data", readOnly: false, volume };
  const guest = asking(mounted([mount], now));
  return { volumes, volume, mount, guest };
}

/** A file of that text, which is open. */
function made({ open, get }: Asking, path: string, text: string): number {
  const file = open(path, { create: true });
  get("write", file, bytesOf(text), 0);
  return file;
}

function textOf({ get }: Asking, file: number, offset = 0, length = 1000): string {
  return new TextDecoder().decode(get("read", file, length, offset)[0]);
}

test("what one instance writes is what another one of another component reads", () => {
  const { mount, guest } = openVolumes();
  const other = asking(mounted([{ ...mount, path: "/elsewhere" }]));

  const file = made(guest, "a", "hello");
  const seen = other.open("a");
  const before = textOf(other, seen);
  guest.get("append", file, bytesOf(" there"));

  expect([before, textOf(other, seen)]).toEqual(["hello", "hello there"]);
  expect(other.get("open", 0, "a", {}, {}).object).toBe(guest.get("open", 0, "a", {}, {}).object);
});

test.each([
  ["", "no-entry"],
  ["/", "not-permitted"],
  ["/data/a", "not-permitted"],
  ["..", "not-permitted"],
  ["dir/../..", "not-permitted"],
  ["dir/../../data/a", "not-permitted"],
  ["dir/missing/../../..", "no-entry"],
  ["a/..", "not-directory"],
  ["a/b", "not-directory"],
  ["a/", "not-directory"],
  ["a/.", "not-directory"],
  ["missing", "no-entry"],
  ["a\0", "invalid"],
  ["x".repeat(256), "name-too-long"],
  ["é".repeat(128), "name-too-long"],
  ["./".repeat(2049), "name-too-long"],
])("the path %j leads nowhere: %s", (path, error) => {
  const { guest } = openVolumes();
  made(guest, "a", "text");
  guest.get("makeDirectory", 0, "dir");

  expect(guest.ask("statAt", 0, path)).toBe(error);
  expect(guest.ask("open", 0, path, {}, {})).toBe(error);
});

test.each(["a", "./a", "dir/../a", "dir//..//a", "dir/./../a", "dir/sub/../../a"])(
  "the path %s leads to a file",
  (path) => {
    const { guest } = openVolumes();
    const { size } = guest.get("stat", made(guest, "a", "text"));
    guest.get("makeDirectory", 0, "dir");
    guest.get("makeDirectory", 0, "dir/sub/");

    expect(guest.get("statAt", 0, path).size).toBe(size);
  },
);

test("who has a folder open gets no further than that", () => {
  const { guest } = openVolumes();
  made(guest, "a", "text");
  guest.get("makeDirectory", 0, "dir");
  const { file } = guest.get("open", 0, "dir", { directory: true }, {});

  expect(guest.ask("open", file, "../a", {}, {})).toBe("not-permitted");
  expect(guest.ask("rename", 0, "a", file, "../b")).toBe("not-permitted");
  expect(guest.ask("rename", 0, "a", file, "b")).toBeUndefined();
  expect(guest.ask("open", file, "b", {}, {})).toMatchObject({ kind: "regular-file" });
});

test.each([
  { how: { create: true, exclusive: true }, path: "a", gives: "exist" },
  { how: { exclusive: true }, path: "a", gives: "regular-file" },
  { how: { create: true, exclusive: true }, path: "b", gives: "regular-file" },
  { how: { create: true }, path: "b/", gives: "is-directory" },
  { how: { create: true }, path: "dir", gives: "is-directory" },
  { how: { create: true }, path: "missing/b", gives: "no-entry" },
  { how: { directory: true, create: true }, path: "dir", gives: "invalid" },
  { how: { directory: true, truncate: true }, path: "dir", gives: "invalid" },
  { how: { directory: true }, path: "dir", flags: {}, gives: "directory" },
  { how: { directory: true }, path: "a", flags: {}, gives: "not-directory" },
  { how: {}, path: "dir", gives: "is-directory" },
  { how: {}, path: ".", flags: {}, gives: "directory" },
])("$path opened with $how: $gives", ({ how, path, gives, flags = WRITING }) => {
  const { guest } = openVolumes();
  made(guest, "a", "text");
  guest.get("makeDirectory", 0, "dir");

  const opened = guest.ask("open", 0, path, how, flags);

  expect(typeof opened === "string" ? opened : opened.kind).toBe(gives);
});

test("a file is emptied as it is opened, for all who have it open", () => {
  const { guest, volume } = openVolumes();
  const file = made(guest, "a", "text");

  guest.get("open", 0, "a", { truncate: true }, {});

  expect(textOf(guest, file)).toBe("");
  expect(volume.used.bytes).toBe(0);
});

test("files do what their flags and their mount permit", () => {
  const { mount, guest } = openVolumes();
  made(guest, "a", "text");
  const readOnly = asking(mounted([{ ...mount, readOnly: true }]));
  const read = guest.open("a", {}, { read: true });
  const write = guest.open("a", {}, { write: true });
  const seen = readOnly.open("a", {}, { read: true });
  const x = bytesOf("x");

  expect(guest.ask("write", read, x, 0)).toBe("bad-descriptor");
  expect(guest.ask("read", write, 1, 0)).toBe("bad-descriptor");
  expect(guest.ask("read", 0, 1, 0)).toBe("bad-descriptor");
  expect(guest.ask("list", read, 0)).toBe("not-directory");
  expect(guest.ask("statAt", read, "a")).toBe("not-directory");
  expect(readOnly.get("open", 0, ".", {}, {}).flags).toEqual({ read: true });
  const refused = [
    readOnly.ask("open", 0, "a", {}, { write: true }),
    readOnly.ask("open", 0, "a", { truncate: true }, { read: true }),
    readOnly.ask("open", 0, "b", { create: true }, { read: true }),
    readOnly.ask("write", seen, x, 0),
    readOnly.ask("append", seen, x),
    readOnly.ask("resize", seen, 0),
    readOnly.ask("setTimes", seen, { tag: "now" }, { tag: "now" }),
    readOnly.ask("setTimesAt", 0, "a", { tag: "now" }, { tag: "now" }),
    readOnly.ask("makeDirectory", 0, "b"),
    readOnly.ask("unlink", 0, "a"),
    readOnly.ask("removeDirectory", 0, "a"),
    readOnly.ask("rename", 0, "a", 0, "b"),
    readOnly.ask("link", 0, "a", 0, "b"),
  ];
  expect(refused).toEqual(refused.map(() => "not-permitted"));
  expect(textOf(readOnly, seen)).toBe("text");
});

test("nothing goes from one volume to another by its name", () => {
  const { volumes, mount, guest: own } = openVolumes();
  made(own, "a", "text");
  const other = { path: "/other", readOnly: false, volume: volumes.open("other") };
  const guest = asking(mounted([mount, other]));

  expect(guest.ask("rename", 0, "a", 1, "a")).toBe("cross-device");
  expect(guest.ask("link", 0, "a", 1, "a")).toBe("cross-device");
  expect(guest.get("list", 1, 0).entries).toEqual([]);
});

test("an unlinked file lives on while it is open, and its bytes count until then", () => {
  const { volume, guest } = openVolumes();
  const file = made(guest, "a", "text");
  guest.get("link", 0, "a", 0, "b");
  guest.get("unlink", 0, "a");
  guest.get("unlink", 0, "b");

  const open = [textOf(guest, file), guest.get("stat", file).linkCount, volume.used];
  guest.files.close(file);

  expect(open).toEqual(["text", 0n, { bytes: 4, entries: 0 }]);
  expect(volume.used).toEqual({ bytes: 0, entries: 0 });
});

test("a folder that was removed takes no more files", () => {
  const { guest } = openVolumes();
  guest.get("makeDirectory", 0, "dir");
  const { file } = guest.get("open", 0, "dir", { directory: true }, {});
  guest.get("removeDirectory", 0, "dir");

  expect(guest.ask("open", file, "a", { create: true }, WRITING)).toBe("no-entry");
  expect(guest.ask("makeDirectory", file, "b")).toBe("no-entry");
});

test("an instance has so many files open, and leaves none of them behind", () => {
  const { volume, guest, mount } = openVolumes();
  made(guest, "a", "text");
  const server = mounted([mount]);
  const [hoarder, modest] = [asking(server), asking(server)];

  const opened = Array.from({ length: 1025 }, () => hoarder.ask("open", 0, "a", {}, {}));
  const numbers = opened.flatMap((each) => (typeof each === "string" ? [] : [each.file]));
  const [first = 0] = numbers;

  expect(opened.at(-1)).toBe("insufficient-memory");
  expect(new Set(numbers).size).toBe(1024);
  expect(() => modest.ask("stat", first)).toThrow(/no open file/);
  expect(modest.ask("open", 0, "a", {}, {})).toMatchObject({ kind: "regular-file" });
  modest.files.close(first); // is not its own
  hoarder.files.close(first);
  expect(hoarder.ask("open", 0, "a", {}, {})).toMatchObject({ kind: "regular-file" });
  guest.get("unlink", 0, "a");
  for (const each of [guest, hoarder, modest]) each.files.end();
  expect(volume.used).toEqual({ bytes: 0, entries: 0 });
});

test("a folder is listed in pages, in which changes miss nothing that stays", () => {
  const { guest } = openVolumes();
  const names = Array.from({ length: 600 }, (_, index) => `f${index}`);
  for (const name of names) guest.files.close(made(guest, name, ""));

  const listed: string[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const { entries, next }: ReturnType<typeof page> = page(from);
    listed.push(...entries.map(({ name }) => name));
    for (const { name } of entries) guest.get("unlink", 0, name);
    from = next;
  }
  function page(from: number) {
    return guest.get("list", 0, from);
  }

  expect(listed).toEqual(names);
  expect(guest.get("list", 0, 0)).toEqual({ entries: [] });
});

test("times are those of the clock, or what the guest sets", () => {
  let now = 1_500;
  const { guest } = openVolumes(undefined, () => now);
  const file = made(guest, "a", "text");
  const made1 = guest.get("stat", file);
  now = 2_000.25;
  guest.get("append", file, bytesOf("x"));
  const changed = guest.get("stat", file);
  guest.get(
    "setTimes",
    file,
    { tag: "no-change" },
    {
      tag: "timestamp",
      val: { seconds: 7n, nanoseconds: 5_000_000 },
    },
  );
  guest.get("setTimesAt", 0, "a", { tag: "now" }, { tag: "no-change" });
  const set = guest.get("stat", file);

  expect(made1.dataModificationTimestamp).toEqual({ seconds: 1n, nanoseconds: 500_000_000 });
  expect(changed).toMatchObject({
    dataAccessTimestamp: { seconds: 1n, nanoseconds: 500_000_000 },
    dataModificationTimestamp: { seconds: 2n, nanoseconds: 250_000 },
    size: 5n,
    linkCount: 1n,
    type: "regular-file",
  });
  expect(set).toMatchObject({
    dataAccessTimestamp: { seconds: 2n, nanoseconds: 250_000 },
    dataModificationTimestamp: { seconds: 7n, nanoseconds: 5_000_000 },
  });
});

test("times that cannot be are refused, and then none is set", () => {
  const { guest } = openVolumes(undefined, () => 3_000);
  const file = made(guest, "a", "text");
  const before = guest.get("stat", file);
  const one = { tag: "timestamp", val: { seconds: 1n, nanoseconds: 0 } } as const;
  const never = { tag: "timestamp", val: { seconds: 2n ** 63n, nanoseconds: 0 } } as const;

  expect(guest.ask("setTimes", file, one, never)).toBe("invalid");
  expect(guest.ask("setTimesAt", 0, "a", never, one)).toBe("invalid");
  expect(guest.get("stat", file)).toEqual(before);
});

test("who has too many files open makes no new one", () => {
  const { volume, guest } = openVolumes();
  made(guest, "a", "text");
  for (let opened = 1; opened < 1024; opened++) guest.open("a");

  expect(guest.ask("open", 0, "b", { create: true }, WRITING)).toBe("insufficient-memory");
  expect(guest.ask("statAt", 0, "b")).toBe("no-entry");
  expect(volume.used.entries).toBe(1);
});

test("names are kept as they are, a mark of the byte order too", () => {
  const { guest } = openVolumes();
  const names = ["\uFEFFa", "ü".repeat(20), "😀"];
  for (const name of names) made(guest, `./${name}`, "text");

  expect(guest.get("list", 0, 0).entries.map(({ name }) => name)).toEqual(names);
  for (const name of names) expect(guest.ask("unlink", 0, name)).toBeUndefined();
});

test("bounds hold for a volume and for all of a host, and an end gives back", async () => {
  const limits = {
    volume: { bytes: 100, entries: 3 },
    host: { bytes: 150, entries: 4 },
  };
  const { volumes, volume, guest } = openVolumes(limits);
  const second = volumes.open("second");
  const other = asking(mounted([{ path: "/second", readOnly: false, volume: second }]));

  const file = guest.open("a", { create: true });
  expect(guest.ask("resize", file, 101)).toBe("insufficient-space");
  expect(guest.ask("write", file, bytesOf("x"), 2 ** 60)).toBe("insufficient-space");
  guest.get("resize", file, 100);
  expect(guest.ask("append", file, bytesOf("x"))).toBe("insufficient-space");
  const more = other.open("a", { create: true });
  expect(other.ask("resize", more, 51)).toBe("insufficient-space");
  other.get("resize", more, 50);
  guest.get("makeDirectory", 0, "b");
  guest.get("link", 0, "a", 0, "c");
  expect(guest.ask("makeDirectory", 0, "d")).toBe("insufficient-space");
  expect(other.ask("makeDirectory", 0, "b")).toBe("insufficient-space");

  await volume[Symbol.asyncDispose]();
  await volume[Symbol.asyncDispose]();

  expect(volumes.used).toEqual({ bytes: 50, entries: 1 });
  expect(other.ask("makeDirectory", 0, "b")).toBeUndefined();
  expect(guest.ask("stat", file)).toBe("no-device");
  expect(guest.ask("statAt", 0, "a")).toBe("no-device");
  guest.files.end();
  expect(volumes.used).toEqual({ bytes: 50, entries: 2 });
});

test("one answer and one message have their bounds", () => {
  const { guest } = openVolumes();
  const file = guest.open("a", { create: true });
  guest.get("resize", file, 3 * MAX_READ_BYTES);

  const [bytes, end] = guest.get("read", file, 2 * MAX_READ_BYTES, 0);

  expect([bytes.length, end]).toEqual([MAX_READ_BYTES, false]);
  expect(guest.get("read", file, 1000, 3 * MAX_READ_BYTES - 1)).toEqual([new Uint8Array(1), true]);
  expect(guest.get("read", file, 1000, 2 ** 60)).toEqual([new Uint8Array(0), true]);
  expect(() => guest.ask("write", file, new Uint8Array(MAX_WRITE_BYTES + 1), 0)).toThrow(
    /a write of/,
  );
});

test.each<[string, readonly unknown[]]>([
  ["constructor", []],
  ["nothing", [0]],
  ["stat", []],
  ["stat", [-1]],
  ["stat", [0.5]],
  ["stat", ["0"]],
  ["stat", [99]],
  ["statAt", [0, 7]],
  ["statAt", [0]],
  ["open", [0, "a", null, {}]],
  ["open", [0, "a", {}]],
  ["read", [1, Number.NaN, 0]],
  ["read", [1, 1, -1]],
  ["write", [1, "text", 0]],
  ["write", [1, new ArrayBuffer(1), 0]],
  ["write", [1, new Uint8Array(1), Infinity]],
  ["resize", [1, 1n]],
  ["setTimes", [1, { tag: "never" }, { tag: "now" }]],
  ["setTimes", [1, { tag: "timestamp", val: { seconds: 1, nanoseconds: 0 } }, { tag: "now" }]],
  ["rename", [0, "a", "b"]],
])("a worker that asks for %s with %o is denied", (func, args) => {
  const { guest } = openVolumes();
  made(guest, "a", "text");

  expect(() => guest.files.answer(func as keyof FileMethods, args)).toThrow(
    expect.objectContaining({ code: "denied" }),
  );
});

test("a volume of somebody else's is refused", () => {
  const volume = { name: "strange", [Symbol.asyncDispose]: () => Promise.resolve() };

  expect(() => mounted([{ path: "/a", readOnly: false, volume }])).toThrow(
    /volume 'strange' is not one of this runtime/,
  );
});
