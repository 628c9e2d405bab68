/**
 * What a component does with resources that another exports, whichever way its calls take: within a node, or over the
 * lattice. Each case runs over each way; the guest cannot tell them apart.
 */
import { describe, expect, test } from "vitest";
import type { EntityId } from "../../src/core/ids.ts";
import type { Link } from "../../src/core/link.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { Script } from "../support/tallies.ts";
import type { CallRoute } from "./calls.ts";

import { LatticeError } from "../../src/core/error.ts";
import { entityId } from "../../src/core/ids.ts";
import { createSource } from "../../src/core/view.ts";
import { startHost } from "../support/lattice-host.ts";
import { GO, TALLIES, tallier, tally } from "../support/tallies.ts";

const CALLER = entityId("caller");
const TARGET = entityId("target");

interface Stage extends AsyncDisposable {
  /** Runs `script` as one instance of a guest. */
  run(script: Script): Promise<unknown>;
  readonly callerNode: LatticeHost;
  readonly targetNode: LatticeHost;
  /** Starts one more node that serves the target, or what `id` names. */
  more(id?: string): Promise<LatticeHost>;
}

function link(target: EntityId): Link {
  return {
    source: CALLER,
    target,
    name: "default",
    namespace: "inlay",
    package: "test",
    interfaces: ["tallies"],
    sourceConfig: [],
    targetConfig: [],
  };
}

async function open(route: CallRoute): Promise<Stage> {
  const links = createSource(new Map([[CALLER, [link(TARGET)]]]));
  const nodes: LatticeHost[] = [];
  const start = async (ids: readonly string[]): Promise<LatticeHost> => {
    const { shortCircuit } = route;
    const parts = shortCircuit === undefined ? {} : { shortCircuit };
    const components = { caller: tallier, target: tally };
    const node = await startHost({ bus: await route.connect() }, { components, links, parts });
    for (const id of ids) await scale(node, id, 1);
    nodes.push(node);
    return node;
  };
  const callerNode = await start(route.nodes === "one" ? ["target", "caller"] : ["caller"]);
  const targetNode = route.nodes === "one" ? callerNode : await start(["target"]);
  return {
    callerNode,
    targetNode,
    more: (id = "target") => start([id]),
    async run(script) {
      const [given] = await callerNode.host.calleeFor(CALLER, tallier.world).invoke({
        id: crypto.randomUUID(),
        source: undefined,
        target: CALLER,
        link: "default",
        instance: GO,
        func: "go",
        args: [script],
        trace: new Map(),
        signal: new AbortController().signal,
      });
      return given;
    },
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    },
  };
}

function scale({ host }: LatticeHost, id: string, maxInstances: number): Promise<void> {
  return host.scale({ id: entityId(id), image: id, maxInstances, annotations: new Map() });
}

/** The result of a call, or the code of its failure. */
async function given(results: Promise<readonly unknown[]>): Promise<unknown> {
  try {
    return (await results)[0];
  } catch (cause) {
    return cause instanceof LatticeError ? cause.code : cause;
  }
}

export function resourcesContract(route: CallRoute): void {
  describe(`${route.name}: resources of another component`, () => {
    test("are made, called, used together, and handed over", async () => {
      await using stage = await open(route);

      const seen = await stage.run(async (importing) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        const one = await ask("[constructor]tally", 5);
        const other = await ask("[constructor]tally", 100);
        return [
          await ask("[method]tally.increment", one, 2),
          await ask("[method]tally.get", one),
          await ask("[method]tally.plus", one, other),
          await ask("sum", [one, other, one]),
          await ask("living", one),
          await ask("plain"),
          await ask("sum", await ask("split", await ask("[static]tally.merge", one, other), 3)),
          await ask("[method]tally.get", one),
          await ask("[static]tally.small", 101),
        ];
      });

      const small = { tag: "err", val: "too large" };
      expect(seen).toEqual([7, 7, 107, 114, 2, 7, 105, "gone", small]);
    });

    test("have handles that say nothing, each of its own", async () => {
      await using stage = await open(route);

      const handles = await stage.run(async (importing) => {
        const ask = async (): Promise<string> => {
          const [handle] = await importing(TALLIES, "[constructor]tally", 5);
          return Buffer.from(handle as Uint8Array).toString("hex");
        };
        return [await ask(), await ask()];
      });

      const [one = "", other = ""] = handles as string[];
      // What tells ours from others, and the place; then 128 bits that nobody guesses.
      expect(one).toMatch(/^00696e6c01[0-9a-f]{64}$/);
      expect(other.slice(0, 42)).toBe(one.slice(0, 42));
      expect(other.slice(42)).not.toBe(one.slice(42));
    });

    test("end when they are dropped, each by itself", async () => {
      await using stage = await open(route);

      const seen = await stage.run(async (importing, drop) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        const one = await ask("[constructor]tally", 5);
        const other = await ask("[constructor]tally", 6);
        drop(TALLIES, "tally", one as Uint8Array);
        const code = await ask("[method]tally.get", one);
        return [code, await ask("[method]tally.get", other), await ask("living", other)];
      });

      expect(seen).toEqual(["gone", 6, 1]);
    });

    test("are of no use with another's handles, or changed ones", async () => {
      await using stage = await open(route);

      const seen = await stage.run(async (importing) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        const one = (await ask("[constructor]tally", 5)) as Uint8Array;
        const changed = one.with(one.length - 1, (one.at(-1) ?? 0) ^ 1);
        const elsewhere = one.with(10, (one.at(10) ?? 0) ^ 1);
        return [
          await ask("[method]tally.get", changed),
          await ask("[method]tally.get", elsewhere),
          await ask("[method]tally.get", new Uint8Array(5)),
          await ask("[static]tally.merge", one, one),
          await ask("[method]tally.get", one),
        ];
      });

      expect(seen).toEqual(["gone", "gone", "gone", "incomplete", 5]);
    });

    test("of two callers live in instances of their own, and a trap ends those of one", async () => {
      await using stage = await open(route);
      let handle: unknown;

      const seen = await stage.run(async (importing) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        handle = await ask("[constructor]tally", 4_294_967_295);
        const other = await stage.run(
          async (second) => (await second(TALLIES, "[constructor]tally", 1))[0],
        );
        return [
          await ask("living", handle),
          await ask("living", other),
          await ask("[static]tally.merge", handle, other),
          await ask("[method]tally.increment", handle, 1),
          await ask("[method]tally.get", handle),
          await ask("[method]tally.get", other),
        ];
      });

      expect(seen).toEqual([1, 1, "incomplete", "incomplete", "gone", 1]);
    });

    test("stay where they were made, whoever serves the component besides", async () => {
      await using stage = await open(route);
      await stage.more();
      await stage.more();

      const seen = await stage.run(async (importing) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        const first = await ask("[constructor]tally", 1);
        const all = [first];
        for (let count = 2; count <= 8; count++) all.push(await ask("[constructor]tally", count));
        return [await ask("living", first), await ask("sum", all)];
      });

      expect(seen).toEqual([8, 36]);
    });

    test("end with their component, and what is made next is made elsewhere", async () => {
      await using stage = await open(route);

      const seen = await stage.run(async (importing) => {
        const ask = (func: string, ...args: unknown[]) => given(importing(TALLIES, func, ...args));
        const one = await ask("[constructor]tally", 1);
        await stage.more();
        await scale(stage.targetNode, "target", 0);
        const before = await ask("[method]tally.get", one);
        const next = await ask("[constructor]tally", 2);
        return [before, await ask("[method]tally.get", next)];
      });

      expect(seen).toEqual(["gone", 2]);
    });
  });
}
