/** Volumes as guests have them: a program that uses Rust's `std::fs`, in workers, with both ways to wait. */
import { describe, expect, test } from "vitest";

import type { Mount, Pool, Runtime, Volume } from "../../../src/core/runtime.ts";

import { callOf, openRuntime, run } from "./support.ts";

const FILES = "inlay:test/files";

const signal = new AbortController().signal;

async function open(runtime: Runtime, name = "work"): Promise<Volume> {
  const volume = await runtime.openVolume?.(name, signal);
  if (volume === undefined) throw new Error("the runtime has no volumes");
  return volume;
}

function at(path: string, volume: Volume, readOnly = false): Mount {
  return { path, volume, readOnly };
}

/** What became of each line; `files.rs` says what lines there are. */
async function does(pool: Pool, ...lines: readonly string[]): Promise<readonly string[]> {
  const [answer] = await pool.invoke(callOf(FILES, "run", [lines.join("\n")]));
  return String(answer).split("\n");
}

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  test("two components see what the other writes, each under its own path", async () => {
    await using opened = openRuntime({ bridge });
    await using volume = await open(opened.runtime);
    await using one = await run(opened.runtime, "files", { mounts: [at("/work", volume)] });
    await using two = await run(opened.runtime, "files", { mounts: [at("/elsewhere", volume)] });

    const wrote = await does(one, "mkdir /work/notes", "write /work/notes/a first", "list /work");
    const read = await does(
      two,
      "read /elsewhere/notes/a",
      "append /elsewhere/notes/a , second",
      "read /work/notes/a",
    );
    const seen = await does(one, "read /work/notes/a", "read /elsewhere/notes/a");

    expect(wrote).toEqual(["ok", "ok", "ok notes/"]);
    expect(read).toEqual(["ok first", "ok", "err NotFound"]);
    expect(seen).toEqual(["ok first, second", "err NotFound"]);
  });

  test("files and folders do for a program what those of a disk do", async () => {
    await using opened = openRuntime({ bridge });
    await using volume = await open(opened.runtime);
    await using pool = await run(opened.runtime, "files", { mounts: [at("/work", volume)] });

    const answers = await does(
      pool,
      "create /work/a hello",
      "create /work/a again",
      "patch /work/a 3 p!!",
      "read /work/a",
      "at /work/a 1 3",
      "resize /work/a 3",
      "resize /work/a 5",
      "at /work/a 0 3",
      "size /work/a",
      "link /work/a /work/b",
      "rename /work/a /work/c",
      "mkdirs /work/x/y/z",
      "mkdir /work/x",
      "rename /work/c /work/x/y/c",
      "list /work/x/y",
      "rmdir /work/x",
      "rename /work/x /work/x/y/x",
      "rmtree /work/x",
      "list /work",
      "remove /work/b",
      "remove /work/b",
      "read /work",
      "list /work",
    );

    // ENOTEMPTY is 55 and EBADF, for a directory that is read, 8.
    expect(answers).toEqual([
      "ok",
      "err AlreadyExists",
      "ok",
      "ok help!!",
      "ok elp",
      "ok",
      "ok",
      "ok hel",
      "ok 5",
      "ok",
      "ok",
      "ok",
      "err AlreadyExists",
      "ok",
      "ok c z/",
      "err errno 55",
      "err InvalidInput",
      "ok",
      "ok b",
      "ok",
      "err NotFound",
      "err errno 8",
      "ok",
    ]);
  });

  test("a component sees its own mounts and nothing else, whatever its paths say", async () => {
    await using opened = openRuntime({ bridge });
    await using mine = await open(opened.runtime, "mine");
    await using other = await open(opened.runtime, "other");
    await using both = await run(opened.runtime, "files", {
      mounts: [at("/mine", mine), at("/other", other)],
    });
    await using one = await run(opened.runtime, "files", { mounts: [at("/mine", mine)] });
    await using none = await run(opened.runtime, "files");

    const written = await does(
      both,
      "write /other/secret text",
      "write /mine/a text",
      "rename /mine/a /other/a",
      "list /mine",
    );
    const tried = await does(
      one,
      "read /other/secret",
      "read /mine/../other/secret",
      "read /mine/../../etc/passwd",
      "write /mine/../up text",
      "list /",
      "read /mine/./b/../a",
      "mkdir /mine/b",
      "read /mine/./b/../a",
    );
    const without = await does(none, "read /mine/a", "list /");

    expect(written).toEqual(["ok", "ok", "err CrossesDevices", "ok a"]);
    expect(tried.filter((line) => line.startsWith("ok"))).toEqual(["ok", "ok text"]);
    expect(without.every((line) => line.startsWith("err"))).toBe(true);
  });

  test("a mount that is read-only can be read", async () => {
    await using opened = openRuntime({ bridge });
    await using volume = await open(opened.runtime);
    await using writer = await run(opened.runtime, "files", { mounts: [at("/work", volume)] });
    await using reader = await run(opened.runtime, "files", {
      mounts: [at("/work", volume, true)],
    });
    await does(writer, "mkdir /work/x", "write /work/x/a text");

    const read = await does(reader, "read /work/x/a", "list /work/x", "size /work/x/a");
    const changed = await does(
      reader,
      "write /work/x/a other",
      "append /work/x/a other",
      "create /work/b text",
      "resize /work/x/a 0",
      "mkdir /work/y",
      "remove /work/x/a",
      "rmtree /work/x",
      "rename /work/x/a /work/b",
      "link /work/x/a /work/b",
    );

    expect(read).toEqual(["ok text", "ok a", "ok 4"]);
    expect(new Set(changed)).toEqual(new Set(["err PermissionDenied"]));
    expect(await does(writer, "read /work/x/a", "list /work")).toEqual(["ok text", "ok x/"]);
  });

  test("what does not fit is an error, and there is room again when something goes", async () => {
    const bytes = 256 * 1024;
    const volumes = {
      volume: { bytes, entries: 3 },
      host: { bytes: 1.5 * bytes, entries: 4 },
    };
    await using opened = openRuntime({ bridge, volumes });
    await using first = await open(opened.runtime, "first");
    await using second = await open(opened.runtime, "second");
    await using pool = await run(opened.runtime, "files", {
      mounts: [at("/first", first), at("/second", second)],
    });

    const full = await does(
      pool,
      "fill /first/a 4",
      "append /first/a x",
      "resize /first/a 262145",
      "fill /second/a 3",
      "size /second/a",
      "mkdir /first/b",
      "mkdir /first/c",
      "mkdir /first/d",
    );
    const after = await does(pool, "resize /first/a 1", "fill /second/a 2", "size /second/a");

    // What is written to a stream fails with EIO: wasi-libc does not ask `filesystem-error-code` for the reason.
    expect(full).toEqual([
      "ok",
      "err errno 29",
      "err StorageFull",
      "err errno 29",
      "ok 131072",
      "ok",
      "ok",
      "err StorageFull",
    ]);
    expect(after).toEqual(["ok", "ok", "ok 262144"]);
  });

  test("a kept instance goes on with its files, and large ones come through whole", async () => {
    await using opened = openRuntime({ bridge });
    await using volume = await open(opened.runtime);
    await using pool = await run(opened.runtime, "files", {
      mounts: [at("/work", volume)],
      kept: { instances: 1, maxCalls: 0 },
      maxInstances: 1,
    });

    await does(pool, "fill /work/a 40");
    const size = await does(pool, "size /work/a");
    const read = await does(pool, "read /work/a");

    expect(size).toEqual([`ok ${40 * 65_536}`]);
    expect(read[0]?.slice(3)).toBe("x".repeat(40 * 65_536));
  });
});

