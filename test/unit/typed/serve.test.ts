/** Functions that are served, called as the node calls them. */
import { expect, test } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import { openCallChannel } from "../../../src/channels/callee.ts";
import { entityId } from "../../../src/core/ids.ts";
import { serve, type TypedParts } from "../../../src/typed/serve.ts";
import { DISPOSE } from "../../../src/typed/instances.ts";

const WIT = `
  package demo:api;
  interface shop {
    resource tally { constructor(); }
    merge: func(a: tally, b: tally);
  }
`;

test("resources of a call are the function's once it begins, and are disposed of if it never does", async () => {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  let disposed = 0;
  let merged = 0;
  class Tally {
    [DISPOSE](): void {
      disposed++;
    }
  }
  let port: MessagePort | undefined;
  const host: TypedParts["host"] = {
    serve: async (request) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is wrapped for its way to another realm
      ({ port } = (request as unknown as { readonly value: typeof request }).value);
    },
    client: () => expect.unreachable("nobody is called"),
  };
  const report = (message: string): void => expect.unreachable(message);
  await serve(
    { host, signal, report },
    WIT,
    { id: "shop" },
    {
      "demo:api/shop": { Tally, merge: () => void merged++ },
    },
  );
  if (port === undefined) throw new Error("nothing was served");
  const { begin } = openCallChannel(port, signal, {});
  const call = (func: string, args: Call["args"]) =>
    begin({
      id: func,
      source: undefined,
      target: entityId("shop"),
      link: "default",
      instance: "demo:api/shop",
      func,
      args,
      trace: new Map(),
      signal,
    }).results;
  const made = async () => (await call("[constructor]tally", []))[0];

  await call("merge", [await made(), await made()]);
  expect([merged, disposed]).toEqual([1, 0]);

  const owned = await made();
  await expect(call("merge", [owned, new Uint8Array(37)])).rejects.toThrow(/has no such tally/);
  expect([merged, disposed]).toEqual([1, 1]);
  lifetime.abort();
});
