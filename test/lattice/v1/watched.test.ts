import { expect, test } from "vitest";

import type { WatchedFacts } from "../../../src/core/watched.ts";

import { entityId } from "../../../src/core/ids.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const node = shared(() => startHost({ url: server.ws }));
const link = {
  source: entityId("shop"),
  target: entityId("store"),
  name: "default",
  namespace: "wasi",
  package: "keyvalue",
  interfaces: ["store"],
  sourceConfig: ["bucket-names"],
  targetConfig: [],
};

test("who watches the facts hears of links as they come and go, until it has seen enough", async () => {
  const ended = new AbortController();
  const told: WatchedFacts[] = [];
  await node.host.run("config.put", {
    name: "bucket-names",
    body: new TextEncoder().encode('{"bucket":"carts"}'),
  });

  await node.host.watch(
    "facts",
    async (update) => {
      told.push(update);
    },
    ended.signal,
  );
  await expect.poll(() => told.at(-1)).toMatchObject({ status: { phase: "live" }, links: [] });
  await node.host.run("link.put", link);
  await expect.poll(() => told.at(-1)?.links).toEqual([link]);
  await expect.poll(() => told.at(-1)?.configNames).toEqual(["bucket-names"]);
  await node.host.run("link.remove", link);
  await expect.poll(() => told.at(-1)?.links).toEqual([]);
  ended.abort();
  const before = told.length;
  await node.host.run("link.put", link);

  expect(told).toHaveLength(before);
});

test("what no node can make is refused with the topics that there are", async () => {
  const watch = node.host.watch(
    // @ts-expect-error -- as a page of another version might ask
    "weather",
    () => Promise.resolve(),
    AbortSignal.timeout(30_000),
  );

  await expect(watch).rejects.toMatchObject({
    code: "bad-input",
    message: expect.stringMatching(/^"weather" cannot be watched; there are: .*facts/),
  });
});
