import { describe, expect, test } from "vitest";

import type { ImportCall, Importee } from "../../../src/core/call.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { callOf, openRuntime, run } from "./support.ts";

const KEEPER = "inlay:test/keeper@1.0.0";
const VAULTS = "inlay:test/vaults@1.0.0";

/** An owner of vaults whose handles are their names, with `!` for those of tokens. */
function owner(): Importee & { readonly heard: string[] } {
  const heard: string[] = [];
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const text = (handle: unknown): string => {
    if (!(handle instanceof Uint8Array)) throw new Error(`no handle: ${String(handle)}`);
    return new TextDecoder().decode(handle);
  };
  const functions: Record<string, (...args: readonly unknown[]) => unknown> = {
    "[constructor]vault": (name) => bytes(String(name)),
    "[static]vault.open": (name) => {
      if (name === "gone") throw new LatticeError("link-missing", "no link for vaults");
      return name === "none"
        ? { tag: "err", val: { tag: "missing" } }
        : { tag: "ok", val: bytes(String(name)) };
    },
    "[static]vault.merge": (all) =>
      Array.isArray(all) && all.length > 0 ? bytes(all.map(text).join("+")) : undefined,
    "[method]vault.name": (vault) => text(vault),
    "[method]vault.same": (vault, other) => text(vault) === text(other),
    issue: (vault) => bytes(`!${text(vault)}`),
    redeem: (token) => text(token),
  };
  return {
    heard,
    async invoke({ instance, func, args }: ImportCall) {
      heard.push(func);
      if (instance !== VAULTS) throw new Error(`unexpected ${instance}`);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return [functions[func]?.(...args)];
    },
  };
}

interface Case {
  readonly func: string;
  readonly args: readonly unknown[];
  readonly gives: unknown;
  readonly asks: readonly string[];
}

const [NEW, NAME] = ["[constructor]vault", "[method]vault.name"];
const LENT = new TextEncoder().encode("lent");

const CASES: readonly Case[] = [
  { func: "name", args: ["Grüße"], gives: "Grüße", asks: [NEW, NAME] },
  { func: "try-open", args: ["x"], gives: { tag: "ok" }, asks: ["[static]vault.open"] },
  {
    func: "try-open",
    args: ["none"],
    gives: { tag: "err", val: { tag: "missing" } },
    asks: ["[static]vault.open"],
  },
  // In a list and in an option.
  {
    func: "merge",
    args: [["a", "b", "c"]],
    gives: "a+b+c",
    asks: [NEW, NEW, NEW, "[static]vault.merge", NAME],
  },
  { func: "merge", args: [[]], gives: "", asks: ["[static]vault.merge"] },
  { func: "same", args: ["a", "a"], gives: true, asks: [NEW, NEW, "[method]vault.same"] },
  // Of a resource without functions.
  { func: "redeem", args: ["a"], gives: "!a", asks: [NEW, "issue", "redeem"] },
  // Of the caller.
  { func: "name-of", args: [LENT], gives: "lent", asks: [NAME] },
  { func: "pass", args: [LENT], gives: [7, LENT], asks: [] },
];

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  test("a guest has resources of others, whose handles are bytes outside of it", async () => {
    await using opened = openRuntime({ bridge });
    const imports = owner();
    await using pool = await run(opened.runtime, "keeper", { imports, maxInstances: 1 });

    const outcomes: Case[] = [];
    for (const { func, args } of CASES) {
      imports.heard.length = 0;
      const [gives] = await pool.invoke(callOf(KEEPER, func, args));
      outcomes.push({ func, args, gives, asks: [...imports.heard] });
    }

    expect(outcomes).toEqual(CASES);
  });

  test("a failure of the machinery is an err where the type has room for it, else the end of the call", async () => {
    await using opened = openRuntime({ bridge });
    const good = owner();
    let fails = true;
    const imports: Importee = {
      invoke(call) {
        if (!fails) return good.invoke(call);
        return Promise.reject(new LatticeError("link-missing", "no link for vaults"));
      },
    };
    await using pool = await run(opened.runtime, "keeper", { imports, maxInstances: 1 });

    const [handled] = await pool.invoke(callOf(KEEPER, "try-open", ["x"]));
    const ended = pool.invoke(callOf(KEEPER, "name", ["x"]));

    expect(handled).toEqual({ tag: "err", val: { tag: "other", val: "no link for vaults" } });
    await expect(ended).rejects.toMatchObject({
      code: "link-missing",
      message: "no link for vaults",
    });
    fails = false;
    await expect(pool.invoke(callOf(KEEPER, "name", ["x"]))).resolves.toEqual(["x"]);
  });

  test("an owner that gives no handles fails the call", async () => {
    await using opened = openRuntime({ bridge });
    let given: unknown = "text";
    const imports: Importee = { invoke: async () => [given] };
    await using pool = await run(opened.runtime, "keeper", { imports, maxInstances: 1 });

    const text = pool.invoke(callOf(KEEPER, "name", ["x"]));
    await expect(text).rejects.toMatchObject({
      code: "bad-message",
      message: "a handle of vault came as something else than bytes",
    });
    given = undefined;
    const nothing = pool.invoke(callOf(KEEPER, "name", ["x"]));

    await expect(nothing).rejects.toMatchObject({ code: "bad-message" });
  });
});

test("where guests cannot wait, what has to be asked of others is refused", async () => {
  await using opened = openRuntime({ bridge: "sync" });

  const started = run(opened.runtime, "keeper", { imports: owner() });

  await expect(started).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringMatching(/^the component waits for inlay:test\/vaults\./),
  });
});
