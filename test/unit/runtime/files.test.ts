/** Components as files of a web server that has its moods. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";

import type { Clock } from "../../../src/core/clock.ts";
import type { LoadProgress } from "../../../src/core/workload.ts";

import { fetchImage } from "../../../src/runtime/images.ts";
import { realClock } from "../../support/real-clock.ts";

const BYTES = new TextEncoder().encode("\0asm and more");

let server: Server;
afterEach(() => void server.close());

type Answer = (response: ServerResponse) => void;

/** Answers in turn; the last one again and again. */
async function serve(...answers: readonly [Answer, ...Answer[]]): Promise<string> {
  let asked = 0;
  server = createServer((_, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    response.setHeader("connection", "close");
    answer?.(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/x.wasm`;
}

const whole: Answer = (response) =>
  void response.writeHead(200, { "content-length": BYTES.length }).end(BYTES);
const cut: Answer = (response) => {
  response.writeHead(200, { "content-length": BYTES.length });
  response.write(BYTES.subarray(0, 5), () => response.socket?.resetAndDestroy());
};
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end();

/** Time passes as fast as it is asked to. */
function hurriedClock(): { readonly clock: Clock; readonly pausesMs: readonly number[] } {
  const pausesMs: number[] = [];
  const after: Clock["after"] = (ms, run) => {
    pausesMs.push(ms);
    queueMicrotask(run);
    return () => undefined;
  };
  return { clock: { ...realClock, after }, pausesMs };
}

async function fetchFrom(address: string, clock: Clock, heard: LoadProgress[] = []) {
  const { signal } = new AbortController();
  return fetchImage(address, { clock, signal, maxBytes: 1_000, onProgress: (p) => heard.push(p) });
}

test("a busy server is asked again, and so is one whose answer breaks off", async () => {
  const { clock, pausesMs } = hurriedClock();
  const address = await serve(status(503), status(429, { "retry-after": "4" }), cut, whole);

  const fetched = await fetchFrom(address, clock);

  expect(fetched).toEqual({ tag: "bytes", bytes: BYTES });
  expect(pausesMs).toEqual([500, 4_000, 500]);
});

test.each([
  [401, {}, "denied", / answered 401 Unauthorized$/, []],
  [403, {}, "denied", / answered 403 Forbidden$/, []],
  [404, {}, "image-unavailable", / answered 404 Not Found$/, []],
  [500, {}, "image-unavailable", / answered 500 Internal Server Error$/, [500, 1_000]],
  [
    429,
    { "retry-after": "600" },
    "image-unavailable",
    / answered 429 Too Many Requests, and asks to wait 600 s$/,
    [],
  ],
] as const)("%i with %j is %s: %s", async (code, headers, error, message, pauses) => {
  const { clock, pausesMs } = hurriedClock();
  const address = await serve(status(code, headers));

  await expect(fetchFrom(address, clock)).rejects.toMatchObject({
    code: error,
    message: expect.stringMatching(message),
  });
  expect(pausesMs).toEqual(pauses);
});

test("an answer that always breaks off is given up", async () => {
  const { clock, pausesMs } = hurriedClock();
  const address = await serve(cut);

  await expect(fetchFrom(address, clock)).rejects.toMatchObject({
    code: "image-unavailable",
    message: expect.stringMatching(/ broke off after \d bytes$/),
  });
  expect(pausesMs).toEqual([500, 1_000]);
});

test("the bytes are told with their number, from the answer on", async () => {
  const heard: LoadProgress[] = [];
  const address = await serve(whole);

  await fetchFrom(address, realClock, heard);

  const totalBytes = BYTES.length;
  expect(heard[0]).toEqual({ stage: "fetch", bytes: 0, totalBytes });
  expect(heard.at(-1)).toEqual({ stage: "fetch", bytes: totalBytes, totalBytes });
});
