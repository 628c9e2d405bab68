import { describe, expect, test } from "vitest";
import type { WitValue } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { handleOf } from "../../../src/interfaces/import-mapping.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";

const interfaces = createInterfaces();
const CONTAINER = "wasi:blobstore/container@0.2.0-draft";
const BLOBSTORE = "wasi:blobstore/blobstore@0.2.0-draft";
const TYPES = "wasi:blobstore/types@0.2.0-draft";
const NEWER = "wrpc:blobstore/blobstore@0.2.0";
const OLDER = "wrpc:blobstore/blobstore@0.1.0";

type Lattice = (instance: string, func: string, args: readonly WitValue[]) => unknown;

const ok = (val?: unknown) => ({ tag: "ok", val });
const err = (val?: unknown) => ({ tag: "err", val });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const photos = handleOf("photos");

/** Nobody serves 0.2.0. */
const only =
  (older: Lattice): Lattice =>
  (instance, func, args) => {
    if (instance !== OLDER) throw new LatticeError("not-served", `nobody serves ${instance}`);
    return older(instance, func, args);
  };

/** What a function gives, if it is a `result`; its payload, if that is a stream. */
interface Result {
  readonly tag: string;
  readonly val: ReadableStream & { readonly getWriter: WritableStream["getWriter"] };
}

function instanceOn(lattice: Lattice) {
  const held = interfaces.workload().held();
  const end = new AbortController();
  const run = async (instance: string, func: string, ...args: WitValue[]): Promise<Result> => {
    const found = interfaces.importOf(instance)?.functions.get(func);
    if (found === undefined) throw new Error(`no ${instance}#${func}`);
    const [result] = await found(args, {
      held,
      linkName: "default",
      signal: end.signal,
      far: async (wire, called, given) => [await lattice(wire, called, given)],
    });
    return result as Result;
  };
  return { run, end };
}

function streamOf(
  chunks: readonly unknown[],
  onCancel: (reason: unknown) => void = () => undefined,
) {
  const left = [...chunks];
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = left.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
}

async function textOf(stream: ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += new TextDecoder().decode(chunk);
  return text;
}

describe("containers", () => {
  test("one that is made is its name", async () => {
    const sent: unknown[] = [];
    const { run } = instanceOn((...call) => {
      sent.push(call.slice(0, 3));
      return ok();
    });

    expect(await run(BLOBSTORE, "create-container", "photos")).toEqual(ok(photos));
    expect(await run(CONTAINER, "[method]container.name", photos)).toEqual(ok("photos"));
    expect(sent).toEqual([[NEWER, "create-container", ["photos"]]]);
  });

  test("one that is not there is an error", async () => {
    const { run } = instanceOn((_, __, [name]) => ok(name === "photos"));

    expect(await run(BLOBSTORE, "get-container", "photos")).toEqual(ok(photos));
    expect(await run(BLOBSTORE, "get-container", "none")).toEqual(err("container does not exist"));
  });

  test("what the wire leaves out is filled in", async () => {
    const { run } = instanceOn((_, func) =>
      ok(func === "get-object-info" ? { createdAt: 1n, size: 9n } : { createdAt: 5n }),
    );

    expect(await run(CONTAINER, "[method]container.info", photos)).toEqual(
      ok({ name: "photos", createdAt: 5n }),
    );
    expect(await run(CONTAINER, "[method]container.object-info", photos, "a")).toEqual(
      ok({ name: "a", container: "photos", createdAt: 1n, size: 9n }),
    );
  });

  test("0.1.0 is called where nobody serves 0.2.0, and only then", async () => {
    const older = instanceOn(only(() => ok(true)));
    const broken = instanceOn(() => {
      throw new LatticeError("incomplete", "it failed there");
    });

    expect(await older.run(CONTAINER, "[method]container.has-object", photos, "a")).toEqual(
      ok(true),
    );
    expect(await broken.run(CONTAINER, "[method]container.clear", photos)).toEqual(
      err("it failed there"),
    );
  });

  test.each([
    ["[method]container.delete-object", ["a"], "delete-objects", ["photos", ["a"]]],
    ["[method]container.delete-objects", [["a", "b"]], "delete-objects", ["photos", ["a", "b"]]],
    ["[method]container.has-object", ["a"], "has-object", [{ container: "photos", object: "a" }]],
    ["[method]container.clear", [], "clear-container", ["photos"]],
  ])("%s", async (method, args, func, wanted) => {
    const sent: unknown[] = [];
    const { run } = instanceOn((...call) => {
      sent.push(call.slice(0, 3));
      return ok();
    });

    await run(CONTAINER, method, photos, ...args);

    expect(sent).toEqual([[NEWER, func, wanted]]);
  });
});

