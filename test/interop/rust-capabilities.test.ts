/**
 * Capability providers of Rust, called by components of WebAssembly in a tab through links and named configuration that
 * the tab itself keeps: wasmCloud's blob store on a disk, a store that speaks the older version, and a client of HTTP.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createPort } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ImageServer } from "../support/image-server.ts";
import type { InlayServer } from "../support/inlay-server.ts";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";
import type { WrpcNode } from "../support/wrpc-node.ts";
import type { PeerProcess } from "./support/peer-process.ts";

import { LATTICE_WIT } from "../../src/interfaces/lattice-wit.ts";
import { parseWit } from "../../src/wire/wit-text.ts";
import { fixtureWit } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { bytesOfStream, pattern, streamOf } from "../support/streams.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import { startProvider } from "./support/provider-peer.ts";

const lattice = `capabilities-${crypto.randomUUID()}`;
const BLOBS = "inlay:test/blobs";
const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const SIZE = 3_000_001;

let server: InlayServer;
let images: ImageServer;
let browser: TestBrowser;
let tab: JoinedTab;
let peer: NativePeer;
let tester: WrpcNode;
let site: Server;
const root = mkdtemp(join(tmpdir(), "inlay-blobs-"));
beforeAll(async () => {
  site = createServer((request, response) => {
    if (request.url === "/late") return; // never answered
    response.writeHead(299, { "x-path": String(request.url), trailer: "x-sum" });
    request.on("data", (chunk: Buffer) => response.write(chunk));
    request.on("end", () => {
      response.addTrailers({ "x-sum": "7" });
      response.end();
    });
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  server = await startInlay();
  images = await serveImages();
  browser = await browsers.chromium();
  peer = await connectPeer(server.wsDirect);
  tester = await openWrpcNode(server.wsDirect, { lattice });
  tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice });
  for (const id of ["blobs", "web"]) {
    // oxlint-disable-next-line no-await-in-loop -- two of them
    await start(id);
  }
  await vi.waitUntil(() => tab.run("return node.view.peek().sharing"), { timeout: 30_000 });
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
  await tester[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
  await images[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(await root, { recursive: true, force: true });
});

async function start(id: string): Promise<void> {
  const events = await peer.listen(`wasmbus.evt.${lattice}.component_scaled`);
  await command(`component.scale.${tab.hostId}`, {
    component_ref: images.url(`${id}.wasm`),
    component_id: id,
    count: 4,
  });
  await events.next(
    (json) => (json as { data: { component_id: string } }).data.component_id === id,
    60_000,
  );
}

async function command(tail: string, body: object): Promise<void> {
  const reply = await peer.ask(`wasmbus.ctl.v1.${lattice}.${tail}`, body);
  expect(reply).toMatchObject({ success: true });
}

/** A provider of `capabilities-peer` under its own name, linked to by `source` through a link that the tab keeps. */
async function linked(
  kind: string,
  source: string,
  of: readonly [name: string, face: string],
  targetConfig: readonly string[] = [],
): Promise<PeerProcess> {
  const id = kind.replaceAll(".", "-");
  const program = ["capabilities-peer", kind] as const;
  const provider = await startProvider(peer, server.nats, id, [], { lattice, program });
  await command("link.del", {
    source_id: source,
    name: "default",
    wit_namespace: "wasi",
    wit_package: of[0],
  });
  await command("link.put", {
    source_id: source,
    target: id,
    name: "default",
    wit_namespace: "wasi",
    wit_package: of[0],
    interfaces: [of[1]],
    source_config: [],
    target_config: targetConfig,
  });
  return provider;
}

function exporting(instance: string, wit: string) {
  const functions = parseWit(wit).interfaces.get(instance);
  if (functions === undefined) throw new Error(`no types of ${instance}`);
  return { imports: new Map(), exports: new Map([[instance, functions]]) };
}

const blobs = exporting(BLOBS, fixtureWit("blobs/blobs.wit"));

async function call(func: string, ...args: readonly unknown[]): Promise<unknown> {
  const [answer] = await tester.call("blobs", blobs, `${BLOBS}#${func}`, args);
  const { tag, val } = answer as { tag: string; val: unknown };
  return tag === "ok" ? val : `err ${String(val)}`;
}

const hello = new Uint8Array(Buffer.from("hello, store"));

