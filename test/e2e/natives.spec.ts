/**
 * Components in a tab that call native providers by links: HTTP that goes out, and blob stores of both versions. The
 * providers are messages that the test writes byte by byte, and functions of Node behind a real nats-server.
 */
import { expect, test } from "@playwright/test";
import type { Conversation } from "../support/wrpc-peer.ts";
import type { NativePeer } from "../support/native-peer.ts";

import { LATTICE_WIT } from "../../src/interfaces/lattice-wit.ts";
import { parseWit } from "../../src/wire/wit-text.ts";
import { type BlobstoreVersion, createBlobStore, CREATED } from "../support/blob-store.ts";
import { fixtureWit } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { bytesOfStream, pattern, streamOf } from "../support/streams.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { openWrpcNode } from "../support/wrpc-node.ts";
import { answerCalls } from "../support/wrpc-peer.ts";
import { scale } from "./story.ts";

const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";
const INCOMING = "wrpc:http/incoming-handler@0.1.0";
const BLOBS = "inlay:test/blobs";
const HTTP_BYTES = 3_000_000;
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const BLOB_BYTES = 2_000_003;

const exporting = (instance: string, wit: string) => {
  const functions = parseWit(wit).interfaces.get(instance);
  if (functions === undefined) throw new Error(`no types of ${instance}`);
  return { imports: new Map(), exports: new Map([[instance, functions]]) };
};

const text = (value: string): string =>
  Buffer.from([value.length, ...Buffer.from(value)]).toString("hex");
const ended = (call: Conversation, path: string): boolean => call.on(path).includes("");

/** Codes of `error-code` by their place in the WIT. */
const REFUSED = 6;
const READ_TIMEOUT = 9;

/**
 * Takes the calls of {@link OUTGOING} for `id`, byte by byte. `/refused` and `/late` get error codes, `/gone` an end without
 * results; all else is answered with 299, and body and trailers as they were sent.
 */
async function openHttpProvider(
  { nats }: NativePeer,
  lattice: string,
  id: string,
): Promise<{ readonly calls: readonly Conversation[] }> {
  const calls: Conversation[] = [];
  const answer = async (call: Conversation): Promise<void> => {
    calls.push(call);
    call.accept();
    const finish = (results: string): void => {
      if (results !== "") call.send("results", results);
      call.send("results", "");
    };
    const { hex } = call.invocation;
    if (hex.includes(text("/gone"))) return finish("");
    if (hex.includes(text("/refused"))) return finish(`01${hexOf(REFUSED)}`);
    if (hex.includes(text("/late"))) return finish(`01${hexOf(READ_TIMEOUT)}`);
    // ok; a body and trailers that follow, status 299, one header
    finish(`000000ab0201${text("x-from")}01${text("far")}`);
    let sent = 0;
    for (const path of ["0.0", "0.1"]) {
      for (sent = 0; !ended(call, `params.${path}`) || sent < call.on(`params.${path}`).length;) {
        const all = call.on(`params.${path}`);
        // oxlint-disable-next-line no-await-in-loop -- as it comes
        if (sent === all.length) await call.until(() => call.on(`params.${path}`).length > sent);
        for (const message of call.on(`params.${path}`).slice(sent)) {
          call.send(`results.${path}`, message);
          sent++;
        }
      }
    }
  };
  await answerCalls(nats, `${lattice}.${id}.wrpc.0.0.1.${OUTGOING}.handle`, (call) => {
    answer(call).catch(() => undefined); // the test misses what it did not send
  });
  return { calls };
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, "0");

interface Answered {
  readonly tag: "ok" | "err";
  readonly val: {
    readonly status: number;
    readonly body: ReadableStream<Uint8Array>;
    readonly trailers: Promise<unknown>;
  };
}

