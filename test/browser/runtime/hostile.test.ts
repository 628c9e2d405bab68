import { expect, test } from "vitest";

import type { Importee } from "../../../src/core/call.ts";
import type { Pool } from "../../../src/core/runtime.ts";

import { DEFAULT_LIMITS } from "../../../src/core/workload.ts";
import { callOf, fixtureBytes, noImports, openRuntime, type TestRuntime } from "./support.ts";

/** `bytes` with each `from` replaced; both are ASCII and of one length. */
function replaced(
  bytes: Uint8Array<ArrayBuffer>,
  from: string,
  to: string,
): Uint8Array<ArrayBuffer> {
  const latin = new TextDecoder("latin1");
  const text = latin.decode(bytes);
  const result = bytes.slice();
  for (let at = text.indexOf(from); at !== -1; at = text.indexOf(from, at + 1)) {
    result.set(new TextEncoder().encode(to), at);
  }
  return result;
}

test("a component whose core names would become code is refused before it becomes any", async () => {
  await using open = openRuntime();
  const hello = await fixtureBytes("hello");
  const hostile = replaced(hello, "greeter#", "greeter'");
  expect(hostile).not.toEqual(hello);

  const loaded = open.runtime.load(
    { reference: "hostile.wasm", bytes: hostile },
    { signal: new AbortController().signal },
  );

  await expect(loaded).rejects.toMatchObject({
    code: "bad-image",
    message: expect.stringContaining("would break out of generated code"),
  });
});

/** Exports `resource.new` and `resource.rep` of a resource of its own as `put` and `take`. */
const HANDLES =
  "AGFzbQ0AAQAHBAE/fwAIBQICAAQAAT4AYXNtAQAAAAEGAWABfwF/AhECAWgDbmV3AAABaANyZXAAAAcOAgNwdXQAAAR0YWtlAAEACQRuYW1lAAIBbQIWAgECA25ldwAAA3JlcAABAAABAWgSAAcIAUABAXZ5AHkGCQEAAAEBA3B1dAgGAQAAAgABBwgBQAEBaHkAeQYKAQAAAQEEdGFrZQgGAQAAAwACCxICAANwdXQBAAAABHRha2UBAQAARA5jb21wb25lbnQtbmFtZQENAAACAANuZXcBA3JlcAEGABEBAAFtAQYAEgEBAWkBDQECAANwdXQBBHRha2UBBQMBAAFy";

/** Instantiates one module with a memory of a page three times; `all` counts the memories that grow by `pages`. */
const MEMORIES =
  "AGFzbQ0AAQABNQBhc20BAAAAAQYBYAF/AX8DAgEABQMBAAEHBQEBZwAACggBBgAgAEAACwAJBG5hbWUAAgFtAgQBAAAABgcBAAABAAFnAgQBAAAABgcBAAABAQFnAgQBAAAABgcBAAABAgFnAWkAYXNtAQAAAAEGAWABfwF/AhMDAWcBMAAAAWcBMQAAAWcBMgAAAwIBAAcHAQNhbGwAAwobARkAIAAQAEEATiAAEAFBAE5qIAAQAkEATmoLABgEbmFtZQACAXMBDQMAAmcwAQJnMQICZzICFgIBAwEwAAABMQABATIAAgABAQFnEgMHDAFAAQVwYWdlc3kAeQYJAQAAAQQDYWxsCAYBAAADAAALCQEAA2FsbAEAAABIDmNvbXBvbmVudC1uYW1lAQ8AAAMAAmcwAQJnMQICZzIBCQARAgABbQEBcwESABIEAAJpMAECaTECAmkyBAFzAQcBAQADYWxs";

/** Imports a constructor and nothing else of `a:b/c.r`; `make` gives the number of the handle. */
const CONSTRUCTS =
  "AGFzbQ0AAQAHJwFCBAQAAXIDAQFpAAFAAQF4eQABBAAOW2NvbnN0cnVjdG9yXXIBAgoKAQAFYTpiL2MFAAGGAQBhc20BAAAAAQoCYAF/AX9gAAF/AhgBBWE6Yi9jDltjb25zdHJ1Y3Rvcl1yAAADAgEBBwgBBG1ha2UAAQoIAQYAQQUQAAsADQRuYW1lAQYBAANuZXcALwlwcm9kdWNlcnMBDHByb2Nlc3NlZC1ieQENd2l0LWNvbXBvbmVudAcwLjI1OS4wBhMBAQAADltjb25zdHJ1Y3Rvcl1yCAUBAQAAAAIfAgEBDltjb25zdHJ1Y3Rvcl1yAAAAAAEFYTpiL2MSAAcFAUAAAHkGCgEAAAEBBG1ha2UIBgEAAAEAAQsKAQAEbWFrZQEBAACLAQ5jb21wb25lbnQtbmFtZQEZAAACAA5bY29uc3RydWN0b3JdcgEEbWFrZQEJABEBAARtYWluARAAEgIABWE6Yi9jAQRtYWluAQkFAQAFYTpiL2MBHgEDAA5bY29uc3RydWN0b3JdcgEEbWFrZQIEbWFrZQEMAwEACHR5LWE6Yi9jAQkFAQAFYTpiL2MALwlwcm9kdWNlcnMBDHByb2Nlc3NlZC1ieQENd2l0LWNvbXBvbmVudAcwLjI1OS4w";

async function run(
  { runtime }: TestRuntime,
  base64: string,
  maxMemoryBytes: number = DEFAULT_LIMITS.maxMemoryBytes,
): Promise<Pool> {
  const { signal } = new AbortController();
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const component = await runtime.load({ reference: "own.wasm", bytes }, { signal });
  const limits = { ...DEFAULT_LIMITS, maxMemoryBytes };
  return component.run({ maxInstances: 1, limits, imports: noImports, signal });
}

test("a handle that one call has made is unknown to the next", async () => {
  await using open = openRuntime();
  await using pool = await run(open, HANDLES);

  const [handle] = await pool.invoke(callOf("", "put", [31_337]));

  await expect(pool.invoke(callOf("", "take", [handle]))).rejects.toMatchObject({
    code: "guest-trapped",
  });
});

test("what an imported constructor left in the tables of one call is not in those of the next", async () => {
  await using open = openRuntime();
  const bytes = Uint8Array.from(atob(CONSTRUCTS), (char) => char.charCodeAt(0));
  const { signal } = new AbortController();
  const component = await open.runtime.load({ reference: "own.wasm", bytes }, { signal });
  const imports: Importee = { invoke: async () => [Uint8Array.of(1)] };
  const limits = DEFAULT_LIMITS;
  await using pool = await component.run({ maxInstances: 4, limits, imports, signal });

  const made = [];
  for (let n = 0; n < 24; n++) made.push(await pool.invoke(callOf("", "make")));

  expect(new Set(made.flat()).size).toBe(1);
});

test("a module that is instantiated three times has three times less memory to grow into", async () => {
  await using open = openRuntime();
  await using pool = await run(open, MEMORIES, 30 * 65_536);

  expect(await pool.invoke(callOf("", "all", [9]))).toEqual([3]);
  expect(await pool.invoke(callOf("", "all", [10]))).toEqual([0]);
});
