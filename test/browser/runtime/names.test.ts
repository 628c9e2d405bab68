import { afterAll, describe, expect, test } from "vitest";

import type { ImportCall, Importee } from "../../../src/core/call.ts";
import type { Pool } from "../../../src/core/runtime.ts";

import { BARE, INTERFACES, NAMES } from "../../fixtures/names/table.ts";
import { callOf, fixtureBytes, openRuntime, run } from "./support.ts";

/** Answers with what it was asked, in full. */
const telling: Importee = {
  invoke: async ({ instance, func, args }: ImportCall) => [`${instance}#${func}(${args.join()})`],
};

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  const opened = openRuntime({ bridge });
  let running: Promise<Pool> | undefined;
  const ask = async (instance: string, func: string): Promise<unknown> => {
    running ??= run(opened.runtime, "names", { imports: telling });
    return (await (await running).invoke(callOf(instance, func, ["x"])))[0];
  };
  afterAll(() => opened[Symbol.asyncDispose]());

  test.each(NAMES)("a function named %s is exported and imported", async (name) => {
    expect(await ask("", name)).toBe("x");
    expect(await ask("inlay:names/given", name)).toBe(`inlay:names/asked#${name}(x)`);
  });

  test.each([...INTERFACES.map((name) => `inlay:names/${name}`), ...BARE])(
    "an interface named %s is exported",
    async (name) => {
      expect(await ask(name, "echo")).toBe("x");
    },
  );

  test("two versions of an interface stay apart, and one without a package is imported", async () => {
    const several = "inlay:names/several";

    expect(await ask(several, "first")).toBe("inlay:versions/same@1.0.0#which(x)");
    expect(await ask(several, "second")).toBe("inlay:versions/same@2.0.0#which(x)");
    expect(await ask(several, "bare")).toBe("to-string#to-string(x)");
  });

  test.each([
    ["", "to-locale-string"],
    ["", "__proto__"],
    ["", "__define-getter__"],
    ["inlay:names/several", "to-string"],
    ["inlay:names/several", "constructor"],
    ["constructor", "assign"],
    ["__proto__", "to-string"],
  ])("what all objects have is no function of a component: %s#%s", async (instance, func) => {
    await expect(ask(instance, func)).rejects.toMatchObject({ code: "not-found" });
  });
});

test("a resource whose objects would pass for promises is refused, and its method named", async () => {
  await using opened = openRuntime();
  const bytes = await fixtureBytes("keeper");
  const text = new TextDecoder("latin1").decode(bytes);
  for (const { index } of text.matchAll(/vault\.name/g)) {
    bytes.set(new TextEncoder().encode("vault.then"), index);
  }

  const loaded = opened.runtime.load(
    { reference: "then.wasm", bytes },
    { signal: new AbortController().signal },
  );

  await expect(loaded).rejects.toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("inlay:test/vaults@1.0.0#[method]vault.then"),
  });
});

test.each(["runn-ext", "RUN-NEXT"])(
  "names that would be one in JavaScript are refused: run-next and %s",
  async (other) => {
    await using opened = openRuntime();
    const bytes = await fixtureBytes("names");
    const text = new TextDecoder("latin1").decode(bytes);
    for (const { index } of text.matchAll(/realloc0/g)) {
      bytes.set(new TextEncoder().encode(other), index);
    }

    const loaded = opened.runtime.load(
      { reference: "twice.wasm", bytes },
      { signal: new AbortController().signal },
    );

    await expect(loaded).rejects.toMatchObject({
      code: "bad-image",
      message: expect.stringMatching(/name `(run-next|runn-ext)` conflicts with previous name/i),
    });
  },
);
