import { expect, test } from "vitest";

import type { WatchedWorld } from "../../../src/core/watched.ts";

import { entityId } from "../../../src/core/ids.ts";
import { componentWorld } from "../../../src/wire/component-types.ts";
import { fixture } from "../../support/fixtures.ts";
import { launchNats } from "../../support/launch-nats.ts";
import { startHost } from "../../support/lattice-host.ts";
import { shared } from "../../support/shared.ts";

const server = shared(() => launchNats());
const world = componentWorld(fixture("counter"));
const node = shared(() =>
  startHost({ url: server.ws }, { components: { "counter.wasm": { world, functions: {} } } }),
);
const counter = entityId("counter");
const scale = (maxInstances: number): Promise<void> =>
  node.host.scale({
    id: counter,
    image: "counter.wasm",
    maxInstances,
    annotations: new Map(),
  });

test("who watches the worlds hears of types as components come and go, and not of calls or sizes", async () => {
  const ended = new AbortController();
  const told: (readonly WatchedWorld[])[] = [];
  const ids = (): readonly (readonly string[])[] =>
    told.map((update) => update.map(({ id }) => id));

  await node.host.watch("worlds", async (update) => void told.push(update), ended.signal);
  await expect.poll(ids).toEqual([[]]);
  await scale(1);
  await expect.poll(ids).toEqual([[], ["counter"]]);
  await scale(3);
  const [running] = told.at(-1) ?? [];
  await scale(0);
  await expect.poll(ids).toEqual([[], ["counter"], []]);
  ended.abort();

  expect(running?.kind).toBe("component");
  expect(running?.exports.get("inlay:test/counter")?.get("count")?.params).toEqual([
    { name: "bucket", type: { kind: "string" } },
    { name: "key", type: { kind: "string" } },
  ]);
  expect(running?.imports.map(({ name, by }) => ({ name, by }))).toEqual([
    {
      name: "wasi:keyvalue/store@0.2.0-draft",
      by: expect.arrayContaining(["wasi:keyvalue/store"]),
    },
    {
      name: "wasi:keyvalue/atomics@0.2.0-draft",
      by: expect.arrayContaining(["wasi:keyvalue/atomics"]),
    },
  ]);
});
