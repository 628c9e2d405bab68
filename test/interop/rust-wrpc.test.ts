/** Rust `wrpc-transport-nats` with `wit-bindgen-wrpc`: it calls a node of ours, and a node of ours calls it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WitStream, WitValue, World } from "../../src/core/wit.ts";
import type { LatticeHost } from "../support/lattice-host.ts";
import type { NatsServer } from "../support/launch-nats.ts";
import type { WrpcNode } from "../support/wrpc-node.ts";
import type { PeerProcess } from "./support/peer-process.ts";

import * as fc from "fast-check";
import { entityId } from "../../src/core/ids.ts";
import { startHost } from "../support/lattice-host.ts";
import { launchNats } from "../support/launch-nats.ts";
import { bytesOfStream, chunksOf, streamOf } from "../support/streams.ts";
import { witValue } from "../support/wit-values.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import {
  counterFunctions,
  COUNTERS,
  flowComponent,
  FLOWS,
  GREETER,
  plainComponent,
  TYPES,
} from "./support/local-components.ts";
import { testChecks } from "./support/found-checks.ts";
import { runChecksAgain, startServing } from "./support/peer-process.ts";
import { rustPeer } from "./support/places.ts";
import { exporting, exportingAll } from "./support/wit.ts";

const PEER = rustPeer("wrpc-peer");
const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

const image = (name: string): string => `https://images.example/${name}.wasm`;

let server: NatsServer;
let node: LatticeHost;
let caller: WrpcNode;
beforeAll(async () => {
  server = await launchNats();
  const components = {
    [image("plain")]: plainComponent(),
    [image("flows")]: flowComponent(),
  };
  node = await startHost({ url: server.ws }, { components });
  await Promise.all(
    ["plain", "flows"].map((name) =>
      node.host.scale({
        id: entityId(name),
        image: image(name),
        maxInstances: 100,
        annotations: new Map(),
      }),
    ),
  );
  caller = await openWrpcNode(server.ws);
  // Hosts do not serve what gives handles out; the protocol's own end does.
  await caller.serve("counters", exporting(COUNTERS), counterFunctions(), { handles: true });
});
afterAll(async () => {
  await caller[Symbol.asyncDispose]();
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The functions that the peer's generator can be given. */
const callable = [...(exporting(TYPES).exports.get(TYPES)?.keys() ?? [])].filter(
  (name) => name !== "echo-many",
);

describe.each([
  {
    what: "call-types",
    target: "plain",
    names: [
      ...callable,
      "greet",
      "add",
      "many at once",
      "headers and more than a message",
      "a function that nobody serves",
    ],
  },
  {
    what: "call-flows",
    target: "flows",
    names: ["through", "through, nothing", "count", "pour", "sums", "later", "wait-for", "mix"],
  },
  {
    what: "call-counters",
    target: "counters",
    names: ["a counter", "two counters", "a static function"],
  },
])("it calls a component of ours: $what", ({ what, target, names }) => {
  testChecks(names, () => runChecksAgain(PEER, [what, server.nats, `default.${target}`]));
});

test("our host hears which peer calls", () => {
  expect(node.calls).toContainEqual(
    expect.objectContaining({ source: "rust-peer", target: "plain", func: "echo" }),
  );
});

/** Starts the peer as a server for the tests of one group; gives what calls it. */
function servedBy(what: string, id: string, world: World) {
  let peer: PeerProcess;
  beforeAll(async () => {
    // What is generated for 50 functions and not optimised needs more of the main thread's stack than the usual 8 MiB.
    const roomy = 'ulimit -s 262144 && exec "$0" "$@"';
    peer = await startServing("sh", ["-c", roomy, PEER, what, server.nats, `default.${id}`]);
  });
  afterAll(() => peer[Symbol.asyncDispose]());
  return async (func: string, ...args: WitValue[]): Promise<WitValue> => {
    const results = await caller.call(id, world, func, args, {
      source: entityId("plain"),
      link: "other",
      trace: new Map([["traceparent", TRACEPARENT]]),
    });
    return results[0];
  };
}

