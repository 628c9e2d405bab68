/** `npm run nats-config`: what it prints is taken by a real server, is enough for a node, and is no more than that. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "nats.ws";
import { afterAll, describe, expect, test } from "vitest";
import type { LatticeHost } from "../../support/lattice-host.ts";
import type { NativePeer } from "../../support/native-peer.ts";

import { ROOT } from "../../../src/cli/project.ts";
import { entityId } from "../../../src/core/ids.ts";
import { findNatsServer, launchNats, type NatsServer } from "../../support/launch-nats.ts";
import { startHost, testHostId } from "../../support/lattice-host.ts";
import { connectPeer } from "../../support/native-peer.ts";

const NKEY = nkeys.createUser().getPublicKey();
const HOST = testHostId();
const folder = mkdtempSync(join(tmpdir(), "inlay-nats-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function natsConfig(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(ROOT, "src/cli/nats-config.ts"), ...args],
    { cwd: ROOT, encoding: "utf8" },
  );
  return { code: status, stdout, stderr };
}

/** A server whose user `tab` may do what the command printed, and whose user `lattice` may do all. */
function serverFor(...args: string[]): Promise<NatsServer> {
  process.env["INLAY_TAB_PASSWORD"] = "t";
  const { stdout, stderr } = natsConfig("--user", "tab", "--host", HOST, "--user-only", ...args);
  expect(stderr).toBe("");
  return launchNats({
    config: `authorization { users: [
${stdout}{ user: lattice, password: l }
] }`,
  });
}

/** Makes the buckets, as a native host does. */
async function prepare(server: NatsServer): Promise<void> {
  await using host = await startHost({ url: as(server, "lattice:l") });
  await host.sharing(true); // what the lattice keeps was read
}

const as = (server: NatsServer, who: string): string => server.ws.replace("//", `//${who}@`);
const violations = (server: NatsServer): readonly string[] =>
  server
    .log()
    .split("\n")
    .filter((line) => line.includes("Violation"));
const denials = (node: LatticeHost): readonly unknown[] =>
  node.log.filter(({ event }) => event.includes("denied"));

const image = "https://images.example/hello.wasm";
const string = { kind: "string" } as const;
const components = {
  [image]: {
    world: {
      imports: new Map(),
      exports: new Map([
        ["demo:app/greeter", new Map([["greet", { params: [], result: string }]])],
      ]),
    },
    functions: { "demo:app/greeter#greet": () => "hi" },
  },
};
const run = (node: LatticeHost, id: string): Promise<void> =>
  node.host.scale({ id: entityId(id), image, maxInstances: 1, annotations: new Map() });
const greet = async (peer: NativePeer, id: string): Promise<string> => {
  const subject = `default.${id}.wrpc.0.0.1.demo:app/greeter.greet`;
  return (await peer.invoke(subject, new Uint8Array(0), { timeoutMs: 30_000 })).outcome;
};
const link = {
  source_id: "hello",
  target: "kv",
  wit_namespace: "wasi",
  wit_package: "keyvalue",
  interfaces: ["store"],
};