test("a volume that has ended has nothing, also for those who still have it", async () => {
  await using opened = openRuntime();
  const volume = await open(opened.runtime);
  await using pool = await run(opened.runtime, "files", { mounts: [at("/work", volume)] });
  await does(pool, "write /work/a text");

  await volume[Symbol.asyncDispose]();

  const [read, wrote] = await does(pool, "read /work/a", "write /work/b text");
  expect([read?.slice(0, 3), wrote?.slice(0, 3)]).toEqual(["err", "err"]);
});

test("where guests cannot wait there are no files, and the reason is given", async () => {
  await using opened = openRuntime({ bridge: "sync" });
  await using volume = await open(opened.runtime);
  await using without = await run(opened.runtime, "hello");

  const refused = run(opened.runtime, "files", { mounts: [at("/work", volume)] });

  expect(without).toBeDefined();
  await expect(refused).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("JavaScript Promise Integration"),
  });
});

test("the same component runs with and without files, from what the cache kept of it", async () => {
  await using opened = openRuntime();
  await using volume = await open(opened.runtime);
  const mounts = [at("/work", volume)];
  const answers: string[] = [];

  for (const options of [{ mounts }, {}, { mounts }, {}]) {
    await using pool = await run(opened.runtime, "files", options);
    answers.push(...(await does(pool, "list /work")));
  }

  expect(answers.map((line) => line.slice(0, 3).trim())).toEqual(["ok", "err", "ok", "err"]);
});
