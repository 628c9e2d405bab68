/** Subjects and bytes of calls against traces derived from bytecodealliance/wrpc, crates/transport-nats/v0.28.1. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { entityId, latticeId } from "../../../src/core/ids.ts";
import type { WitType } from "../../../src/core/wit.ts";
import {
  channelSubject,
  handleNotLast,
  headerBytes,
  invocationSubject,
  isDeferredPlace,
  parseChannel,
  queueGroup,
  unservable,
  wireFunction,
} from "../../../src/wire/wrpc.ts";
import { encodeTuple, paramTypes, resultTypes } from "../../../src/wire/value.ts";
import { parseWitFunc, parseWitType } from "../../../src/wire/wit-text.ts";
import { fromHex, toHex } from "../../support/hex.ts";

interface Trace {
  readonly name: string;
  readonly messages: readonly {
    readonly subject: string;
    readonly payloadHex: string;
    readonly reply?: string;
  }[];
}

const traces: readonly Trace[] = JSON.parse(
  readFileSync(new URL("../../vectors/wrpc-nats-traces.json", import.meta.url), "utf8"),
);

const LATTICE = latticeId("default");
const ECHO = entityId("echo");

const GREETER = "my:pkg/greeter@1.0.0";
const RESOURCES = "my:pkg/res@1.0.0";

/** The traces say in words which function they call. */
const CALLED: Readonly<Record<string, readonly [instance: string, func: string]>> = {
  "a-hello": ["wrpc-examples:hello/handler", "hello"],
  "b-strings": [GREETER, "greet"],
  "d-http": ["wrpc:http/incoming-handler@0.1.0", "handle"],
  "e-future": ["my:pkg/later@1.0.0", "later"],
  "f-resource-constructor": [RESOURCES, "[constructor]foo"],
  "f-resource-method": [RESOURCES, "[method]foo.get"],
  "g-failure-after-accept": [GREETER, "greet"],
  "h-no-responders": [GREETER, "greet"],
};

test.each(traces)("$name: all subjects are those of the trace", ({ name, messages }) => {
  const [invocation, ...others] = messages;
  const [instance, func] = CALLED[name] ?? ["", ""];
  const inboxes = messages.flatMap(({ reply }) => reply ?? []);

  expect(invocation?.subject).toBe(invocationSubject(LATTICE, ECHO, instance, func));
  for (const { subject } of others) {
    const inbox = inboxes.find((each) => subject === each || subject.startsWith(`${each}.`)) ?? "";
    const tail = subject.slice(inbox.length + 1);
    const channel = parseChannel(tail);
    expect(channel === undefined ? inbox : channelSubject(inbox, channel)).toBe(subject);
  }
});

test.each([
  { name: "a-hello", func: "func() -> string", args: [], results: ["hello from Rust"] },
  {
    name: "b-strings",
    func: "func(name: string, lang: string) -> string",
    args: ["Ada", "en"],
    results: ["Hello, Ada"],
  },
  {
    name: "e-future",
    func: "func(n: u32) -> future<string>",
    args: [300],
    results: [{ tag: "pending" }],
  },
  {
    name: "f-resource-constructor",
    func: "func(name: string) -> own<foo>",
    args: ["n1"],
    results: [fromHex("0190a1b2")],
  },
  {
    name: "f-resource-method",
    func: "func(self: borrow<foo>) -> u32",
    args: [fromHex("0190a1b2")],
    results: [7],
  },
])("$name: parameters and results are the bytes of the trace", ({ name, func, args, results }) => {
  const messages = traces.find((trace) => trace.name === name)?.messages ?? [];
  const type = parseWitFunc(func);
  const [invocation] = messages;
  const result = messages.find(
    ({ subject, payloadHex }) => subject.endsWith(".results") && payloadHex !== "",
  );

  expect(toHex(encodeTuple(paramTypes(type), args))).toBe(invocation?.payloadHex);
  expect(toHex(encodeTuple(resultTypes(type), results))).toBe(result?.payloadHex);
});

test.each([
  { func: "greet", name: "greet" },
  { func: "[constructor]foo", name: "foo" },
  { func: "[method]foo.bar", name: "foo.bar" },
  { func: "[static]foo.baz", name: "foo.baz" },
  { func: "[resource-drop]foo", name: undefined },
])("$func is $name on the wire", ({ func, name }) => {
  expect(wireFunction(func)).toBe(name);
});

test("a function of the world itself has no instance in its subject", () => {
  expect(invocationSubject(LATTICE, ECHO, "", "run")).toBe("default.echo.wrpc.0.0.1.run");
});

test("methods and versions keep their dots", () => {
  expect(invocationSubject(LATTICE, ECHO, "my:pkg/res@1.0.0", "[method]foo.get")).toBe(
    "default.echo.wrpc.0.0.1.my:pkg/res@1.0.0.foo.get",
  );
});

test("the queue group is what the subjects begin with", () => {
  expect(queueGroup(LATTICE, ECHO)).toBe("default.echo");
});