describe("reading", () => {
  const get = "[method]container.get-data";
  const consumeSync = "[static]incoming-value.incoming-value-consume-sync";
  const consumeAsync = "[static]incoming-value.incoming-value-consume-async";
  const hello = () => streamOf([bytes("hel"), bytes("lo")]);

  test.each<{ name: string; lattice: Lattice }>([
    { name: "0.2.0", lattice: () => ok([hello(), Promise.resolve(ok())]) },
    { name: "0.1.0", lattice: only(() => ok(hello())) },
  ])("$name, in one piece and as a stream", async ({ lattice }) => {
    const { run } = instanceOn(lattice);

    const { val: first } = await run(CONTAINER, get, photos, "a", 0n, 9n);
    const { val: second } = await run(CONTAINER, get, photos, "a", 0n, 9n);

    expect(await run(TYPES, consumeSync, first)).toEqual(ok(bytes("hello")));
    const { val: stream } = await run(TYPES, consumeAsync, second);
    expect(await textOf(stream)).toBe("hello");
  });

  test("a value that was not the whole is none", async () => {
    const { run } = instanceOn(() => ok([hello(), Promise.resolve(err("disk on fire"))]));

    const { val: first } = await run(CONTAINER, get, photos, "a", 0n, 9n);
    const { val: second } = await run(CONTAINER, get, photos, "a", 0n, 9n);

    expect(await run(TYPES, consumeSync, first)).toEqual(err("disk on fire"));
    const { val: stream } = await run(TYPES, consumeAsync, second);
    await expect(textOf(stream)).rejects.toMatchObject({ message: "disk on fire" });
  });

  test("more than a host gathers is refused, and given up", async () => {
    let cancelled = false;
    const part = new Uint8Array(1024 * 1024);
    const endless = new ReadableStream(
      {
        pull: (controller) => controller.enqueue(part),
        cancel: () => void (cancelled = true),
      },
      { highWaterMark: 0 },
    );
    const { run } = instanceOn(() => ok([endless, new Promise(() => undefined)]));

    const { val } = await run(CONTAINER, get, photos, "a", 0n, 9n);
    const given = await run(TYPES, consumeSync, val);

    expect(given).toEqual(err(expect.stringContaining("67108864 bytes at most")));
    expect(cancelled).toBe(true);
  });

  test("nothing is read ahead, and what was not read is given up with the call", async () => {
    let pulled = 0;
    const reasons: unknown[] = [];
    const stream = new ReadableStream(
      { pull: () => void pulled++, cancel: (reason) => void reasons.push(reason) },
      { highWaterMark: 0 },
    );
    const { run, end } = instanceOn(() => ok([stream, Promise.resolve(ok())]));

    await run(CONTAINER, get, photos, "a", 0n, 9n);
    end.abort("over");

    expect(pulled).toBe(0);
    expect(reasons).toEqual(["over"]);
  });

  test("the size is not known", async () => {
    const { run } = instanceOn(() => ok([hello(), Promise.resolve(ok())]));
    const { val } = await run(CONTAINER, get, photos, "a", 0n, 9n);

    await expect(run(TYPES, "[method]incoming-value.size", val)).rejects.toMatchObject({
      code: "guest-trapped",
    });
  });
});

describe("names of objects", () => {
  const read = "[method]stream-object-names.read-stream-object-names";
  const skip = "[method]stream-object-names.skip-stream-object-names";

  test("come as many as are asked for, and the end is told", async () => {
    const { run } = instanceOn(() =>
      ok([streamOf([["a", "b", "c"], ["d"], ["e", "f"]]), Promise.resolve(ok())]),
    );
    const { val: names } = await run(CONTAINER, "[method]container.list-objects", photos);

    expect(await run(CONTAINER, read, names, 2n)).toEqual(ok([["a", "b"], false]));
    expect(await run(CONTAINER, skip, names, 2n)).toEqual(ok([2n, false]));
    expect(await run(CONTAINER, read, names, 2n ** 63n)).toEqual(ok([["e", "f"], true]));
    expect(await run(CONTAINER, skip, names, 1n)).toEqual(ok([0n, true]));
  });

  test("a list that broke off is an error", async () => {
    const { run } = instanceOn(() => ok([streamOf([["a"]]), Promise.resolve(err("lost"))]));
    const { val: names } = await run(CONTAINER, "[method]container.list-objects", photos);

    expect(await run(CONTAINER, read, names, 5n)).toEqual(err("lost"));
  });
});

