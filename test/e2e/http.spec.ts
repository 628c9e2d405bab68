/** HTTP from outside, answered by a component in a tab: heads, errors, and bodies too large to be gathered anywhere. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { openChromium } from "../bench/children.ts";
import { peakDuring, processTree, treeOwnMemory } from "../bench/process-tree.ts";
import { type Answer, post } from "../support/http-post.ts";
import { serveImages } from "../support/image-server.ts";
import { type InlayServer, startInlay } from "../support/inlay-server.ts";
import { connectPeer, type NativePeer } from "../support/native-peer.ts";
import { pattern, patternAt } from "../support/streams.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { startCall } from "../support/wrpc-peer.ts";
import { scale } from "./story.ts";

const MB = 1_000_000;
const BODY_BYTES = 20 * MB;
const WARM_UP_BYTES = 5 * MB;
/** What the browser may take above its start, with all its processes. */
const MOST_MEMORY_BYTES = 60 * MB;

/** Calls may take longer than their usual 30 s: the machine may do ten other things while 20 MB stream. */
const PATIENT = { max_execution_time: "180" };

interface OpenBrowser extends AsyncDisposable {
  readonly pid: number;
  readonly hostId: string;
}

/** A node of the lattice `default` in each browser, to be judged by the memory that it takes. */
const open: Readonly<
  Record<"chromium" | "firefox", (server: InlayServer, peer: NativePeer) => Promise<OpenBrowser>>
> = {
  /** Nobody listens in: whoever does is sent a copy of all that goes through a socket. */
  async chromium({ page }, peer) {
    const started = await peer.listen("wasmbus.evt.default.host_started");
    const browser = await openChromium(`${page}?autojoin`);
    try {
      const event = await started.next(() => true, 60_000);
      return { ...browser, hostId: (event as { readonly source: string }).source };
    } catch (cause) {
      await browser[Symbol.asyncDispose]();
      throw cause;
    }
  },
  async firefox({ page, ws }) {
    const browser = await browsers.firefox();
    const { hostId } = await joinFrom(browser, page, { servers: [ws] });
    const pid = processTree(process.pid).find((each) => nameOf(each).startsWith("firefox"));
    if (pid === undefined) throw new Error("no process of firefox");
    return { pid, hostId, [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose]() };
  },
};

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

for (const name of ["chromium", "firefox"] as const) {
  test(`a component in ${name} answers HTTP, and streams 20 MB in and out`, async () => {
    await using server = await startInlay();
    await using images = await serveImages();
    await using peer = await connectPeer(server.wsDirect);
    await using tab = await open[name](server, peer);
    await scale({ tab, peer, lattice: "default" }, "web", images.url("web.wasm"), 4, PATIENT);
    const idleSince = performance.now();
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

    const { pid } = tab;
    // Once, so that compiled code and the room that a heap takes at first are not charged to the stream.
    await post(at("/echo"), pattern(WARM_UP_BYTES));
    // The transpiler ends when it has been idle for 5 s; its memory is not to hide what streams take.
    let before = Number.NaN;
    const untilTranspilerEnds = Math.max(500, idleSince + 6500 - performance.now());
    await expect
      .poll(
        () => {
          const last = before;
          before = treeOwnMemory(pid);
          return Math.abs(last - before) < 2 * MB;
        },
        { intervals: [untilTranspilerEnds, 1500], timeout: 60_000 },
      )
      .toBe(true);
    const grownBy = async (asked: Promise<Answer>): Promise<number> => {
      const peak = await peakDuring(pid, asked);
      expect(await asked).toMatchObject({ status: 200, bytes: BODY_BYTES, wrong: 0 });
      return peak - before;
    };
    const grown = async (): Promise<number> => {
      const echoing = await grownBy(post(at("/echo"), pattern(BODY_BYTES), patternAt));
      const giving = await grownBy(post(at(`/give/${BODY_BYTES}`), [], (place) => place % 251));
      const figures = [echoing, giving].map((each) => Math.round(each / MB)).join(", ");
      test.info().annotations.push({ type: "memory grew by", description: `${figures} MB` });
      return Math.max(echoing, giving);
    };

    // When a browser collects garbage is its own affair; what is kept of a stream is there each time.
    await expect.poll(grown, { timeout: 90_000 }).toBeLessThan(MOST_MEMORY_BYTES);
  });
}

test("a plain wRPC client posts 20 MB to a component in a tab, and has them back", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const lattice = "http-by-hand";
  const tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice });
  await scale({ tab, peer, lattice }, "web", images.url("web.wasm"), 1, PATIENT);
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
    150_000,
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
