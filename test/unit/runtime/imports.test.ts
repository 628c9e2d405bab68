import { describe, expect, test } from "vitest";

import type { FunctionSetup } from "../../../src/channels/component.ts";
import type { FuncType, Interface, WitType, World } from "../../../src/core/wit.ts";

import { chooseBridge } from "../../../src/runtime/choose-bridge.ts";
import { exportPatterns, waitingImports, waitModeOf } from "../../../src/runtime/bridge.ts";
import {
  answeredImports,
  callableExports,
  unfitFunctions,
  unmetImports,
  versionedImports,
} from "../../../src/runtime/imports.ts";

const PLAIN: FuncType = { params: [] };
const FALLIBLE: FuncType = { params: [], result: { kind: "result" } };
function functions(...names: string[]): Interface {
  return new Map(names.map((name) => [name, PLAIN]));
}

function worldOf(
  imports: Record<string, Interface>,
  exports: Record<string, Interface> = {},
): World {
  return { imports: new Map(Object.entries(imports)), exports: new Map(Object.entries(exports)) };
}

describe("unmetImports", () => {
  test("WASI 0.2 and whatever a link may answer are met, in any version", () => {
    const world = worldOf({
      "wasi:io/poll@0.2.0": functions("poll"),
      "wasi:io/poll@0.2.12": functions("poll"),
      "wasi:logging/logging": functions("log"),
      "wasi:keyvalue/store@0.2.0-draft": functions("open", "[method]bucket.get"),
      "wasi:nn/graph@0.1.0": functions("load"),
      "acme:types/only@1.0.0": functions(),
      "acme:unknown/thing": functions("weigh"),
    });

    expect(unmetImports(world)).toEqual([]);
  });

  test("calls of wRPC by hand are refused, and the errors of calls are not", () => {
    const world = worldOf({
      "wrpc:rpc/error@0.1.0": functions("[method]error.to-debug-string"),
      "wrpc:rpc/context@0.1.0": functions("[static]context.default"),
      "wrpc:rpc/invoker@0.1.0": functions("invoke"),
      "wrpc:rpc/transport@0.1.0": functions("[method]invocation.subscribe"),
    });

    expect(unmetImports(world)).toEqual(
      ["context", "invoker", "transport"].map(
        (name) => `wrpc:rpc/${name}@0.1.0 (no component makes calls of wRPC by hand here)`,
      ),
    );
  });

  test("what only a host could answer is named as the component names it", () => {
    const world = worldOf({
      "": functions("shout"),
      "wasi:io/poll@0.3.0": functions("poll"),
      "wasi:sockets/tcp@0.2.0": functions("[method]tcp-socket.listen"),
      "wasi:filesystem/types@0.3.0": functions(),
    });

    expect(unmetImports(world)).toEqual([
      "function shout of its world (only interfaces can be linked)",
      "wasi:io/poll@0.3.0 (no link can stand for what WASI wants of a host)",
      "wasi:sockets/tcp@0.2.0 (no link can stand for what WASI wants of a host)",
    ]);
  });
});

test("functions that no class of JavaScript can have are named", () => {
  const world = worldOf(
    {
      "a:b/c@1.0.0": functions("then", "prototype", "[method]r.then", "[method]r.prototype"),
      "a:b/d": functions("[static]r.then", "[static]r.prototype", "[method]r.then-some"),
    },
    { "a:b/e": functions("[method]r.then", "[method]r.to-string") },
  );

  expect(unfitFunctions(world)).toEqual([
    'the component has a:b/c@1.0.0#[method]r.then: JavaScript has another meaning for "then" there',
    'the component has a:b/d#[static]r.prototype: JavaScript has another meaning for "prototype" there',
    'the component has a:b/e#[method]r.then: JavaScript has another meaning for "then" there',
  ]);
});

test("imports of one interface in several versions are told from others; WASI is the worker's own matter", () => {
  const world = worldOf({
    "": functions("a"),
    "a:b/c@1.0.0": functions("f"),
    "a:b/c@2.0.0": functions("f"),
    "a:b/d@1.0.0": functions("f"),
    "wasi:io/poll@0.2.0": functions("poll"),
    "wasi:io/poll@0.2.3": functions("poll"),
  });

  expect(versionedImports(world)).toEqual(["a:b/c@1.0.0", "a:b/c@2.0.0"]);
});

