import { expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { callOf, openRuntime, run } from "./support.ts";

const COPIER = "inlay:test/copier@1.0.0";

/** Files of one member, `broken` one that breaks off, all others 300,000 bytes long. */
function files(): Importee & { readonly written: Map<string, Promise<number>> } {
  const written = new Map<string, Promise<number>>();
  const read = (name: unknown): unknown => {
    if (name === "none") return { tag: "err", val: "no such file" };
    let left = 300_000;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (name === "broken" && left < 200_000) {
            throw new LatticeError("incomplete", "the disk is full of holes");
          }
          const chunk = new Uint8Array(Math.min(left, 50_000)).fill(1);
          left -= chunk.length;
          if (chunk.length === 0) controller.close();
          else controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
    return { tag: "ok", val: stream };
  };
  const write = (name: unknown): unknown => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    promise.catch(() => undefined);
    written.set(String(name), promise);
    let bytes = 0;
    return new WritableStream<Uint8Array>({
      write: (chunk) => void (bytes += chunk.length),
      close: () => resolve(bytes),
      abort: (reason: unknown) => reject(reason),
    });
  };
  return {
    written,
    invoke: async ({ func, args }) => [func === "read" ? read(args[0]) : write(args[0])],
  };
}

test.each(["jspi", "atomics"] as const)(
  "streams of wasi:io may come from and lead to other members, with %s",
  async (bridge) => {
    await using opened = openRuntime({ bridge });
    const imports = files();
    await using pool = await run(opened.runtime, "copier", { imports, maxInstances: 1 });
    const copy = async (source: string, target: string): Promise<unknown> =>
      (await pool.invoke(callOf(COPIER, "copy", [source, target])))[0];

    const outcomes = [await copy("some", "a"), await copy("none", "b"), await copy("broken", "c")];

    expect(outcomes).toEqual([
      { tag: "ok", val: 300_000n },
      { tag: "err", val: "no such file" },
      { tag: "err", val: expect.stringContaining("the disk is full of holes") },
    ]);
    await expect(imports.written.get("a")).resolves.toBe(300_000);
    expect(imports.written.has("b")).toBe(false);
    await expect(imports.written.get("c")).rejects.toBeInstanceOf(LatticeError);
  },
);
