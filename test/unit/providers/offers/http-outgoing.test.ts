import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BoundOffer } from "../../../../src/core/offer.ts";
import type { WitStream, WitValue } from "../../../../src/core/wit.ts";
import { bindHttp } from "../../../../src/providers/offers/http-outgoing.ts";
import { ask, member, situation } from "./context.ts";

const OUTGOING = "wrpc:http/outgoing-handler@0.1.0";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

let server: Server;
let origin: string;
let respond: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((request, response) => respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

function bind(allowedHosts: readonly string[]): BoundOffer {
  return bindHttp(situation({ one: member("one", { allowedHosts }) }).context);
}

function streamOf(...chunks: readonly string[]): WitStream {
  const left = chunks.map(bytes);
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
    },
    { highWaterMark: 0 },
  );
}

function request(given: Readonly<Record<string, WitValue>> = {}): WitValue {
  return {
    body: streamOf(),
    trailers: Promise.resolve(undefined),
    method: { tag: "get" },
    pathWithQuery: "/x?y=1",
    scheme: { tag: "HTTP" },
    authority: origin,
    headers: [],
    ...given,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, readonly Uint8Array[]])[];
  readonly body: WitStream;
}

async function send(
  bound: BoundOffer,
  given: WitValue,
  options?: WitValue,
): Promise<{ readonly answer: Answer; readonly ended: Promise<void> | undefined }> {
  const results = await ask(bound.serves?.callee, OUTGOING, "handle", [given, options]);
  const [result] = results as readonly [{ readonly tag: string; readonly val: Answer }];
  expect(result.tag).toBe("ok");
  return { answer: result.val, ended: results.ended };
}

const failure = async (bound: BoundOffer, given: WitValue, options?: WitValue): Promise<WitValue> =>
  (await ask(bound.serves?.callee, OUTGOING, "handle", [given, options]))[0];

test("a request goes out with its method, path, headers and body, and its response comes back", async () => {
  await using bound = bind([origin]);
  let met: unknown;
  respond = (incoming, response) => {
    void (async () => {
      let text = "";
      for await (const chunk of incoming) text += String(chunk);
      const { method, url, headers } = incoming;
      met = [method, url, headers["x-one"], headers.cookie, text];
      response.writeHead(201, { "x-answer": "yes" });
      response.write("first ");
      response.end("second");
    })();
  };
  const { answer, ended } = await send(
    bound,
    request({
      method: { tag: "post" },
      body: streamOf("some ", "body"),
      headers: [["x-one", [bytes("1"), bytes("2")]]],
    }),
  );
  expect(met).toEqual(["POST", "/x?y=1", "1, 2", undefined, "some body"]);
  expect(answer.status).toBe(201);
  const header = answer.headers.find(([name]) => name === "x-answer");
  expect(new TextDecoder().decode(header?.[1][0])).toBe("yes");
  expect(await new Response(answer.body as ReadableStream<Uint8Array>).text()).toBe("first second");
  await ended;
});

test("a body that nobody reads any more ends the request", async () => {
  await using bound = bind([origin]);
  const closed = new Promise<void>((resolve) => {
    respond = (_, response) => {
      response.once("close", resolve);
      response.write("without end");
    };
  });
  const { answer, ended } = await send(bound, request());
  await answer.body.cancel();
  await ended;
  await expect(closed).resolves.toBeUndefined();
});

test("a body that breaks off is an error for who reads it, and ends the call", async () => {
  await using bound = bind([origin]);
  respond = (_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("some", () => response.destroy());
  };
  const { answer, ended } = await send(bound, request());
  await expect(new Response(answer.body as ReadableStream<Uint8Array>).text()).rejects.toThrow(
    /terminated/,
  );
  await expect(ended).rejects.toThrow(/terminated/);
});

describe("is refused", () => {
  test.each([
    ["without an entry", []],
    ["with entries for others", ["example.com", "*"]],
  ])("%s", async (_, allowed) => {
    await using bound = bind(allowed);
    let asked = false;
    respond = () => (asked = true);
    expect(await failure(bound, request())).toEqual({
      tag: "err",
      val: { tag: "HTTP-request-denied" },
    });
    expect(asked).toBe(false);
  });

  test.each([
    ["credentials in the authority", { authority: "user:pass@example.com" }],
    ["a path in the authority", { authority: "example.com/path" }],
    ["no authority", { authority: undefined }],
    ["another scheme", { scheme: { tag: "other", val: "ftp" } }],
  ])("%s", async (_, given) => {
    await using bound = bind([origin]);
    expect(await failure(bound, request(given))).toEqual({
      tag: "err",
      val: { tag: "HTTP-request-URI-invalid" },
    });
  });

  test("a path that names another host stays a path", async () => {
    await using bound = bind([origin]);
    let url: string | undefined;
    respond = (incoming, response) => {
      ({ url } = incoming);
      response.end();
    };
    const { answer } = await send(bound, request({ pathWithQuery: "//evil.test/x" }));
    await answer.body.cancel();
    expect(url).toBe("//evil.test/x");
  });

  test("a redirect is not followed", async () => {
    await using bound = bind([origin]);
    const asked: (string | undefined)[] = [];
    respond = (incoming, response) => {
      asked.push(incoming.url);
      response.writeHead(302, { location: "/elsewhere" });
      response.end();
    };
    const [result] = await ask(bound.serves?.callee, OUTGOING, "handle", [request(), undefined]);
    // Node shows what a browser hides: there it is an `internal-error`.
    expect(result).toMatchObject({ tag: "ok", val: { status: 302 } });
    expect(asked).toEqual(["/x?y=1"]);
  });
});

test("a redirect that a page cannot see is told in words", async () => {
  const { context } = situation({ one: member("one", { allowedHosts: [origin] }) });
  const hidden = Object.defineProperty(new Response(null, { status: 200 }), "type", {
    value: "opaqueredirect",
  });
  await using bound = bindHttp(context, () => Promise.resolve(hidden));
  expect(await failure(bound, request())).toEqual({
    tag: "err",
    val: {
      tag: "internal-error",
      val: `http://${origin} redirects, and a page cannot see where to`,
    },
  });
});

test("a server that cannot be fetched is told in words", async () => {
  await using bound = bind(["127.0.0.1:1"]);
  expect(await failure(bound, request({ authority: "127.0.0.1:1" }))).toMatchObject({
    tag: "err",
    val: {
      tag: "internal-error",
      val: expect.stringContaining("http://127.0.0.1:1 could not be fetched"),
    },
  });
});

test("a response that does not begin in time is a timeout", async () => {
  await using bound = bind([origin]);
  respond = () => undefined;
  const options = { connectTimeout: undefined, firstByteTimeout: 30_000_000n };
  expect(await failure(bound, request(), options)).toEqual({
    tag: "err",
    val: { tag: "HTTP-response-timeout" },
  });
});

test("entries that cannot be read are refused when it is bound", () => {
  expect(() => bind(["*foo"])).toThrow('"*foo"');
});
