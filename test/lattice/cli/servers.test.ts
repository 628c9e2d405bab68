import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

import { readStartArguments } from "../../../src/cli/arguments.ts";
import { openLattice, type Lattice } from "../../../src/cli/lattice.ts";
import { findNatsServer, launchNatsServer, type NatsServer } from "../../../src/cli/nats-server.ts";
import { findRunning } from "../../../src/cli/running.ts";
import { thisMachine } from "../../../src/cli/tools.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { handshake, speakNats } from "./nats-client.ts";

const root = mkdtempSync(join(tmpdir(), "inlay-servers-"));
const said: string[] = [];
const machine = thisMachine((line) => said.push(line));
const { signal } = new AbortController();

function start(...args: readonly string[]): Promise<Lattice> {
  const options = readStartArguments(["--port", "0", ...args]);
  return openLattice({ options, dist: root, data: join(root, "data"), machine, signal });
}

let theirs: NatsServer;
beforeAll(async () => {
  theirs = await launchNatsServer({
    binary: findNatsServer(machine),
    storeDir: join(root, "theirs"),
    origins: [],
    signal,
  });
});
afterAll(async () => {
  await theirs[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

test("a WebSocket server is passed through to, and nothing is started", async () => {
  await using lattice = await start("--servers", theirs.ws);

  const { info, pong } = await speakNats(lattice.addresses.ws);

  expect(pong).toBe("PONG");
  expect(info["port"]).toBe(Number(new URL(theirs.tcp).port));
  expect(lattice.addresses).toMatchObject({ nats: null, wsDirect: theirs.ws });
});

test("a TCP server is bridged to, big messages included", async () => {
  await using lattice = await start("--servers", theirs.tcp);
  const payload = "x".repeat(1_000_000);

  const { info, frames } = await speakNats(lattice.addresses.ws, {
    say: `SUB echo 1\r\nPUB echo ${payload.length}\r\n${payload}\r\n`,
  });

  expect(info["port"]).toBe(Number(new URL(theirs.tcp).port));
  expect(frames.reduce((sum, length) => sum + length)).toBeGreaterThan(payload.length);
  expect(lattice.addresses).toMatchObject({ nats: theirs.tcp, wsDirect: null });
});

test("the bridge refuses foreign pages too", async () => {
  await using lattice = await start("--servers", theirs.tcp);

  const answer = await handshake(lattice.addresses.ws, { origin: "http://evil.test" });

  expect(answer).toBe(403);
});

test("what speaks no NATS is a bad gateway", async () => {
  const other = createServer((socket) => socket.end("220 mail ready\r\n")).listen(0, "127.0.0.1");
  await once(other, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP listener's address is never a string
  const { port } = other.address() as AddressInfo;
  await using lattice = await start("--servers", `nats://127.0.0.1:${port}`);

  const answer = await handshake(lattice.addresses.ws);

  expect(answer).toBe(502);
  expect(said.at(-1)).toContain("220 mail ready");
  other.close();
});

test("a server that asks for TLS gets it, and the page is not told", async ({ onTestFinished }) => {
  const tls = resolve(import.meta.dirname, "tls");
  const config = join(root, "tls.conf");
  writeFileSync(
    config,
    JSON.stringify({
      host: "127.0.0.1",
      port: -1,
      tls: { cert_file: join(tls, "cert.pem"), key_file: join(tls, "key.pem") },
    }),
  );
  const server = spawn(findNatsServer(machine), ["-c", config], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void server.kill());
  let log = "";
  for await (const chunk of server.stderr
    .setEncoding("utf8")
    .iterator({ destroyOnReturn: false })) {
    log += String(chunk);
    if (log.includes("Server is ready")) break;
  }
  const port = /client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];

  // In a process of its own, for Node reads whom to trust when it starts.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", resolve(import.meta.dirname, "tls-client.ts"), `nats://localhost:${port}`],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(tls, "cert.pem") } },
  );

  expect(JSON.parse(stdout)).toMatchObject({ pong: "PONG", info: { port: Number(port) } });
  expect(JSON.parse(stdout).info).not.toHaveProperty("tls_required");
});

test("data is kept in the store that is named, which has one server at a time", async () => {
  const store = join(root, "store");
  const bucketAt = async ({ addresses }: Lattice) => {
    const bus = await openTestBus(addresses.wsDirect ?? "", { signal: over.signal });
    return bus.bucket("kept", { signal, create: true });
  };
  const over = new AbortController();
  const first = await start("--store", store);
  await (await bucketAt(first)).put("key", Uint8Array.of(42), { signal });

  await expect(start("--store", store)).rejects.toMatchObject({
    code: "conflict",
    message: `another npm start uses the store ${store}`,
  });
  await first[Symbol.asyncDispose]();
  await using again = await start("--store", store);
  const entry = await (await bucketAt(again)).get("key", signal);
  over.abort();

  expect(entry?.value).toEqual(Uint8Array.of(42));
});

test("an instance is known while it runs", async () => {
  const lattice = await start("--servers", theirs.ws, "--lattice", "blue");

  const during = findRunning(join(root, "data"));
  await lattice[Symbol.asyncDispose]();
  const after = findRunning(join(root, "data"));

  expect(during).toEqual({ ...lattice.addresses, lattice: "blue" });
  expect(after).toBeUndefined();
});

test("of instances that died without a word nothing is found", async () => {
  await using lattice = await start("--servers", theirs.ws);
  const gone = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(gone, "close");
  const file = join(root, "data/running", `${gone.pid}.json`);
  writeFileSync(file, `{"page":"http://gone/"}\n`);

  const running = findRunning(join(root, "data"));

  expect(running?.page).toBe(lattice.addresses.page);
});

test("a second instance gets a store of its own and says so", async () => {
  await using first = await start();

  await using second = await start();

  expect(second.addresses.nats).not.toBe(first.addresses.nats);
  expect(said.at(-1)).toContain("another npm start");
  expect((await speakNats(second.addresses.ws)).info["jetstream"]).toBe(true);
});
