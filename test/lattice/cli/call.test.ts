import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ROOT } from "../../../src/cli/project.ts";
import { entityId } from "../../../src/core/ids.ts";
import { parseWit } from "../../../src/wire/wit-text.ts";
import { startHost, type LatticeHost } from "../../support/lattice-host.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";

const WIT = `
package demo:shop@1.2.0;
interface till {
  record item { name: string, count: u32 }
  sum: func(items: list<item>) -> u64;
  bytes: func(count: u32) -> list<u8>;
  open: func() -> result<string, u32>;
  motto: func() -> string;
  ring: func();
  flow: func(items: stream<string>) -> tuple<stream<string>, future<u32>>;
}
`;
const T = "demo:shop/till@1.2.0";
const image = "https://images.example/till.wasm";
const folder = mkdtempSync(join(tmpdir(), "inlay-call-"));
const wit = join(folder, "till.wit");

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function call(what: readonly string[], options: readonly string[]): Promise<Ended> {
  const program = spawn(
    process.execPath,
    ["--import", "tsx", "src/cli/call.ts", ...what, ...options],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [[code], stdout, stderr] = await Promise.all([
    once(program, "close"),
    text(program.stdout),
    text(program.stderr),
  ]);
  return { code, stdout, stderr };
}

let server: NatsServer;
let node: LatticeHost;
beforeAll(async () => {
  writeFileSync(wit, WIT);
  server = await launchNats();
  const world = { imports: new Map(), exports: parseWit(WIT).interfaces };
  const functions = {
    [`${T}#sum`]: (items: unknown) => BigInt(Array.isArray(items) ? items.length : -1) * 2n ** 60n,
    [`${T}#bytes`]: (count: unknown) => new Uint8Array(Number(count)).fill(7),
    [`${T}#open`]: () => ({ tag: "err", val: 3 }),
    [`${T}#motto`]: () => 'cash "only"',
    [`${T}#ring`]: () => undefined,
    [`${T}#flow`]: (items: unknown) => [items, Promise.resolve(7)],
  };
  node = await startHost(
    { url: server.ws },
    { lattice: "blue", components: { [image]: { world, functions } } },
  );
  await node.host.scale({
    id: entityId("shop"),
    image,
    maxInstances: 10,
    annotations: new Map(),
  });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.each([
  { over: "WebSocket", url: () => server.ws },
  { over: "TCP", url: () => server.nats },
])("a call over $over prints its result as WAVE", async ({ url }) => {
  const items = '[{name: "tea", count: 2}, {"name": "cup", "count": 1}]';

  const ended = await call(
    ["shop", "demo:shop/till.sum", items],
    ["--wit", wit, "--servers", url(), "--lattice", "blue"],
  );

  expect(ended).toEqual({ code: 0, stdout: `${2n ** 61n}\n`, stderr: "" });
});

test("big results come whole over TCP", async () => {
  const ended = await call(
    ["shop", `${T}.bytes`, "3000000", "--json"],
    ["--wit", wit, "--servers", server.nats, "--lattice", "blue"],
  );

  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.stdout)).toHaveLength(3_000_000);
});

test.each([
  { func: "open", stdout: "err(3)\n" },
  { func: "ring", stdout: "" },
])("what $func gives is a value", async ({ func, stdout }) => {
  const ended = await call(
    ["shop", `${T}.${func}`],
    ["--wit", wit, "--servers", server.ws, "--lattice", "blue"],
  );

  expect(ended).toEqual({ code: 0, stdout, stderr: "" });
});

test("streams and futures are written and printed as their contents", async () => {
  const ended = await call(
    ["shop", `${T}.flow`, '["tea", "cup"]'],
    ["--wit", wit, "--servers", server.nats, "--lattice", "blue"],
  );

  expect(ended).toEqual({ code: 0, stdout: '(["tea", "cup"], 7)\n', stderr: "" });
});

test("without WIT the types are those of wash call", async () => {
  const ended = await call(["shop", `${T}.motto`], ["--servers", server.ws, "--lattice", "blue"]);

  expect(ended).toEqual({ code: 0, stdout: '"cash \\"only\\""\n', stderr: "" });
});

test.each([
  { what: "an id that nobody serves", args: ["nobody", `${T}.motto`], says: "not-served", code: 1 },
  { what: "values without WIT", args: ["shop", `${T}.sum`, "[]"], says: "types-unknown", code: 1 },
  { what: "an operation without function", args: ["shop", T], says: "bad-input", code: 2 },
  { what: "no operation", args: ["shop"], says: "npm run call", code: 2 },
])("$what ends with code $code and $says on stderr", async ({ args, says, code }) => {
  const ended = await call(args, ["--servers", server.ws]);

  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(says);
  expect(ended.stdout).toBe("");
});

test("a server that does not answer is told by its address", async () => {
  const ended = await call(
    ["shop", `${T}.motto`],
    ["--servers", "nats://127.0.0.1:1", "--timeout", "2000"],
  );

  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^no-servers: .*127\.0\.0\.1:1/);
});
