/** The NATS CLI (`github.com/nats-io/natscli`) looks at what our nodes keep and say. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";

import { promisify } from "node:util";
import { entityId } from "../../src/core/ids.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { linkJson } from "../support/link-json.ts";
import { plainComponent } from "./support/local-components.ts";
import { goPeer } from "./support/places.ts";

const IMAGE = "https://images.example/plain.wasm";
const CLI = goPeer("nats");

let server: NatsServer;
let node: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  node = await startHost({ url: server.ws }, { components: { [IMAGE]: plainComponent() } });
  await node.sharing(true);
  const id = entityId("plain");
  await node.host.scale({ id, image: IMAGE, maxInstances: 4, annotations: new Map() });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** What `nats …args` prints; rejects if it fails. */
async function nats(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(CLI, ["--server", server.nats, ...args]);
  return stdout.trim();
}

const ctl = (tail: string): string => `wasmbus.ctl.v1.default.${tail}`;
const ask = async (tail: string, body = ""): Promise<unknown> =>
  JSON.parse(await nats("request", "--raw", ctl(tail), body));

test("it lists our buckets", async () => {
  expect((await nats("kv", "ls", "--names")).split("\n").sort()).toEqual([
    "CONFIGDATA_default",
    "LATTICEDATA_default",
  ]);
});

test("it lists our streams, with the settings that a wasmCloud host gives them", async () => {
  const names = await nats("stream", "ls", "--all", "--names");

  expect(names.split("\n").sort()).toEqual(["KV_CONFIGDATA_default", "KV_LATTICEDATA_default"]);
  for (const name of names.split("\n")) {
    // oxlint-disable-next-line no-await-in-loop -- two of them
    const { config } = JSON.parse(await nats("stream", "info", name, "--json"));
    expect(config).toMatchObject({
      name,
      subjects: [`$KV.${name.slice("KV_".length)}.>`],
      retention: "limits",
      max_msgs_per_subject: 1,
      discard: "new",
      storage: "file",
      num_replicas: 1,
      allow_rollup_hdrs: true,
      deny_delete: true,
      deny_purge: false,
      allow_direct: true,
    });
  }
});

test("it reads what a component left in the lattice", async () => {
  expect(await nats("kv", "ls", "LATTICEDATA_default")).toBe("COMPONENT_plain");
  expect(
    JSON.parse(await nats("kv", "get", "LATTICEDATA_default", "COMPONENT_plain", "--raw")),
  ).toEqual({ url: IMAGE, links: [] });
});

test("it asks a node as wash does", async () => {
  expect(await ask("host.ping")).toMatchObject({ success: true, response: { id: node.id } });
  expect(await ask("config.put.greeting", '{"text":"hello"}')).toMatchObject({ success: true });

  expect(await nats("kv", "get", "CONFIGDATA_default", "greeting", "--raw")).toBe(
    '{"text":"hello"}',
  );
});

test("what it writes into a bucket reaches the node", async () => {
  const link = linkJson("plain", "other");

  const spec = JSON.stringify({ url: IMAGE, links: [link] });
  await nats("kv", "put", "LATTICEDATA_default", "COMPONENT_plain", spec);

  await expect.poll(() => ask("link.get")).toMatchObject({ success: true, response: [link] });
});

test("it hears events", async () => {
  const subscriber = spawn(CLI, [
    "--server",
    server.nats,
    "sub",
    "wasmbus.evt.default.labels_changed",
    "--raw",
    "--count",
    "1",
  ]);
  const ended = once(subscriber, "close");
  const lines: string[] = [];
  createInterface(subscriber.stdout).on("line", (line) => void lines.push(line));

  // When it listens is not told: labels change until it has heard of one.
  let count = 0;
  await expect
    .poll(async () => {
      await ask(`label.put.${node.id}`, JSON.stringify({ key: "count", value: `${++count}` }));
      return lines.length;
    })
    .toBeGreaterThan(0);
  await ended;

  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    type: "com.wasmcloud.lattice.labels_changed",
    source: node.id,
  });
});
