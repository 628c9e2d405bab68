/** A component's HTTP, through jco's glue: what it reads, writes, sends on, and how it goes wrong. */
import { beforeAll, describe, expect, test } from "vitest";
import { LatticeError } from "../../../../src/core/error.ts";
import { bytesOf, textOf } from "../../../support/fake-streams.ts";
import type { FakeStreams, Sent } from "../../../support/fake-streams.ts";
import { ask, openFake, prepareGlue } from "../../../support/web-guest.ts";
import type { Asked } from "../../../support/web-guest.ts";

beforeAll(async () => {
  await prepareGlue();
}, 60_000);

interface Response {
  readonly status: number;
  readonly body: { readonly $stream: number };
  readonly trailers: { readonly $future: number };
  readonly headers: unknown;
}

/** The response that went out, once. */
function responseOf({ responded }: Asked): Response {
  expect(responded).toMatchObject([[{ tag: "ok" }]]);
  const [[result] = []] = responded as readonly (readonly { readonly val: Response }[])[];
  if (result === undefined) throw new Error("no response");
  return result.val;
}

function bodyOf(fake: FakeStreams, asked: Asked): Sent {
  return fake.sent(responseOf(asked).body);
}

describe("a request", () => {
  test("is read whole and written back, with its trailers", async () => {
    const fake = openFake();
    const body = ["one ", "two ", new Uint8Array(300_000).fill(0x61)];
    const trailers = [["x-sum", [bytesOf("17"), bytesOf("18")]]] as const;

    const asked = await ask(fake, { path: "/echo", body, trailers });

    expect(asked.thrown).toBeUndefined();
    const { chunks, end } = bodyOf(fake, asked);
    expect(end).toBe("finished");
    expect(Buffer.concat(chunks).toString()).toBe(`one two ${"a".repeat(300_000)}`);
    expect(fake.settled(responseOf(asked).trailers)).toEqual({
      value: [["x-sum", [bytesOf("17"), bytesOf("18")]]],
    });
  });

  test("is written back by functions that do not block, too", async () => {
    const fake = openFake();
    const body = Array.from({ length: 20 }, (_, at) => `${at},`.repeat(9000));

    const asked = await ask(fake, { path: "/poll", body });

    expect(asked.thrown).toBeUndefined();
    expect(textOf(bodyOf(fake, asked))).toBe(body.join(""));
    expect(fake.settled(responseOf(asked).trailers)).toEqual({ value: undefined });
  });

  test("shows its head, without what belongs to the connection", async () => {
    const fake = openFake();
    const headers = [
      ["Host", [bytesOf("other.example")]],
      ["connection", [bytesOf("close")]],
      ["X-Two", [bytesOf("1"), bytesOf("2")]],
    ] as const;

    const asked = await ask(fake, { path: "/headers?a=b", method: { tag: "patch" }, headers });

    expect(responseOf(asked).status).toBe(203);
    expect(textOf(bodyOf(fake, asked)).split("\n")).toEqual([
      "8",
      "/headers?a=b",
      "here.example",
      "X-Two: 1",
      "X-Two: 2",
      "",
    ]);
  });

  test("without an authority has that of its host header", async () => {
    const fake = openFake();
    const headers = [["host", [bytesOf("other.example:8080")]]] as const;

    const asked = await ask(fake, { path: "/headers", authority: undefined, headers });

    expect(textOf(bodyOf(fake, asked)).split("\n")[2]).toBe("other.example:8080");
  });

  test("with a header twice is refused, and no guest sees it", async () => {
    const fake = openFake();
    const headers = [
      ["x-a", [bytesOf("1")]],
      ["X-A", [bytesOf("2")]],
    ] as const;

    const asked = await ask(fake, { path: "/headers", headers });

    expect(asked.responded).toEqual([]);
    expect(asked.returned).toEqual([{ tag: "err", val: { tag: "HTTP-protocol-error" } }]);
    expect(fake.cancelled).toHaveLength(1);
  });

  test("whose body breaks off tells the guest why", async () => {
    const fake = openFake();
    const body = ["some", new LatticeError("incomplete", "the peer has gone")];

    const asked = await ask(fake, { path: "/size", body });

    expect(responseOf(asked).status).toBe(400);
    expect(textOf(bodyOf(fake, asked))).toBe("error 26"); // HTTP-response-incomplete, and one
  });

  test("that the guest does not want is given up", async () => {
    const fake = openFake();

    await ask(fake, { path: "/zero", body: ["never read"] });

    expect(fake.cancelled).toHaveLength(1);
  });
});