describe("blob stores", () => {
  test("wasmCloud's own keeps containers and objects of a component on its disk", async () => {
    const directory = await root;
    await command("config.put.fs-root", { root: directory });
    await using _ = await linked("blobstore-fs", "blobs", ["blobstore", "blobstore"], ["fs-root"]);
    // It hears of the link beside us.
    await expect.poll(() => call("create", "photos"), { timeout: 20_000 }).toBe(undefined);

    expect(await call("exists", "photos")).toBe(true);
    expect(await call("exists", "music")).toBe(false);
    expect(Number(await call("created", "photos"))).toBeGreaterThan(0);
    expect(await call("put", "photos", "small", hello)).toBe(undefined);
    expect(await readFile(join(directory, "photos", "small"), "utf8")).toBe("hello, store");
    expect(await call("pour", "photos", "large", BigInt(SIZE))).toBe(undefined);
    expect(await call("drain", "photos", "large")).toBe(BigInt(SIZE));
    expect(await call("part", "photos", "small", 7n, 12n)).toEqual(
      new Uint8Array(Buffer.from("store")),
    );
    expect(await call("size", "photos", "large")).toBe(BigInt(SIZE));
    expect(await call("copy", "photos", "small", "photos", "copied")).toBe(undefined);
    expect(await call("move", "photos", "small", "photos", "moved")).toBe(undefined);
    expect(await call("has", "photos", "small")).toBe(false);
    expect(await call("get", "photos", "moved")).toEqual(hello);
    const [names, all] = (await call("names", "photos", 0n, 10n)) as [string[], boolean];
    expect([names.toSorted(), all]).toEqual([["copied", "large", "moved"], true]);
    expect(await call("size", "photos", "nothing")).toContain("err failed to lookup file metadata");
    expect(await call("get", "music", "x")).toBe("err container does not exist");
    expect(await call("part", "photos", "moved", 5n, 1n)).toBe(
      "err `end` must be greater than `start`",
    );
    expect(await call("delete", "photos", ["large"])).toBe(undefined);
    expect(await call("delete", "photos", ["copied", "moved"])).toBe(undefined);
    expect(await readdir(join(directory, "photos"))).toEqual([]);
    expect(await call("put", "photos", "small", hello)).toBe(undefined);
    expect(await call("clear", "photos")).toBe(undefined);
    expect(await call("remove", "photos")).toBe(undefined);
    expect(await readdir(directory)).toEqual([]);
  });

  test("one that offers 0.1.0 alone serves it as well", async () => {
    await using _ = await linked("blobstore-0.1.0", "blobs", ["blobstore", "blobstore"]);
    await expect.poll(() => call("create", "photos"), { timeout: 20_000 }).toBe(undefined);

    expect(await call("put", "photos", "small", hello)).toBe(undefined);
    expect(await call("pour", "photos", "large", BigInt(SIZE))).toBe(undefined);
    expect(await call("drain", "photos", "large")).toBe(BigInt(SIZE));
    expect(await call("part", "photos", "small", 7n, 12n)).toEqual(
      new Uint8Array(Buffer.from("store")),
    );
    expect(await call("size", "photos", "large")).toBe(BigInt(SIZE));
    expect(await call("copy", "photos", "small", "photos", "copied")).toBe(undefined);
    expect(await call("move", "photos", "small", "photos", "moved")).toBe(undefined);
    expect(await call("names", "photos", 1n, 1n)).toEqual([["large"], false]);
    expect(await call("created", "photos")).toBe(1_700_000_000n);
    expect(await call("get", "photos", "small")).toBe("err there is no object small");
    expect(await call("delete", "photos", ["copied", "moved"])).toBe(undefined);
    expect(await call("names", "photos", 0n, 9n)).toEqual([["large"], true]);
    expect(await call("remove", "photos")).toBe(undefined);
    expect(await call("exists", "photos")).toBe(false);
  });
});

describe("HTTP that goes out", () => {
  interface Answered {
    readonly tag: "ok" | "err";
    readonly val: {
      readonly status: number;
      readonly body: ReadableStream<Uint8Array>;
      readonly trailers: Promise<unknown>;
    };
  }

  async function ask(path: string, chunks: Iterable<Uint8Array> = []) {
    const request = {
      body: streamOf(chunks),
      trailers: Promise.resolve(undefined),
      method: { tag: "post" },
      pathWithQuery: path,
      scheme: { tag: "HTTP" },
      authority: "here.example",
      headers: [],
    };
    const [answer] = await tester.call(
      "web",
      exporting(INCOMING, LATTICE_WIT),
      `${INCOMING}#handle`,
      [request],
    );
    const { val } = answer as Answered;
    const body = Buffer.from(await bytesOfStream(val.body));
    return { status: val.status, body, trailers: await val.trailers };
  }

  test("streams both ways through a provider to a server, whose failures reach the guest as codes", async () => {
    await using _ = await linked("http-client", "web", ["http", "outgoing-handler"]);
    const { port } = site.address() as AddressInfo;
    const closed = createPort().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port: nobody } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const failure = async (path: string) => {
      const { status, body } = await ask(path);
      return `${status} ${body.toString()}`;
    };
    // connection-refused, once the link is known
    await expect
      .poll(() => failure(`/via/127.0.0.1:${nobody}/x`), { timeout: 20_000 })
      .toBe("502 error 7");

    const echoed = await ask(`/via/127.0.0.1:${port}/echo?a=b`, pattern(SIZE));
    const late = await failure(`/fast/127.0.0.1:${port}/late`);

    expect(echoed.status).toBe(299);
    expect(echoed.body.equals(Buffer.concat([...pattern(SIZE)]))).toBe(true);
    expect(echoed.trailers).toEqual([["x-sum", [new Uint8Array(Buffer.from("7"))]]]);
    // connection-read-timeout
    expect(late).toBe("502 error 10");
  });
});