describe("a server that knows its user", () => {
  test("lets a node join, be commanded, read what the lattice keeps, serve and call: without one refusal", async () => {
    await using server = await serverFor("--serve", "hello", "--call", "other", "--write");
    await using peer = await connectPeer(server.ws, { user: "lattice", pass: "l" });
    await using other = await startHost({ url: as(server, "lattice:l") }, { components });
    await run(other, "other");

    await using node = await startHost(
      { url: as(server, "tab:t") },
      { id: HOST, components, parts: { shareWork: false } },
    );
    const start = await peer.ask(`wasmbus.ctl.v1.default.component.scale.${HOST}`, {
      component_ref: image,
      component_id: "hello",
      count: 1,
    });
    await expect
      .poll(() => node.host.entries().map(({ state }) => state.phase))
      .toEqual(["running"]);
    const served = await greet(peer, "hello");
    const callee = node.host.calleeFor(entityId("other"), components[image]?.world);
    const called = await callee.invoke({
      id: "1",
      source: undefined,
      target: entityId("other"),
      link: "default",
      instance: "demo:app/greeter",
      func: "greet",
      args: [],
      trace: new Map(),
      signal: AbortSignal.timeout(30_000),
    });
    await other.sharing(true);
    const put = await peer.ask("wasmbus.ctl.v1.default.link.put", link);
    await expect.poll(() => node.facts.links.peek().get(entityId("hello"))).toHaveLength(1);
    const stop = await peer.ask(`wasmbus.ctl.v1.default.component.scale.${HOST}`, {
      component_ref: image,
      component_id: "hello",
      count: 0,
    });
    await expect.poll(() => node.host.entries()).toEqual([]);

    expect([start, put, stop]).toEqual(Array(3).fill(expect.objectContaining({ success: true })));
    expect([served, [...called]]).toEqual(["ended", ["hi"]]);
    expect(node.facts.status.peek()).toEqual({ phase: "live" });
    expect([denials(node), violations(server)]).toEqual([[], []]);
  });

  test("lets a node that shares the lattice's work do that", async () => {
    await using server = await serverFor("--write", "--share");
    await prepare(server);
    await using peer = await connectPeer(server.ws, { user: "lattice", pass: "l" });

    await using node = await startHost({ url: as(server, "tab:t") }, { id: HOST, components });
    await node.sharing(true);
    const put = await peer.ask("wasmbus.ctl.v1.default.link.put", link);

    expect(put).toMatchObject({ success: true });
    expect([denials(node), violations(server)]).toEqual([[], []]);
  });

  test("lets a node of 0.82 and v2 join without one refusal", async () => {
    await using server = await serverFor("--dialects", "v0,v2", "--write", "--share");
    await prepare(server);

    await using old = await startHost(
      { url: as(server, "tab:t") },
      { id: HOST, v0: { issuers: [] }, v2: {} },
    );
    await old.sharing(true);

    expect([denials(old), violations(server)]).toEqual([[], []]);
  });

  test.each([
    { options: ["--call", "other"], writes: false },
    {
      options: ["--call", "other", "--providers", "--resources", "--dialects", "v0,v1,v2"],
      writes: false,
    },
    { options: ["--call", "other", "--write", "--observe"], writes: true },
  ])("does not let a tab do anything else, with $options", async ({ options, writes }) => {
    await using server = await serverFor("--serve", "hello", ...options);
    await using tab = await connectPeer(server.ws, { user: "tab", pass: "t" });
    const elsewhere = testHostId();

    const published = [
      `wasmbus.ctl.v1.default.component.scale.${elsewhere}`,
      "wasmbus.ctl.v1.default.link.put",
      "wasmbus.evt.prod.host_started",
      "wadm.api.default.model.put",
      "default.secret.wrpc.0.0.1.demo:app/greeter.greet",
      ...(writes ? [] : ["$KV.LATTICEDATA_default.COMPONENT_x"]),
      "wasmbus.rpc.default.secret.default.shutdown",
      "runtime.operator.heartbeat.other",
      "$JS.API.CONSUMER.CREATE.KV_LATTICEDATA_default",
      "$JS.API.STREAM.CREATE.KV_LATTICEDATA_default",
      "$JS.API.STREAM.CREATE.KV_INLAYLEASES_default",
      "$JS.API.STREAM.UPDATE.KV_LATTICEDATA_default",
      "$JS.API.STREAM.DELETE.KV_LATTICEDATA_default",
      "$SYS.REQ.SERVER.PING",
    ];
    const heard = [
      [">"],
      ["_INBOX.>"],
      ...(options.includes("--observe") ? [] : [["wasmbus.evt.default.*"] as const]),
      ["wasmbus.rpc.default.>"],
      ["wasmbus.rpc.default.secret.>"],
      ["runtime.host.>"],
      ["runtime.host.other.>"],
      [`wasmbus.ctl.v1.default.host.*.${elsewhere}`],
      ["default.hello.wrpc.0.0.1.>"],
      ["default.secret.wrpc.0.0.1.>", "default.secret"],
      ["default.hello.wrpc.0.0.1.>", "another"],
    ] as const;
    for (const subject of published) tab.nats.publish(subject);
    for (const [subject, queue] of heard) {
      tab.nats.subscribe(subject, queue === undefined ? {} : { queue });
    }
    await tab.nats.flush();

    await expect.poll(() => violations(server)).toHaveLength(published.length + heard.length);
    const refused = violations(server).join("\n");
    const subjects = [...published, ...heard.map(([subject]) => subject)];
    expect(subjects.filter((subject) => !refused.includes(`"${subject}"`))).toEqual([]);
  });
});

test("the whole configuration is one that a server starts with", () => {
  const { code, stdout } = natsConfig(
    "--nkey",
    NKEY,
    "--host",
    HOST,
    "--origin",
    "https://page.example",
  );
  const file = join(folder, "nats-server.conf");
  writeFileSync(file, stdout);

  const checked = spawnSync(findNatsServer(), ["-t", "-c", file], {
    encoding: "utf8",
    env: { ...process.env, INLAY_LATTICE_PASSWORD: "l" },
  });

  expect(code).toBe(0);
  expect(stdout).toContain(`nkey: ${NKEY}`);
  expect(`${checked.stdout}${checked.stderr}`).toContain("configuration file");
  expect(checked.status).toBe(0);
});

test.each([
  { args: [], wanted: "--nkey U… or --user NAME is wanted" },
  { args: ["--nkey", "SUSECRETSECRET"], wanted: "--nkey has a seed" },
  { args: ["--nkey", "nobody"], wanted: "is no user's public key" },
  { args: ["--nkey", NKEY, "--user", "tab"], wanted: "give one" },
  { args: ["--user", "tab", "--host", "x"], wanted: "x" },
  { args: ["--user", "tab"], wanted: "--host N… or --any-host" },
  { args: ["--user", "tab", "--any-host", "--providers"], wanted: "--serve a,b" },
  { args: ["--user", "tab", "--any-host", "--dialects", "v9"], wanted: '"v9" is none' },
  { args: ["--user", "tab", "--any-host", "--origin", "https://a.example/"], wanted: "--origin" },
  { args: ["--user", "tab", "--any-host", "--tls-cert", "x"], wanted: "go together" },
  { args: ["--user", "tab", "--any-host", "--domain", "a.b"], wanted: "--domain" },
  { args: ["--user", "tab", "--any-host", "--port", "0"], wanted: "--port" },
])("bad input $args ends with code 2 and says what was wanted", ({ args, wanted }) => {
  const { code, stdout, stderr } = natsConfig(...args);

  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^bad-input: /);
  expect(stderr).toContain(wanted);
  expect(stderr).not.toContain("SUSECRETSECRET");
});