describe("a response", () => {
  test("is as long as it should be, in pieces", async () => {
    const fake = openFake();

    const asked = await ask(fake, { path: "/give/1000000" });

    const { chunks } = bodyOf(fake, asked);
    const whole = Buffer.concat(chunks);
    expect(whole).toHaveLength(1_000_000);
    expect(whole.every((byte, at) => byte === at % 251)).toBe(true);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
  });

  test("may be an error code", async () => {
    const asked = await ask(openFake(), { path: "/denied" });

    expect(asked.responded).toEqual([[{ tag: "err", val: { tag: "HTTP-request-denied" } }]]);
  });

  test("that never comes is an error", async () => {
    const asked = await ask(openFake(), { path: "/nothing" });

    expect(asked.returned).toEqual([
      {
        tag: "err",
        val: {
          tag: "internal-error",
          val: "the component returned without setting a response",
        },
      },
    ]);
  });

  test("that is dropped unfinished breaks off for its reader", async () => {
    const fake = openFake();
    const reason = "the component dropped its body before it was finished";

    const asked = await ask(fake, { path: "/broken" });

    expect(asked.thrown).toBeUndefined();
    expect(textOf(bodyOf(fake, asked))).toBe("hello");
    expect(bodyOf(fake, asked).end).toEqual({ failed: reason });
    expect(fake.settled(responseOf(asked).trailers)).toEqual({ failed: reason });
  });

  test("longer than its content-length breaks off", async () => {
    const fake = openFake();

    const asked = await ask(fake, { path: "/length" });

    expect(responseOf(asked).headers).toEqual([["content-length", [bytesOf("3")]]]);
    expect(bodyOf(fake, asked)).toMatchObject({
      chunks: [],
      end: { failed: "the body is longer than its content-length, which says 3" },
    });
  });

  test.each(["/trap", "/until-trap", "/order"])("ends with the trap of %s", async (path) => {
    const { thrown } = await ask(openFake(), { path });

    expect(thrown).toBeInstanceOf(Error);
  });

  test("whose maker drops things in the wrong order names the rule", async () => {
    const { thrown } = await ask(openFake(), { path: "/order" });

    expect(thrown).toMatchObject({
      code: "guest-trapped",
      message:
        "the component trapped: it dropped or gave away a resource before what it had made from it",
    });
  });
});

describe("a request that a guest sends", () => {
  test("goes out with its body, and what comes back goes on", async () => {
    const fake = openFake();
    const reply = {
      status: 418,
      headers: [],
      body: fake.stream(["short ", "and stout"]),
      trailers: fake.future([["x-end", [bytesOf("yes")]]]),
    };
    fake.answers.push([{ tag: "ok", val: reply }]);

    const asked = await ask(fake, {
      path: "/call/tea?milk=no",
      method: { tag: "post" },
      body: ["boil ", "water"],
    });

    expect(asked.thrown).toBeUndefined();
    expect(fake.calls).toMatchObject([
      {
        instance: "wrpc:http/outgoing-handler@0.1.0",
        func: "handle",
        args: [
          {
            method: { tag: "post" },
            pathWithQuery: "/tea?milk=no",
            scheme: { tag: "HTTP" },
            authority: "far.example",
            headers: [],
          },
          undefined,
        ],
      },
    ]);
    const [request] = (fake.calls[0]?.args ?? []) as readonly [Response];
    expect(textOf(fake.sent(request.body))).toBe("boil water");
    expect(fake.sent(request.body).end).toBe("finished");
    expect(fake.settled(request.trailers)).toEqual({ value: undefined });
    expect(responseOf(asked).status).toBe(418);
    expect(textOf(bodyOf(fake, asked))).toBe("short and stout");
    expect(fake.settled(responseOf(asked).trailers)).toEqual({
      value: [["x-end", [bytesOf("yes")]]],
    });
  });

  test.each([
    ["link-missing", 3],
    ["not-served", 4],
    ["deadline", 34],
    ["denied", 16],
    ["overloaded", 12],
    ["internal", 39],
  ] as const)("and that fails with %s is an error code for it", async (code, number) => {
    const fake = openFake();
    fake.answers.push(new LatticeError(code, "no way"));

    const asked = await ask(fake, { path: "/call/x" });

    expect(responseOf(asked).status).toBe(502);
    expect(textOf(bodyOf(fake, asked))).toBe(`error ${number}`);
  });

  test("and that the other side refuses gives the same error code", async () => {
    const fake = openFake();
    fake.answers.push([{ tag: "err", val: { tag: "TLS-alert-received", val: { alertId: 40 } } }]);

    const asked = await ask(fake, { path: "/call/x" });

    expect(textOf(bodyOf(fake, asked))).toBe("error 15");
  });

  test("and whose answer breaks off is seen as that", async () => {
    const fake = openFake();
    const reply = {
      status: 200,
      headers: [],
      body: fake.stream(["half", new LatticeError("worker-lost", "gone")]),
      trailers: fake.future(undefined),
    };
    fake.answers.push([{ tag: "ok", val: reply }]);

    const asked = await ask(fake, { path: "/call/x" });

    expect(textOf(bodyOf(fake, asked))).toBe("halferror 8"); // connection-terminated, and one
  });
});
