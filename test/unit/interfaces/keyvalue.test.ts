import { describe, expect, test } from "vitest";
import type { WitValue } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { handleOf } from "../../../src/interfaces/import-mapping.ts";

const interfaces = createInterfaces();
const STORE = "wasi:keyvalue/store@0.2.0-draft";
const BATCH = "wasi:keyvalue/batch@0.2.0-draft";

/** Calls an import; the lattice gives `answer`, or throws it. */
async function importing(instance: string, func: string, args: WitValue[], answer?: unknown) {
  const sent: unknown[] = [];
  const run = interfaces.importOf(instance)?.functions.get(func);
  if (run === undefined) throw new Error(`no ${func}`);
  const results = await run(args, {
    held: interfaces.workload().held(),
    linkName: "default",
    signal: new AbortController().signal,
    far: async (...call) => {
      sent.push(call);
      if (answer instanceof Error) throw answer;
      return [answer];
    },
  });
  return { sent, results };
}

const bucket = handleOf("sessions");

test("a bucket is opened without asking anybody", async () => {
  const { sent, results } = await importing(STORE, "open", ["sessions"]);

  expect(results).toEqual([{ tag: "ok", val: bucket }]);
  expect(sent).toEqual([]);
});

test.each([
  { method: "get", args: ["k"] },
  { method: "set", args: ["k", Uint8Array.of(1)] },
  { method: "delete", args: ["k"] },
  { method: "exists", args: ["k"] },
  { method: "list-keys", args: [undefined] },
])("$method names the bucket", async ({ method, args }) => {
  const answer = { tag: "err", val: { tag: "no-such-store" } };

  const { sent, results } = await importing(
    STORE,
    `[method]bucket.${method}`,
    [bucket, ...args],
    answer,
  );

  expect(sent).toEqual([["wrpc:keyvalue/store@0.2.0-draft", method, ["sessions", ...args]]]);
  expect(results).toEqual([answer]);
});

test("increment is of an interface of its own", async () => {
  const { sent } = await importing(
    "wasi:keyvalue/atomics@0.2.0-draft",
    "increment",
    [bucket, "hits", 2n],
    { tag: "ok", val: 5n },
  );

  expect(sent).toEqual([
    ["wrpc:keyvalue/atomics@0.2.0-draft", "increment", ["sessions", "hits", 2n]],
  ]);
});

describe("what goes wrong", () => {
  test("a missing link is an error that the guest can handle", async () => {
    const { results } = await importing(
      STORE,
      "[method]bucket.get",
      [bucket, "k"],
      new LatticeError("link-missing", "no link"),
    );

    expect(results).toEqual([{ tag: "err", val: { tag: "other", val: "no link" } }]);
  });

  test("a call that was given up stays so", async () => {
    const given = importing(
      STORE,
      "[method]bucket.get",
      [bucket, "k"],
      new LatticeError("aborted", "enough"),
    );

    await expect(given).rejects.toMatchObject({ code: "aborted" });
  });

  test("an error of a batch is a trap, as in other hosts", async () => {
    const given = importing(BATCH, "get-many", [bucket, ["a"]], {
      tag: "err",
      val: { tag: "other", val: "no disk" },
    });

    await expect(given).rejects.toMatchObject({
      code: "guest-trapped",
      message: "get-many gave an error: other: no disk",
    });
  });

  test("a lattice out of reach is not: the guest may try again", async () => {
    const { results } = await importing(
      BATCH,
      "set-many",
      [bucket, []],
      new LatticeError("not-served", "nobody"),
    );

    expect(results).toEqual([{ tag: "err", val: { tag: "other", val: "nobody" } }]);
  });

  test.each([["text"], [7], [Uint8Array.of(0xff)], [new Uint8Array(70_000)]])(
    "%s is no handle",
    async (handle) => {
      await expect(importing(STORE, "[method]bucket.get", [handle, "k"])).rejects.toMatchObject({
        code: "bad-input",
      });
    },
  );
});

test("a watcher is called by the lattice's interface, and gets its bucket as a handle", async () => {
  const heard: unknown[] = [];
  const watcher = new Map([["on-set", { params: [] }]]);
  const other = new Map([["f", { params: [] }]]);
  const world = {
    imports: new Map(),
    exports: new Map([
      ["wasi:keyvalue/watcher@0.2.0-draft", watcher],
      ["my:own/api", other],
    ]),
  };
  const face = interfaces.workload().face(world, {
    invoke: async ({ instance, func, args }) => {
      heard.push([instance, func, args]);
      return [];
    },
  });

  await face.callee.invoke({
    id: "1",
    source: undefined,
    target: entityId("me"),
    link: "default",
    instance: "wrpc:keyvalue/watcher@0.2.0-draft",
    func: "on-set",
    args: ["0", "k", Uint8Array.of(1)],
    trace: new Map(),
    signal: new AbortController().signal,
  });

  expect([...face.world.exports.keys()].toSorted()).toEqual([
    "my:own/api",
    "wrpc:keyvalue/watcher@0.2.0-draft",
  ]);
  expect([...(face.world.exports.get("wrpc:keyvalue/watcher@0.2.0-draft")?.keys() ?? [])]).toEqual([
    "on-set",
    "on-delete",
  ]);
  expect(heard).toEqual([
    ["wasi:keyvalue/watcher@0.2.0-draft", "on-set", [handleOf("0"), "k", Uint8Array.of(1)]],
  ]);
});