describe("channels", () => {
  test.each([
    { tail: "params", channel: { name: "params", path: [] } },
    { tail: "results.0.12", channel: { name: "results", path: [0, 12] } },
    { tail: "results.4294967295", channel: { name: "results", path: [4_294_967_295] } },
    { tail: "results.4294967296", channel: undefined },
    { tail: "results.", channel: undefined },
    { tail: "results.01", channel: undefined },
    { tail: "params.*", channel: undefined },
    { tail: "error", channel: undefined },
    { tail: "", channel: undefined },
  ])("$tail", ({ tail, channel }) => {
    expect(parseChannel(tail)).toEqual(channel);
  });
});

test("headers weigh what NATS writes for them", () => {
  const headers = new Map([
    ["source-id", "web"],
    ["link-name", "défaut"],
  ]);

  const block = "NATS/1.0\r\nsource-id: web\r\nlink-name: défaut\r\n\r\n";
  expect(headerBytes(headers)).toBe(Buffer.byteLength(block));
  expect(headerBytes(new Map())).toBe(0);
});

describe("what cannot cross the lattice", () => {
  test.each([
    { type: "func(a: u8) -> result<list<string>, variant { a, b(u8) }>", problem: undefined },
    { type: "func(a: stream<u8>) -> result<_, future<u8>>", problem: undefined },
    {
      type: "func(a: record { b: tuple<borrow<pail>> })",
      problem: "f uses the resource pail, which cannot cross the lattice yet",
    },
    {
      type: "func() -> stream<own<pail>>",
      problem: "f uses the resource pail, which cannot cross the lattice yet",
    },
  ])("$type: $problem", ({ type, problem }) => {
    expect(unservable("f", parseWitFunc(type))).toBe(problem);
    expect(unservable("f", parseWitFunc(type), { handles: true })).toBeUndefined();
  });

  test("the drop of a resource", () => {
    expect(unservable("[resource-drop]pail", { params: [] }, { handles: true })).toBe(
      "[resource-drop]pail never crosses the lattice",
    );
  });

  test("types that unfold without end are looked through in no time", () => {
    let wide: WitType = { kind: "u8" };
    for (let i = 0; i < 60; i++) wide = { kind: "tuple", elements: [wide, wide] };
    let deep: WitType = { kind: "u8" };
    for (let i = 0; i < 100_000; i++) deep = { kind: "option", some: deep };

    expect(unservable("f", { params: [], result: wide })).toBeUndefined();
    expect(unservable("f", { params: [], result: deep })).toMatch("nested deeper than 100");
  });
});

describe("handles that wasmCloud hosts cannot read, since they are not last", () => {
  test.each([
    { type: "own<pail>", handle: undefined },
    { type: "result<own<pail>, string>", handle: undefined },
    { type: "result<tuple<u8, own<pail>>, own<lid>>", handle: undefined },
    { type: "record { a: u8, b: option<own<pail>> }", handle: undefined },
    { type: "tuple<own<pail>, string>", handle: "pail" },
    { type: "result<tuple<own<pail>, own<lid>>>", handle: "pail" },
    { type: "list<own<pail>>", handle: "pail" },
    { type: "tuple<option<own<pail>>, stream<u8>>", handle: "pail" },
    { type: "tuple<stream<own<pail>>, u8>", handle: undefined },
  ])("$type: $handle", ({ type, handle }) => {
    expect(handleNotLast(parseWitType(type))).toBe(handle);
  });
});

describe("places of streams and futures", () => {
  const request = "record { body: stream<u8>, trailers: future<option<string>>, path: string }";
  test.each([
    { types: [request], places: /^0\.[01]$/ },
    { types: ["string", "stream<u8>"], places: /^1$/ },
    { types: [`result<${request}, u8>`], places: /^0\.[01]$/ },
    { types: ["variant { a(stream<u8>), b(tuple<u8, future<u8>>), c }"], places: /^0(\.1)?$/ },
    { types: ["list<stream<u8>>"], places: /^0\.\d$/ },
    { types: ["stream<tuple<u8, future<u8>>>"], places: /^0(\.\d\.1)?$/ },
    { types: ["future<stream<u8>>"], places: /^0$/ },
    { types: ["future<tuple<stream<u8>, u8>>"], places: /^0(\.0)?$/ },
    { types: ["string"], places: /never/ },
  ])("$types: $places", ({ types, places }) => {
    const parsed = types.map((type) => parseWitType(type));
    const steps = [0, 1, 3, 7];
    const paths = steps.flatMap((a) => [
      [a],
      ...steps.flatMap((b) => [[a, b], ...steps.map((c) => [a, b, c])]),
    ]);

    const found = paths.filter((path) => isDeferredPlace(parsed, path));

    expect(found).toEqual(paths.filter((path) => places.test(path.join("."))));
  });

  test("are told in no time where cases of one type share their parts", () => {
    let type: WitType = { kind: "stream" };
    for (let i = 0; i < 60; i++) {
      type = {
        kind: "variant",
        cases: [
          { name: "a", type },
          { name: "b", type },
        ],
      };
    }

    expect(isDeferredPlace([type], [0])).toBe(true);
    expect(isDeferredPlace([type], [0, 1, 2, 3])).toBe(false);
  });
});
