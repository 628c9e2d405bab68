import { expect, test } from "vitest";

import type { ComponentSetup } from "../../../src/channels/component.ts";

import { createLog } from "../../../src/core/log.ts";
import { openComponentWorker } from "../../../src/runtime/component-worker.ts";
import { createWorkerSupply } from "../../../src/runtime/worker-supply.ts";
import { callOf, clock, noImports } from "./support.ts";

/** Generated code that was broken into, and looks around. */
const HOSTILE_GLUE = `
  const atImport = Object.keys(probe());
  function probe() {
    const names = ["fetch", "XMLHttpRequest", "WebSocket", "WebTransport", "EventSource", "indexedDB", "caches",
      "importScripts", "BroadcastChannel", "MessageChannel", "Worker", "postMessage", "addEventListener", "onmessage",
      "navigator", "location", "close", "eval", "Function"];
    return Object.fromEntries(names.filter((name) => globalThis[name] !== undefined).map((name) => [name, true]));
  }
  export function instantiate() {
    return {
      probe: () => [...atImport, ...Object.keys(probe())],
      makes: () => typeof (() => 1).constructor + typeof (async () => 1).constructor,
      lives: () => [typeof WebAssembly.Module, typeof setTimeout, typeof crypto.getRandomValues].join(" "),
    };
  }`;

const setup: ComponentSetup = {
  name: "hostile",
  glue: HOSTILE_GLUE,
  cores: new Map(),
  borrowers: new Map(),
  mode: "sync",
  exports: new Map([
    [
      "",
      new Map([
        ["probe", "value"],
        ["makes", "value"],
        ["lives", "value"],
      ]),
    ],
  ]),
  imports: new Map(),
  wasi: [],
  settles: true,
  stock: 1,
  maxBytes: 65_536,
};

test("generated code has no network, storage, messages or evaluation, even if it is broken into", async () => {
  const supply = createWorkerSupply(clock, { base: undefined, spare: false });
  const log = createLog(
    () => 0,
    () => undefined,
  );
  const parts = { setup, supply, imports: noImports, clock, log };
  const runner = await openComponentWorker(parts, new AbortController().signal);

  const seen = await runner.invoke(callOf("", "probe"));
  const makers = await runner.invoke(callOf("", "makes"));
  const left = await runner.invoke(callOf("", "lives"));

  expect(seen).toEqual([[]]);
  expect(makers).toEqual(["undefinedundefined"]);
  expect(left).toEqual(["function function function"]);
});
