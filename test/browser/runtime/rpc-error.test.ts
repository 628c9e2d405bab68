/** A guest whose import tells failed calls by `wrpc:rpc/error`: the resource, its text, and the greeting itself. */
import { describe, expect, test } from "vitest";
import type { Callee } from "../../../src/core/call.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { openOutbound } from "../../support/outbound.ts";
import { callOf, fixtureBytes, openRuntime } from "./support.ts";

const greeter: Callee = {
  async invoke({ args: [name] }) {
    if (name === "nobody") throw new LatticeError("not-served", "the greeter is not there");
    return [`Hello, ${String(name)}!`];
  },
};

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  test("a call that fails is an error with a text, and one that does not is its result", async () => {
    await using opened = openRuntime({ bridge });
    const { signal } = new AbortController();
    const source = { reference: "teller.wasm", bytes: await fixtureBytes("teller") };
    const component = await opened.runtime.load(source, { signal });
    const imports = openOutbound({
      id: entityId("teller"),
      world: component.world,
      reach: () => greeter,
    });
    await using pool = await component.run({
      maxInstances: 1,
      limits: DEFAULT_LIMITS,
      imports,
      signal,
    });
    const greet = async (name: string): Promise<unknown> =>
      (await pool.invoke(callOf("inlay:test/teller", "greet", [name])))[0];

    expect(await greet("Ada")).toBe("Hello, Ada!");
    expect(await greet("nobody")).toBe("the greeter is not there");
    expect(await greet("Bob")).toBe("Hello, Bob!");
  });
});
