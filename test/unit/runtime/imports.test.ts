import { describe, expect, test } from "vitest";

import type { FuncType, Interface, World } from "../../../src/core/wit.ts";

import {
  chooseBridge,
  exportPatterns,
  waitingImports,
  waitModeOf,
} from "../../../src/runtime/bridge.ts";
import { answeredImports, callableExports, unmetImports } from "../../../src/runtime/imports.ts";

const PLAIN: FuncType = { params: [] };
const FALLIBLE: FuncType = { params: [], result: { kind: "result" } };
const HANDLE: FuncType = { params: [], result: { kind: "own", resource: "bucket" } };

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
  const provided = new Set(["wasi:logging/logging", "wasi:keyvalue/store"]);

  test("WASI 0.2 and what the host provides are met, in any version", () => {
    const world = worldOf({
      "wasi:io/poll@0.2.0": functions("poll"),
      "wasi:io/poll@0.2.12": functions("poll"),
      "wasi:logging/logging": functions("log"),
      "wasi:logging/logging@0.1.0-draft": functions("log"),
      "acme:types/only@1.0.0": functions(),
    });

    expect(unmetImports(world, provided)).toEqual([]);
  });

  test("everything else is named as the component names it", () => {
    const world = worldOf({
      "": functions("shout"),
      "wasi:io/poll@0.3.0": functions("poll"),
      "wasi:http/outgoing-handler@0.2.0": functions("handle"),
      "wasi:keyvalue/store@0.2.0-draft": new Map([["open", HANDLE]]),
    });

    expect(unmetImports(world, provided)).toEqual([
      "function shout of its world",
      "wasi:io/poll@0.3.0",
      "wasi:http/outgoing-handler@0.2.0",
      "wasi:keyvalue/store@0.2.0-draft with resources (open)",
    ]);
  });
});

test("the host answers what is not WASI, and knows which functions give a result", () => {
  const world = worldOf({
    "wasi:io/poll@0.2.0": functions("poll"),
    "a:b/c@1.0.0": new Map([
      ["plain", PLAIN],
      ["fallible", FALLIBLE],
    ]),
    "a:b/types@1.0.0": functions(),
  });

  expect(answeredImports(world)).toEqual(
    new Map([
      [
        "a:b/c@1.0.0",
        new Map([
          ["plain", "nothing"],
          ["fallible", "result"],
        ]),
      ],
    ]),
  );
});

test("methods of resources are not for callers", () => {
  const world = worldOf({}, { "a:b/c": functions("go", "[method]x.y", "[constructor]x") });

  expect(callableExports(world)).toEqual(new Map([["a:b/c", new Map([["go", "nothing"]])]]));
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
