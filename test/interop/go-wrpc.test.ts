/** Go `wrpc.io/go` with its `nats` package: it calls a node of ours, and a node of ours calls it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WitValue } from "../../src/core/wit.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";
import type { WrpcNode } from "../support/wrpc-node.ts";
import type { PeerProcess } from "./support/peer-process.ts";

import { entityId } from "../../src/core/ids.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import { everythingComponent, GREETER } from "./support/local-components.ts";
import { testChecks } from "./support/found-checks.ts";
import { runChecks, startServing } from "./support/peer-process.ts";
import { goPeer } from "./support/places.ts";
import { exporting } from "./support/wit.ts";

const PEER = goPeer("wrpcpeer");
const IMAGE = "https://images.example/everything.wasm";
const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let server: NatsServer;
let node: LatticeHost;
beforeAll(async () => {
  server = await launchNats();
  node = await startHost({ url: server.ws }, { components: { [IMAGE]: everythingComponent() } });
  const id = entityId("everything");
  await node.host.scale({ id, image: IMAGE, maxInstances: 100, annotations: new Map() });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("it calls a component of ours", () => {
  const names = [
    "hello",
    "greet",
    "add",
    "echo",
    "several messages",
    "with headers",
    "echo-u64",
    "echo-strings",
    "echo-option",
    "echo-option, none",
    "echo-result-err",
    "a function that nobody serves",
    "pour",
    "count",
  ];
  testChecks(names, () => runChecks(PEER, ["call", server.nats, "default.everything"]));

  test("our host hears which peer calls", () => {
    expect(node.calls).toContainEqual(
      expect.objectContaining({ source: "go-peer", target: "everything", func: "greet" }),
    );
  });
});

describe("our node calls it", () => {
  let peer: PeerProcess;
  let caller: WrpcNode;
  beforeAll(async () => {
    peer = await startServing(PEER, ["serve", server.nats, "default.go"]);
    caller = await openWrpcNode(server.ws);
  });
  afterAll(async () => {
    await caller[Symbol.asyncDispose]();
    await peer[Symbol.asyncDispose]();
  });

  const call = async (func: string, ...args: WitValue[]): Promise<WitValue> => {
    const results = await caller.call("go", exporting(GREETER), `${GREETER}#${func}`, args, {
      source: entityId("everything"),
      link: "other",
      trace: new Map([["traceparent", TRACEPARENT]]),
    });
    return results[0];
  };

  test("no parameters", async () => {
    expect(await call("hello")).toBe("hello from Go");
  });

  test("text and numbers", async () => {
    expect(await call("greet", "Gö 🌍")).toBe("Hello, Gö 🌍, from Go!");
    expect(await call("add", 0xffff_ffff, 3)).toBe(2);
  });

  test("it hears who calls, over which link and in which trace", async () => {
    expect(String(await call("greet", "headers")).split("\n")).toEqual([
      "link-name: other",
      "source-id: everything",
      `traceparent: ${TRACEPARENT}`,
    ]);
  });

  test("parameters and results of several messages", async () => {
    const data = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);

    expect(Buffer.compare((await call("echo", data)) as Uint8Array, data)).toBe(0);
  });

  test("50 calls at once", async () => {
    const calls = Array.from({ length: 50 }, (_, i) => call("add", i, 1));

    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });
});
