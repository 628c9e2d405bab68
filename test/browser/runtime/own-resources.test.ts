/** Resources that a component exports, in real workers: one component has them, another uses them. */
import { describe, expect, test } from "vitest";

import type { DroppedHandle, ImportCall, Importee } from "../../../src/core/call.ts";
import type { Pool } from "../../../src/core/runtime.ts";

import { callOf, openRuntime, run } from "./support.ts";

const TALLIES = "inlay:test/tallies@1.0.0";
const TALLIER = "inlay:test/tallier@1.0.0";

/** What `pool` answers to a guest, as one instance of whom all its calls are. */
function importsFrom(pool: Pool): Importee & { readonly drops: DroppedHandle[] } {
  const drops: DroppedHandle[] = [];
  const session = "5".repeat(32);
  return {
    drops,
    invoke: ({ instance, func, args }: ImportCall) =>
      pool.invoke({ ...callOf(instance, func, args), session }),
    drop(dropped) {
      drops.push(dropped);
      pool.resources?.drop(dropped.handle);
    },
  };
}

async function give(pool: Pool, func: string, ...args: readonly unknown[]): Promise<unknown> {
  const [given] = await pool.invoke(callOf(TALLIES, func, args));
  return given;
}

const codeOf = async (outcome: Promise<unknown>): Promise<unknown> =>
  outcome.catch((thrown: unknown) => Reflect.get(Object(thrown), "code"));

describe("a component that never waits", () => {
  test("a resource lives on between calls, and ends when it is dropped", async () => {
    await using opened = openRuntime();
    await using pool = await run(opened.runtime, "tally", { maxInstances: 1 });

    const handle = await give(pool, "[constructor]tally", 5);
    const other = await give(pool, "[constructor]tally", 100);
    await give(pool, "[method]tally.increment", handle, 2);

    expect(handle).toBeInstanceOf(Uint8Array);
    expect(await give(pool, "[method]tally.get", handle)).toBe(7);
    expect(await give(pool, "[method]tally.plus", handle, other)).toBe(107);
    expect(await give(pool, "sum", [handle, other, handle])).toBe(114);
    expect(await give(pool, "living", handle)).toBe(2);
    // A component with one instance goes on serving what needs none.
    expect(await give(pool, "plain")).toBe(7);
    const merged = await give(pool, "[static]tally.merge", handle, other);
    expect(await give(pool, "[method]tally.get", merged)).toBe(107);
    expect(await give(pool, "living", merged)).toBe(1);
    expect(await codeOf(give(pool, "[method]tally.get", handle))).toBe("gone");
    const parts = (await give(pool, "split", merged, 3)) as unknown[];
    expect(await give(pool, "sum", parts)).toBe(105);
    pool.resources?.drop(parts[0] as Uint8Array);
    expect(await give(pool, "living", parts[1])).toBe(2);
    expect(await codeOf(give(pool, "[method]tally.get", parts[0]))).toBe("gone");
  });

  test("a result may hold one, or say why not", async () => {
    await using opened = openRuntime();
    await using pool = await run(opened.runtime, "tally", { maxInstances: 2 });

    const refused = await give(pool, "[static]tally.small", 101);
    const made = (await give(pool, "[static]tally.small", 9)) as { tag: string; val: unknown };

    expect(refused).toEqual({ tag: "err", val: "too large" });
    expect(made.tag).toBe("ok");
    expect(await give(pool, "[method]tally.get", made.val)).toBe(9);
  });

  test("a trap ends all that lived in the instance", async () => {
    await using opened = openRuntime();
    await using pool = await run(opened.runtime, "tally", { maxInstances: 2 });
    const handle = await give(pool, "[constructor]tally", 4_294_967_295);
    const other = await give(pool, "[constructor]tally", 1);

    const trap = codeOf(give(pool, "[method]tally.increment", handle, 1));

    expect(await trap).toBe("guest-trapped");
    expect(await codeOf(give(pool, "[method]tally.get", other))).toBe("gone");
    const next = await give(pool, "[constructor]tally", 3);
    expect(await give(pool, "[method]tally.get", next)).toBe(3);
  });
});

describe.each(["jspi", "atomics"] as const)("a guest of another component, with %s", (bridge) => {
  test("uses it, and its end drops what it has not dropped", async () => {
    await using opened = openRuntime({ bridge });
    await using owner = await run(opened.runtime, "tally", { maxInstances: 1 });
    const imports = importsFrom(owner);
    await using guest = await run(opened.runtime, "tallier", { imports, maxInstances: 1 });
    const ask = async (func: string, ...args: readonly unknown[]): Promise<unknown> =>
      (await guest.invoke(callOf(TALLIER, func, args)))[0];

    expect(await ask("run", 5, 2)).toBe(9);
    expect(imports.drops).toMatchObject([{ instance: TALLIES, resource: "tally" }]);
    expect(await ask("merged", 5, 2)).toBe(7);
    expect(await ask("left")).toBe(1);
    expect(await ask("forget", 8)).toBe(8);
    // Of what went from call to call one was dropped each: the rest with the instance.
    await expect.poll(() => imports.drops.length).toBe(6);
    const handle = await ask("give", 30);
    expect(await give(owner, "[method]tally.get", handle)).toBe(30);
    expect(await ask("take", handle)).toBe(31);
    await expect.poll(() => imports.drops.length).toBe(7);
    expect(await codeOf(give(owner, "[method]tally.get", handle))).toBe("gone");
  });
});

describe.each(["jspi", "atomics"] as const)("a resource that waits, with %s", (bridge) => {
  test("keeps what its instance was given from call to call, and gives it back in the end", async () => {
    await using opened = openRuntime({ bridge });
    await using owner = await run(opened.runtime, "tally", { maxInstances: 4 });
    const imports = importsFrom(owner);
    await using pool = await run(opened.runtime, "ledger", { imports, maxInstances: 2 });
    const LEDGERS = "inlay:test/ledgers@1.0.0";
    const ask = async (func: string, ...args: readonly unknown[]): Promise<unknown> =>
      (await pool.invoke(callOf(LEDGERS, func, args)))[0];

    const one = await ask("[constructor]ledger", 5);
    const other = await ask("[static]ledger.open", 100);
    const sums = await Promise.all([
      ask("[method]ledger.add", one, 2),
      ask("[method]ledger.add", other, 2),
      ask("[method]ledger.add", one, 2),
    ]);

    expect(sums).toEqual([7, 102, 9]);
    expect(imports.drops).toEqual([]);
    pool.resources?.drop(one as Uint8Array);
    await expect.poll(() => imports.drops.length).toBe(1);
    expect(await ask("[method]ledger.add", other, 1)).toBe(103);
    await pool[Symbol.asyncDispose]();
    await expect.poll(() => imports.drops.length).toBe(2);
  });
});
