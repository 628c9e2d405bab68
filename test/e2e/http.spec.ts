/** HTTP from outside, answered by a component in a tab: heads, errors, and bodies too large to be gathered anywhere. */
import { readFileSync } from "node:fs";
import { type IncomingMessage, request as startRequest } from "node:http";
import { Readable } from "node:stream";
import { expect, test } from "@playwright/test";
import { processTree, treeOwnMemory } from "../bench/process-tree.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { pattern } from "../support/streams.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { startCall } from "../support/wrpc-peer.ts";
import { scale } from "./story.ts";

const MB = 1_000_000;
const BODY_BYTES = 20 * MB;
const WARM_UP_BYTES = 5 * MB;
const BETWEEN_LOOKS_MS = 250;
const TEXT_BYTES = 200;

interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** The first bytes, as text. */
  readonly text: string;
  /** Places whose byte is not the one of {@link wanted}. */
  readonly wrong: number;
}

/** As `curl -T -` does: the body goes out while the answer comes in. */
async function post(
  url: string,
  body: Iterable<Uint8Array>,
  wanted: (at: number) => number | undefined = () => undefined,
): Promise<Answer> {
  const request = startRequest(url, { method: "POST" });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", resolve);
  });
  Readable.from(body).pipe(request);
  const response = await answered;
  let bytes = 0;
  let wrong = 0;
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < TEXT_BYTES) text += chunk.subarray(0, TEXT_BYTES).toString();
    for (let index = 0; index < chunk.length; index++) {
      const byte = wanted(bytes + index);
      if (byte !== undefined && byte !== chunk[index]) wrong++;
    }
    bytes += chunk.length;
  }
  return { status: response.statusCode ?? 0, bytes, text, wrong };
}

/** The browser that this process has started. */
function browserProcess(name: string): number {
  const found = processTree(process.pid).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith(name);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (found === undefined) throw new Error(`no process of ${name}`);
  return found;
}

/** Most memory of the tree of `pid` while `work` lasts, in bytes. */
async function peakDuring(pid: number, work: Promise<unknown>): Promise<number> {
  let peak = 0;
  let over = false;
  const ended = work.finally(() => (over = true));
  while (!over) {
    peak = Math.max(peak, treeOwnMemory(pid));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS))]);
  }
  await ended;
  return peak;
}

for (const name of ["chromium", "firefox"] as const) {
  test(`a component in ${name} answers HTTP, and streams 20 MB in and out`, async () => {
    test.setTimeout(180_000);
    await using server = await startInlay();
    await using images = await serveImages();
    await using browser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
    await scale({ tab, peer, lattice: "default" }, "web", images.url("web.wasm"), 4);
    const at = (path: string): string => `${server.page}~/web${path}`;

    const head = await post(at("/headers?a=b"), []);
    const denied = await post(at("/denied"), []);
    const small = await post(at("/echo"), [Buffer.from("hello")]);
    const missing = await post(at("/zero"), []);

    expect(head).toMatchObject({ status: 203 });
    expect(head.text).toContain("2\n/headers?a=b\n");
    expect(denied.status).toBeGreaterThanOrEqual(400);
    expect(small).toMatchObject({ status: 200, text: "hello" });
    expect(missing.status).toBe(404);

    const pid = browserProcess(name);
    // Once, so that compiled code and the room that a heap takes at first are not charged to the stream.
    await post(at("/echo"), pattern(WARM_UP_BYTES));
    // The transpiler ends when it has been idle for a while; its memory is not to hide what streams take.
    let before = treeOwnMemory(pid);
    await expect
      .poll(
        () => {
          const last = before;
          before = treeOwnMemory(pid);
          return Math.abs(last - before) < 2 * MB;
        },
        { intervals: [7000, 1500], timeout: 40_000 },
      )
      .toBe(true);
    const echo = post(at("/echo"), pattern(BODY_BYTES));
    const peak = await peakDuring(pid, echo);
    const given = await post(at(`/give/${BODY_BYTES}`), [], (place) => place % 251);

    expect(await echo).toMatchObject({ status: 200, bytes: BODY_BYTES });
    expect(given).toMatchObject({ status: 200, bytes: BODY_BYTES, wrong: 0 });
    // A figure, not an assertion: when a browser collects its garbage is its own affair.
    const description = `${Math.round((peak - before) / MB)} MB`;
    test.info().annotations.push({ type: "memory grew by", description });
  });
}

test("a plain wRPC client posts 20 MB to a component in a tab, and has them back", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const lattice = "http-by-hand";
  const tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice });
  await scale({ tab, peer, lattice }, "web", images.url("web.wasm"), 1);
  const chunks = Array.from(pattern(BODY_BYTES));
  // Body and trailers follow; POST; some path, scheme and authority; no headers.
  const request = `000002${some(text("/echo"))}${some("00")}${some(text("localhost"))}00`;

  const call = await startCall(
    peer.nats,
    `${lattice}.web.wrpc.0.0.1.wrpc:http/incoming-handler@0.1.0.handle`,
    request,
  );
  call.send("params", "");
  for (const chunk of chunks) {
    call.send("params.0.0", Buffer.concat([Buffer.from(leb(chunk.length), "hex"), chunk]));
    // oxlint-disable-next-line no-await-in-loop -- no more under way than the server has taken
    await peer.nats.flush();
  }
  call.send("params.0.0", "00");
  call.send("params.0.0", "");
  call.send("params.0.1", "00");
  call.send("params.0.1", "");
  await call.until(
    () => call.on("results.0.0").includes("") && call.on("results.0.1").includes(""),
    60_000,
  );

  // ok, a body and trailers that follow, status 200
  expect(call.on("results").join("")).toMatch(/^000000c801/);
  const body = unchunked(Buffer.from(call.on("results.0.0").join(""), "hex"));
  expect(body.equals(Buffer.concat(chunks))).toBe(true);
  expect(call.on("results.0.1")).toEqual(["00", ""]);
});

const some = (hex: string): string => `01${hex}`;
const text = (value: string): string => leb(value.length) + Buffer.from(value).toString("hex");

function leb(value: number): string {
  const low = (value % 0x80) | (value >= 0x80 ? 0x80 : 0);
  const hex = low.toString(16).padStart(2, "0");
  return value < 0x80 ? hex : hex + leb(Math.floor(value / 0x80));
}

/** The contents of a `stream<u8>`: chunks with their lengths before them, and an empty one as the end. */
function unchunked(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    let length = 0;
    for (let shift = 1; ; shift *= 0x80) {
      const byte = bytes[at++] ?? 0;
      length += (byte & 0x7f) * shift;
      if (byte < 0x80) break;
    }
    if (length === 0) break;
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return Buffer.concat(chunks);
}