describe("our node calls it: values", () => {
  const call = servedBy("serve-types", "rust", exportingAll([TYPES, GREETER]));

  test.each(callable)("%s", async (func) => {
    const params = exporting(TYPES).exports.get(TYPES)?.get(func)?.params ?? [];
    const types = params.map(({ type }) => witValue(type));

    const samples = fc.sample(fc.tuple(...types), { numRuns: 20, seed: 1 });

    for (const args of samples) {
      // oxlint-disable-next-line no-await-in-loop -- which value failed is seen
      const result = await call(`${TYPES}#${func}`, ...args);
      expect(result).toEqual(args.length === 1 ? args[0] : args);
    }
  });

  test("numbers at the edges, whose standard encoding its decoder refuses", async () => {
    expect(await call(`${TYPES}#echo-s16`, -0x8000)).toBe(-0x8000);
    expect(await call(`${TYPES}#echo-s32`, -0x8000_0000)).toBe(-0x8000_0000);
    expect(await call(`${TYPES}#echo-s64`, -(2n ** 63n))).toBe(-(2n ** 63n));
    const some = [-8193, undefined, 7];
    expect(await call(`${TYPES}#echo-options`, some)).toEqual(some);
  });

  test("no parameters", async () => {
    expect(await call(`${GREETER}#hello`)).toBe("hello from Rust");
  });

  test("it hears who calls, over which link and in which trace", async () => {
    const headers = String(await call(`${GREETER}#greet`, "headers"));

    expect(headers.split("\n")).toEqual([
      "link-name: other",
      "source-id: plain",
      `traceparent: ${TRACEPARENT}`,
    ]);
  });

  test("parameters and results of several messages", async () => {
    const data = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251);

    const echoed = (await call(`${GREETER}#echo`, data)) as Uint8Array;

    expect(Buffer.compare(echoed, data)).toBe(0);
  });

  test("200 calls at once", async () => {
    const calls = Array.from({ length: 200 }, (_, i) => call(`${GREETER}#add`, i, 1));

    expect(await Promise.all(calls)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test("a call that fails there ends here, with a reason", async () => {
    const failing = call(`${GREETER}#echo`, Buffer.from("fail"));

    await expect(failing).rejects.toMatchObject({ code: expect.any(String) });
  });
});

describe("our node calls it: streams and futures", () => {
  const call = servedBy("serve-flows", "rust-flows", exporting(FLOWS));
  const SIZE = 4_000_900;
  const all = Uint8Array.from({ length: SIZE }, (_, i) => i % 251);
  function* chunks(): Iterable<Uint8Array> {
    for (let at = 0; at < SIZE; at += 40_009) yield all.subarray(at, at + 40_009);
  }

  test("through", async () => {
    const back = await call(`${FLOWS}#through`, streamOf(chunks()));

    expect(Buffer.compare(await bytesOfStream(back as WitStream), all)).toBe(0);
  });

  test("through, nothing", async () => {
    const back = await call(`${FLOWS}#through`, streamOf([]));

    expect(await chunksOf(back as WitStream)).toEqual([]);
  });

  test("count", async () => {
    expect(await call(`${FLOWS}#count`, streamOf(chunks()))).toBe(BigInt(SIZE));
  });

  test("pour", async () => {
    const poured = await call(`${FLOWS}#pour`, BigInt(SIZE));

    expect(Buffer.compare(await bytesOfStream(poured as WitStream), all)).toBe(0);
  });

  test("sums", async () => {
    const numbers = [[1, 2, 3], [0], [0xffff_ffff, 1]];

    const sums = await chunksOf((await call(`${FLOWS}#sums`, streamOf(numbers))) as WitStream);

    expect(sums.flatMap((chunk) => Array.from(chunk as readonly bigint[]))).toEqual([
      6n,
      0n,
      0x1_0000_0000n,
    ]);
  });

  test("later", async () => {
    expect(await call(`${FLOWS}#later`, "ab", 3)).toBe("ababab");
  });

  test("wait-for", async () => {
    expect(await call(`${FLOWS}#wait-for`, Promise.resolve("at last"))).toBe("at last");
  });

  test("mix", async () => {
    const mixed = await call(`${FLOWS}#mix`, streamOf(chunks()), 7, Promise.resolve(6));

    const [data, last] = mixed as [WitStream, Promise<number>];
    expect(Buffer.compare(await bytesOfStream(data), all)).toBe(0);
    expect(await last).toBe(42);
  });
});

describe("our node calls it: a resource", () => {
  const call = servedBy("serve-counters", "rust-counters", exporting(COUNTERS));

  test("a constructor gives a handle, which methods take", async () => {
    const one = await call(`${COUNTERS}#[constructor]counter`, 5n);
    const two = await call(`${COUNTERS}#[constructor]counter`, 1n);

    expect(await call(`${COUNTERS}#[method]counter.add`, one, 3n)).toBe(8n);
    expect(await call(`${COUNTERS}#[method]counter.value`, one)).toBe(8n);
    expect(await call(`${COUNTERS}#[method]counter.value`, two)).toBe(1n);
  });

  test("a static function", async () => {
    const numbers = BigUint64Array.of(1n, 2n, 3n);

    expect(await call(`${COUNTERS}#[static]counter.sum`, numbers)).toBe(6n);
  });
});
