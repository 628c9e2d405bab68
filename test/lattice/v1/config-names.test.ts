import { expect, test } from "vitest";

import type { WatchedFacts } from "../../../src/core/watched.ts";

import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const node = shared(() => startHost({ url: server.ws }));
const put = (name: string): Promise<undefined> =>
  node.host.run("config.put", { name, body: new TextEncoder().encode('{"secret":"word"}') });

test("who watches the facts hears of the names of configuration, and of no value", async () => {
  const ended = new AbortController();
  const told: WatchedFacts[] = [];
  await put("shop-theme");

  await node.host.watch(
    "facts",
    async (update) => {
      told.push(update);
    },
    ended.signal,
  );
  await expect.poll(() => told.at(-1)?.configNames).toEqual(["shop-theme"]);
  await put("carts");
  await expect.poll(() => told.at(-1)?.configNames).toEqual(["carts", "shop-theme"]);
  await node.host.run("config.remove", { name: "shop-theme" });
  await expect.poll(() => told.at(-1)?.configNames).toEqual(["carts"]);
  ended.abort();

  expect(JSON.stringify(told)).not.toContain("word");
});
