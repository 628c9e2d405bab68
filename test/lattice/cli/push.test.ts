/** `npm run push` against a real server, and a node's way of loading that finds there what was pushed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ROOT } from "../../../src/cli/project.ts";
import { load } from "../../../src/runtime/load.ts";
import { createSharedImages } from "../../../src/runtime/shared-images.ts";
import { fixture } from "../../support/fixtures.ts";
import { launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { openTestBus } from "../../support/nats-bus.ts";
import { connectPeer } from "../../support/native-peer.ts";
import { realClock } from "../../support/real-clock.ts";
import { hex, INDEX, openTestRegistry } from "../../support/registry.ts";

const HELLO = fixture("hello");
const PIN = hex(HELLO);
const ANNA = { username: "anna", password: "s3cret" };
const folder = mkdtempSync(join(tmpdir(), "inlay-push-"));
const file = join(folder, "hello.wasm");

let server: NatsServer;
beforeAll(async () => {
  writeFileSync(file, HELLO);
  server = await launchNats();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function push(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const program = spawn(process.execPath, ["--import", "tsx", "src/cli/push.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(program, "close"),
    text(program.stdout),
    text(program.stderr),
  ]);
  return { code, stdout, stderr };
}

/** As a node of the lattice loads: nothing cached, and the store over the bus. */
async function loadFrom(lattice: string, reference: string): Promise<string> {
  await using bus = await openTestBus(server.ws);
  const { log } = recordLog();
  const { signal } = new AbortController();
  const shared = createSharedImages({
    open: (options) => bus.objects(`INLAY_IMAGES_${lattice}`, options),
    shares: false,
    log,
    signal,
  });
  const prepared = await load(
    { reference },
    { signal },
    {
      bridge: "sync",
      clock: realClock,
      maxBytes: 10_000_000,
      allowLatest: false,
      registries: async () => new Map(),
      proxy: undefined,
      cache: undefined,
      shared,
      transpiler: {
        transpile: () => Promise.resolve({ glue: "", cores: new Map(), keepsHandles: false }),
        end: () => undefined,
      },
      log,
      afterwards: () => undefined,
    },
  );
  return prepared.digest;
}

test("a file is stored once, under its digest, where other clients see it; nodes load it", async () => {
  const at = ["--servers", server.nats, "--lattice", "files"];
  const first = await push([file, ...at]);
  const second = await push([file, ...at, "--json"]);
  await using peer = await connectPeer(server.ws);
  const store = await peer.nats.jetstream().views.os("INLAY_IMAGES_files");
  const listed = (await store.list()).map(({ name, size }) => [name, size]);

  expect(first).toEqual({
    code: 0,
    stdout: `lattice:///sha256:${PIN}\n`,
    stderr: `INLAY_IMAGES_files has sha256:${PIN} now, ${HELLO.length} bytes\n`,
  });
  expect(JSON.parse(second.stdout)).toEqual({
    reference: `lattice:///sha256:${PIN}`,
    digest: PIN,
    bytes: HELLO.length,
    stored: 0,
  });
  expect(listed).toEqual([[`sha256:${PIN}`, HELLO.length]]);
  expect(await loadFrom("files", first.stdout.trim())).toBe(PIN);
  expect(await loadFrom("files", `http://127.0.0.1:1/x.wasm#sha256=${PIN}`)).toBe(PIN);
});

test("an image of a private registry is pushed with all that leads to it, and then loads without the registry", async () => {
  const registry = await openTestRegistry({ auth: { by: "token", ...ANNA } });
  const { manifest } = registry.push("acme/hello", "wasm", HELLO);
  const entry = { mediaType: INDEX, digest: `sha256:${manifest}`, size: 1 };
  const index = registry.pushManifest("acme/hello", "0.1.0", {
    schemaVersion: 2,
    manifests: [entry],
  });

  const pushed = await push(
    [`${registry.host}/acme/hello:0.1.0`, "--servers", server.ws, "--lattice", "images"],
    { INLAY_REGISTRY_USER: ANNA.username, INLAY_REGISTRY_PASSWORD: ANNA.password },
  );
  await registry[Symbol.asyncDispose]();

  expect(pushed).toMatchObject({
    code: 0,
    stdout: `${registry.host}/acme/hello@sha256:${index}\n`,
  });
  expect(pushed.stderr.match(/ has sha256:[0-9a-f]{64} now/g)?.length).toBe(3);
  expect(await loadFrom("images", pushed.stdout.trim())).toBe(PIN);
});

test("a store that somebody has filled with something else gives nothing", async () => {
  await using peer = await connectPeer(server.ws);
  const store = await peer.nats.jetstream().views.os("INLAY_IMAGES_hostile");
  await store.putBlob({ name: `sha256:${PIN}` }, fixture("types"));

  const loaded = loadFrom("hostile", `lattice:///sha256:${PIN}`);

  await expect(loaded).rejects.toMatchObject({ code: "digest-mismatch" });
});

test.each([
  {
    what: "no component",
    args: [join(folder, "../no-such-folder/x.wasm")],
    code: 2,
    says: "bad-input",
  },
  { what: "nothing", args: [], code: 2, says: "npm run push" },
  { what: "too much", args: ["a", "b"], code: 2, says: "one file or reference" },
  {
    what: "an image that is away",
    args: ["127.0.0.1:1/a/b:1"],
    code: 1,
    says: "image-unavailable",
  },
  {
    what: "what is in the lattice",
    args: [`lattice:///sha256:${PIN}`],
    code: 2,
    says: "bad-input",
  },
])("$what ends with code $code and $says on stderr", async ({ args, code, says }) => {
  const ended = await push([...args, "--servers", server.ws]);

  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(says);
  expect(ended.stdout).toBe("");
});

test("what is no component is not stored", async () => {
  const other = join(folder, "text.wasm");
  writeFileSync(other, "no WebAssembly");

  const ended = await push([other, "--servers", server.ws, "--lattice", "none"]);

  expect(ended).toMatchObject({ code: 1, stdout: "" });
  expect(ended.stderr).toMatch(/^bad-image: /);
});