describe("how functions cross", () => {
  const BUCKET: WitType = { kind: "own", resource: "bucket", of: "a:b/buckets@1.0.0" };
  const INPUT: WitType = { kind: "own", resource: "input-stream", of: "wasi:io/streams@0.2.0" };
  const OWN: WitType = { kind: "own", resource: "shelf" };
  const gives = (result: WitType, ...params: WitType[]): FuncType => ({
    params: params.map((type, index) => ({ name: `p${index}`, type })),
    result,
  });

  test("as what they give, with their types where there are handles", () => {
    const open = gives({ kind: "result", ok: { kind: "option", some: BUCKET } });
    const world = worldOf({
      "wasi:io/poll@0.2.0": functions("poll"),
      "a:b/c@1.0.0": new Map<string, FuncType>([
        ["plain", PLAIN],
        ["fallible", FALLIBLE],
        ["open", open],
      ]),
      "a:b/buckets@1.0.0": functions(),
      "a:b/types@1.0.0": functions(),
    });

    expect(answeredImports(world)).toEqual(
      new Map([
        [
          "a:b/c@1.0.0",
          {
            resources: [],
            functions: new Map([
              ["plain", { gives: "nothing" }],
              ["fallible", { gives: "result" }],
              ["open", { gives: "result", type: open }],
            ]),
          },
        ],
        ["a:b/buckets@1.0.0", { resources: ["bucket"], functions: new Map() }],
      ]),
    );
  });

  test("those that cannot cross say why, and refuse only themselves", () => {
    const world = worldOf(
      {
        "a:b/c": new Map<string, FuncType>([
          ["reads", gives(INPUT)],
          ["writes", gives({ kind: "bool" }, INPUT)],
          ["streams", gives({ kind: "stream", element: { kind: "u8" } })],
        ]),
      },
      {
        "a:b/d": new Map<string, FuncType>([
          ["reads", gives(INPUT)],
          ["own", gives({ kind: "bool" }, { kind: "list", element: OWN })],
          ["theirs", gives({ kind: "bool" }, BUCKET)],
        ]),
      },
    );
    const refusals = (setups: ReadonlyMap<string, FunctionSetup> | undefined) =>
      Array.from(setups ?? [], ([func, { refused }]) => [func, refused]);

    expect(refusals(answeredImports(world).get("a:b/c")?.functions)).toEqual([
      ["reads", undefined],
      ["writes", "handles of input-stream of wasi:io/streams@0.2.0 stay within the component"],
      ["streams", "it has streams or futures of the component model"],
    ]);
    expect(refusals(callableExports(world).get("a:b/d"))).toEqual([
      ["reads", "handles of input-stream of wasi:io/streams@0.2.0 stay within the component"],
      ["own", undefined],
      ["theirs", undefined],
    ]);
  });

  test("functions of resources are for callers as others are", () => {
    const world = worldOf({}, { "a:b/c": functions("go", "[method]x.y", "[static]x.z") });

    const names = Array.from(callableExports(world).get("a:b/c")?.keys() ?? []);

    expect(names).toEqual(["go", "[method]x.y", "[static]x.z"]);
  });
});

describe("how guests wait", () => {
  const sleeper = worldOf(
    {
      "wasi:io/poll@0.2.6": functions("[method]pollable.block", "[method]pollable.ready"),
      "wasi:random/random@0.2.6": functions("get-random-u64"),
    },
    { "": functions("run"), "a:b/c@1.0.0": functions("go") },
  );
  const logger = worldOf({ "wasi:logging/logging": functions("log") });
  const plain = worldOf({ "wasi:random/random@0.2.6": functions("get-random-u64") });

  test("by the names that the transpiler wants", () => {
    expect(waitingImports(sleeper)).toEqual(["wasi:io/poll#[method]pollable.block"]);
    expect(waitingImports(logger)).toEqual(["wasi:logging/logging#log"]);
    expect(exportPatterns(sleeper)).toEqual(["run", "a:b/c#go"]);
  });

  test("not at all when nothing makes them", () => {
    expect(waitModeOf(plain, "jspi")).toBe("sync");
    expect(waitModeOf(plain, "sync")).toBe("sync");
  });

  test("by the bridge there is, or with a word on what the browser lacks", () => {
    expect(waitModeOf(sleeper, "jspi")).toBe("jspi");
    expect(waitModeOf(logger, "atomics")).toBe("atomics");
    expect(() => waitModeOf(logger, "sync")).toThrowError(
      expect.objectContaining({
        code: "unsupported",
        message: expect.stringMatching(
          /^the component waits for wasi:logging\/logging\.log, which/,
        ),
      }),
    );
  });
});

describe("chooseBridge", () => {
  test.each([
    { jspi: true, isolated: true, best: "jspi" },
    { jspi: false, isolated: true, best: "atomics" },
    { jspi: false, isolated: false, best: "sync" },
  ])("takes $best for jspi $jspi, isolated $isolated", ({ best, ...features }) => {
    expect(chooseBridge("auto", features)).toBe(best);
  });

  test("gives what is wanted, or says what it needs", () => {
    const poor = { jspi: false, isolated: false };

    expect(chooseBridge("atomics", { jspi: true, isolated: true })).toBe("atomics");
    expect(chooseBridge("sync", { jspi: true, isolated: true })).toBe("sync");
    expect(() => chooseBridge("jspi", poor)).toThrow(/JavaScript Promise Integration/);
    expect(() => chooseBridge("atomics", poor)).toThrow(/cross-origin isolated/);
  });
});