for (const name of ["chromium", "firefox"] as const) {
  test(`components in ${name} call native providers of HTTP and of blob stores`, async () => {
    await using server = await startInlay();
    await using images = await serveImages();
    await using browser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const lattice = `natives-${crypto.randomUUID()}`;
    await using node = await openWrpcNode(server.wsDirect, { lattice });
    const tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice });
    const at = { tab, peer, lattice };
    await scale(at, "web", images.url("web.wasm"), 4);
    await scale(at, "blobs", images.url("blobs.wasm"), 4);
    await expect.poll(() => tab.run("return node.view.peek().sharing")).toBe(true);
    const link = async (source: string, target: string, of: string, interfaces: string[]) => {
      const body = {
        source_id: source,
        target,
        wit_namespace: "wasi",
        wit_package: of,
        interfaces,
      };
      const reply = await peer.ask(`wasmbus.ctl.v1.${lattice}.link.put`, {
        name: "default",
        ...body,
      });
      expect(reply).toMatchObject({ success: true });
    };

    await test.step("HTTP goes out", async () => {
      const provider = await openHttpProvider(peer, lattice, "http-client");
      const web = exporting(INCOMING, LATTICE_WIT);
      const ask = async (path: string, chunks: Iterable<Uint8Array> = []) => {
        const request = {
          body: streamOf(chunks),
          trailers: Promise.resolve([["x-sum", [Buffer.from("7")]]]),
          method: { tag: "post" },
          pathWithQuery: path,
          scheme: { tag: "HTTP" },
          authority: "here.example",
          headers: [],
        };
        const [answer] = await node.call("web", web, `${INCOMING}#handle`, [request], {
          trace: new Map([["traceparent", `00-${TRACE}-00f067aa0ba902b7-01`]]),
        });
        const { tag, val } = answer as Answered;
        expect(tag).toBe("ok");
        const body = Buffer.from(await bytesOfStream(val.body));
        return { status: val.status, body, trailers: await val.trailers };
      };
      const failure = async (path: string) => {
        const { status, body } = await ask(path);
        return `${status} ${body.toString()}`;
      };
      const unlinked = await failure("/call/x");
      await link("web", "http-client", "http", ["outgoing-handler"]);
      await expect.poll(() => failure("/call/refused")).toBe(`502 error ${REFUSED + 1}`);
      const late = await failure("/fast/there.example/late");
      const gone = await failure("/call/gone");
      const data = Buffer.concat([...pattern(HTTP_BYTES)]);

      const echoed = await ask("/call/far?a=b", pattern(HTTP_BYTES));

      // 3: destination-not-found; 26: HTTP-response-incomplete
      expect([unlinked, late, gone]).toEqual([
        "502 error 3",
        `502 error ${READ_TIMEOUT + 1}`,
        "502 error 26",
      ]);
      expect(echoed.status).toBe(299);
      expect(echoed.body.equals(data)).toBe(true);
      const [timed, call] = [provider.calls.at(-3), provider.calls.at(-1)];
      // Body and trailers follow; POST; path, scheme and authority; no headers; no options.
      const head = `00000201${text("/far?a=b")}010001${text("far.example")}0000`;
      expect(call?.invocation.hex).toBe(head);
      expect(call?.invocation.headers?.get("source-id")).toBe("web");
      expect(call?.invocation.headers?.get("link-name")).toBe("default");
      expect(call?.invocation.headers?.get("traceparent")).toMatch(new RegExp(`^00-${TRACE}-`));
      // 50 ms for the first byte alone, in nanoseconds
      expect(timed?.invocation.hex).toMatch(/00010001\w{8}00$/);
    });

    for (const version of ["0.2.0", "0.1.0"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await test.step(`blobs of ${version}`, () => tellOfBlobs(version));
    }

    async function tellOfBlobs(version: BlobstoreVersion): Promise<void> {
      const store = createBlobStore(version);
      const id = `store-${version.replaceAll(".", "-")}`;
      const serving = await node.serve(id, store.world, store.functions);
      const blobs = exporting(BLOBS, fixtureWit("blobs/blobs.wit"));
      const call = async (func: string, ...args: readonly unknown[]): Promise<unknown> => {
        const [answer] = await node.call("blobs", blobs, `${BLOBS}#${func}`, args);
        const { tag, val } = answer as { tag: string; val: unknown };
        return tag === "ok" ? val : `err ${String(val)}`;
      };
      await peer.ask(`wasmbus.ctl.v1.${lattice}.link.del`, {
        source_id: "blobs",
        name: "default",
        wit_namespace: "wasi",
        wit_package: "blobstore",
      });
      await link("blobs", id, "blobstore", ["blobstore"]);
      await expect.poll(() => call("create", "photos")).toBe(undefined);

      expect(await call("exists", "photos")).toBe(true);
      expect(await call("exists", "music")).toBe(false);
      expect(await call("created", "photos")).toBe(CREATED);
      expect(await call("put", "photos", "small", Buffer.from("hello, store"))).toBe(undefined);
      expect(await call("pour", "photos", "large", BigInt(BLOB_BYTES))).toBe(undefined);
      expect(await call("drain", "photos", "large")).toBe(BigInt(BLOB_BYTES));
      expect(await call("part", "photos", "small", 7n, 12n)).toEqual(
        new Uint8Array(Buffer.from("store")),
      );
      expect(await call("size", "photos", "large")).toBe(BigInt(BLOB_BYTES));
      expect(await call("copy", "photos", "small", "photos", "copied")).toBe(undefined);
      expect(await call("move", "photos", "small", "photos", "moved")).toBe(undefined);
      expect(await call("has", "photos", "small")).toBe(false);
      expect(await call("names", "photos", 1n, 10n)).toEqual([["copied", "moved"], true]);
      expect(await call("get", "photos", "moved")).toEqual(
        new Uint8Array(Buffer.from("hello, store")),
      );
      expect(await call("delete", "photos", ["large"])).toBe(undefined);
      expect(await call("delete", "photos", ["copied", "moved"])).toBe(undefined);
      expect(await call("names", "photos", 0n, 10n)).toEqual([[], true]);

      // What goes wrong is told, also after the stream has begun where the version tells it.
      expect(await call("size", "photos", "nothing")).toBe("err there is no object nothing");
      expect(await call("get", "music", "x")).toBe("err container does not exist");
      expect(await call("pour", "photos", "full", 200_000n)).toBe("err the disk is full");
      expect(await call("put", "photos", "torn", Buffer.alloc(100))).toBe(undefined);
      const torn = version === "0.2.0" ? "err the disk is broken" : new Uint8Array(50);
      expect(await call("get", "photos", "torn")).toEqual(torn);

      expect(await call("clear", "photos")).toBe(undefined);
      expect(store.containers.get("photos")?.size).toBe(0);
      expect(await call("remove", "photos")).toBe(undefined);
      expect(store.containers.size).toBe(0);
      await serving.drain();
    }
  });
}