describe("writing", () => {
  const create = "[static]outgoing-value.new-outgoing-value";
  const body = "[method]outgoing-value.outgoing-value-write-body";
  const finish = "[static]outgoing-value.finish";
  const write = "[method]container.write-data";

  async function writing(lattice: Lattice) {
    const { run } = instanceOn(lattice);
    const value = await run(TYPES, create);
    const { val: stream } = await run(TYPES, body, value);
    return { run, value, writer: stream.getWriter() };
  }

  /** A target that reads all before it answers. */
  const reading =
    (seen: unknown[], answer: (text: string) => unknown): Lattice =>
    async (instance, _, [id, stream]) => {
      const text = await textOf(stream as ReadableStream);
      seen.push([instance, id, text]);
      return answer(text);
    };

  test.each<{ name: string; instance: string; answer: unknown; wrap: (all: Lattice) => Lattice }>([
    { name: "0.2.0", instance: NEWER, answer: Promise.resolve(ok()), wrap: (all) => all },
    { name: "0.1.0", instance: OLDER, answer: undefined, wrap: only },
  ])("$name: what a guest writes arrives, also where the target answers last", async (each) => {
    const seen: unknown[] = [];
    const { run, value, writer } = await writing(each.wrap(reading(seen, () => ok(each.answer))));

    const begun = await run(CONTAINER, write, photos, "a", value);
    for (const part of ["one ", "two"]) await writer.write(bytes(part));
    await writer.close();
    const ended = await run(TYPES, finish, value);

    expect([begun, ended]).toEqual([ok(), ok()]);
    expect(seen).toEqual([[each.instance, { container: "photos", object: "a" }, "one two"]]);
  });

  test("0.1.0 gets what a sender had looked at before nobody was there", async () => {
    const seen: unknown[] = [];
    const { run, value, writer } = await writing(async (instance, func, args) => {
      if (instance === OLDER) return reading(seen, () => ok())(instance, func, args);
      const reader = (args[1] as ReadableStream).getReader();
      await reader.read();
      void reader.read().catch(() => undefined);
      await reader.cancel("nobody");
      throw new LatticeError("not-served", "nobody");
    });

    await run(CONTAINER, write, photos, "a", value);
    for (const part of ["one ", "two ", "three"]) await writer.write(bytes(part));
    await writer.close();

    expect(await run(TYPES, finish, value)).toEqual(ok());
    expect(seen).toMatchObject([[OLDER, {}, "one two three"]]);
  });

  test("what was written before the target was named", async () => {
    const seen: unknown[] = [];
    const { run, value, writer } = await writing(reading(seen, () => ok(Promise.resolve(ok()))));

    await writer.write(bytes("early"));
    const closed = writer.close();
    await run(CONTAINER, write, photos, "a", value);
    await closed;

    expect(await run(TYPES, finish, value)).toEqual(ok());
    expect(seen).toMatchObject([[NEWER, {}, "early"]]);
  });

  test("a value that nothing was written to is empty", async () => {
    const seen: unknown[] = [];
    const { run } = instanceOn(reading(seen, () => ok(Promise.resolve(ok()))));
    const value = await run(TYPES, create);

    await run(CONTAINER, write, photos, "a", value);

    expect(await run(TYPES, finish, value)).toEqual(ok());
    expect(seen).toMatchObject([[NEWER, {}, ""]]);
  });

  test.each<{ name: string; lattice: Lattice }>([
    { name: "at once", lattice: () => err("no such container") },
    {
      name: "at the end",
      lattice: (_, __, [, stream]) =>
        ok(textOf(stream as ReadableStream).then(() => err("no such container"))),
    },
    {
      name: "by the machinery",
      lattice: () => {
        throw new LatticeError("link-missing", "no such container");
      },
    },
  ])("a failure is told $name", async ({ lattice }) => {
    const { run, value, writer } = await writing(lattice);
    writer.closed.catch(() => undefined);

    await run(CONTAINER, write, photos, "a", value);
    await writer.write(bytes("x")).catch(() => undefined);
    await writer.close().catch(() => undefined);

    expect(await run(TYPES, finish, value)).toEqual(err("no such container"));
  });

  test("a target that wants no more ends the writing", async () => {
    const { run, value, writer } = await writing(async (_, __, [, stream]) => {
      const reader = (stream as ReadableStream).getReader();
      await reader.read();
      await reader.cancel("enough");
      return ok(Promise.resolve(err("enough")));
    });
    writer.closed.catch(() => undefined);

    await run(CONTAINER, write, photos, "a", value);
    await writer.write(bytes("x"));
    const more = async () => {
      for (;;) await writer.write(bytes("y"));
    };

    await expect(more()).rejects.toBeDefined();
    expect(await run(TYPES, finish, value)).toEqual(err("enough"));
  });

  test("a body is given once, and sent once", async () => {
    const { run, value } = await writing(() => ok(Promise.resolve(ok())));

    const again = await run(TYPES, body, value);
    await run(CONTAINER, write, photos, "a", value);

    expect(again).toEqual(err(undefined));
    await expect(run(CONTAINER, write, photos, "b", value)).rejects.toMatchObject({
      code: "guest-trapped",
    });
  });

  test("a value that is never sent ends with the call", async () => {
    const { run, end } = instanceOn(() => ok());
    const value = await run(TYPES, create);
    const { val: stream } = await run(TYPES, body, value);
    const writer = stream.getWriter();
    writer.closed.catch(() => undefined);

    end.abort(new LatticeError("aborted", "the call has ended"));

    await expect(writer.write(bytes("x"))).rejects.toBeDefined();
  });
});
