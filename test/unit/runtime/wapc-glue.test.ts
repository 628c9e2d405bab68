/** waPC modules by their glue, as a worker evaluates it, without waiting. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { fixture } from "../../support/fixtures.ts";

type HostCall = (binding: string, ns: string, operation: string, payload: Uint8Array) => Uint8Array;

interface Glue {
  instantiate(
    coreOf: (name: string) => WebAssembly.Module,
    imports: object,
    instantiateCore: (
      module: WebAssembly.Module,
      imports: WebAssembly.Imports,
    ) => WebAssembly.Instance,
  ): { "wasmbus:actor/guest": { call(operation: string, payload: Uint8Array): Uint8Array } };
}

const source = readFileSync(new URL("../../../src/runtime/wapc/glue.js", import.meta.url), "utf8");
const text = `const WAITS = false;\n${source}`;
const glue = (await import(
  /* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`
)) as Glue;
const utf8 = (of: string): Uint8Array => new TextEncoder().encode(of);
const string = (of: Uint8Array): string => new TextDecoder().decode(of);

/** Calls a fresh instance of the fixture. */
function actor(
  name: string,
  host: HostCall = refuse,
): (operation: string, payload?: Uint8Array) => Uint8Array {
  const module = new WebAssembly.Module(new Uint8Array(fixture(name)));
  return (operation, payload = new Uint8Array(0)) => {
    const made = glue.instantiate(
      () => module,
      { "wasmbus:actor/host": { call: host }, "wasi:cli/stderr": { getStderr: () => stderr } },
      (core, imports) => new WebAssembly.Instance(core, imports),
    );
    return made["wasmbus:actor/guest"].call(operation, payload);
  };
}

const lines: string[] = [];
const stderr = { blockingWriteAndFlush: (bytes: Uint8Array) => void lines.push(string(bytes)) };
const refuse: HostCall = () => {
  throw Object.assign(new Error("refused"), { payload: "unknown actor call alias" });
};

describe("the echo", () => {
  const echo = actor("actor-echo");

  test("gives back what it is given, also a lot", () => {
    expect(string(echo("Echo.Say", utf8("hello")))).toBe("hello");
    const large = new Uint8Array(3_000_000).fill(7);
    expect(Buffer.compare(echo("Echo.Say", large), large)).toBe(0);
  });
  test("answers a request with a page", () => {
    const page = echo("HttpServer.HandleRequest", utf8("hi"));
    expect(string(page)).toContain("statusCode");
    expect(string(page.subarray(-2))).toBe("hi");
  });
  test("an error of its own is one for its caller", () => {
    expect(() => echo("Echo.Fail", utf8("not today"))).toThrow(
      expect.objectContaining({ payload: "not today" }),
    );
    expect(() => echo("Other.Thing")).toThrow(
      expect.objectContaining({ payload: "no handler found for operation" }),
    );
    expect(() => echo("Echo.Code")).toThrow(
      expect.objectContaining({ payload: "operation failed with exit code `7`" }),
    );
  });
  test("a trap is none", () => {
    expect(() => echo("Echo.Trap")).toThrow(WebAssembly.RuntimeError);
    expect(() => echo("Echo.Twice")).toThrow("twice");
  });
  test("answers nothing, and writes to the console", () => {
    expect(echo("Echo.Nothing")).toHaveLength(0);
    echo("Echo.Log", utf8("a line"));
    expect(lines).toEqual(["a line\n"]);
  });
});

describe("host calls", () => {
  test("name binding, namespace, operation and payload", () => {
    const calls: unknown[] = [];
    const counter = actor("actor-kvcounter", (...call) => {
      calls.push(call);
      return Uint8Array.of(5);
    });
    expect(counter("HttpServer.HandleRequest", utf8("anything")).at(-1)).toBe(5);
    expect(calls).toEqual([
      ["default", "wasmcloud:keyvalue", "KeyValue.Increment", expect.any(Uint8Array)],
    ]);
  });
  test("an error that the actor reads is its own to tell", () => {
    expect(() => actor("actor-pinger")("Ping.Ask", utf8("x"))).toThrow(
      expect.objectContaining({ payload: "unknown actor call alias" }),
    );
  });
  test("an error that nobody reads fails the call, whatever the actor says", () => {
    expect(() => actor("actor-pinger")("Ping.Try", utf8("x"))).toThrow(
      expect.objectContaining({ payload: "unknown actor call alias" }),
    );
  });
  test("a failure of the machinery is no error of the actor's", () => {
    const broken = actor("actor-pinger", () => {
      throw new TypeError("the host is gone");
    });
    expect(() => broken("Ping.Ask")).toThrow("the host is gone");
  });
});
