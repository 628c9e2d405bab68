import { expect, test } from "vitest";

import type { ComponentSetup } from "../../../src/channels/component.ts";

import { createLog } from "../../../src/core/log.ts";
import { openComponentWorker } from "../../../src/runtime/component-worker.ts";
import { spawn } from "../../../src/channels/spawn.ts";
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
      evaluates: () => {
        const made = [];
        const timers = [globalThis.setTimeout, Object.getPrototypeOf(self).setTimeout,
          Object.getPrototypeOf(Object.getPrototypeOf(self)).setTimeout, self.setInterval];
        for (const timer of timers) {
          if (timer === undefined) continue;
          try { timer.call(self, "0"); made.push("timer"); } catch {}
        }
        return made;
      },
      listens: () => {
        const heard = [];
        for (const name of ["addEventListener", "removeEventListener", "dispatchEvent"]) {
          for (const target of [self, undefined]) {
            try { EventTarget.prototype[name].call(target, name === "dispatchEvent" ? new Event("x") : "message", () => {}); heard.push(name); } catch {}
          }
        }
        return heard;
      },
      hearsOthers: () => {
        let heard = 0;
        const target = new EventTarget();
        target.addEventListener("x", () => heard++);
        target.dispatchEvent(new Event("x"));
        const aborter = new AbortController();
        aborter.signal.addEventListener("abort", () => heard++);
        aborter.abort();
        return heard;
      },
      lives: () => [typeof WebAssembly.Module, typeof setTimeout, typeof crypto.getRandomValues].join(" "),
    };
  }`;

const setup: ComponentSetup = {
  name: "hostile",
  glue: HOSTILE_GLUE,
  cores: new Map(),
  borrowers: new Map(),
  instantiations: new Map(),
  mode: "sync",
  exports: new Map([
    [
      "",
      new Map(
        ["probe", "makes", "lives", "evaluates", "listens", "hears-others"].map((func) => [
          func,
          { gives: "value" },
        ]),
      ),
    ],
  ]),
  adapted: new Map(),
  imports: new Map(),
  wasi: [],
  environment: new Map(),
  mounts: [],
  settles: true,
  stock: 1,
  maxBytes: 65_536,
};

/** What is read is left to the engine. */
const leave = (): void => undefined;

test("generated code has no network, storage, messages or evaluation, even if it is broken into", async () => {
  const supply = createWorkerSupply(clock, { base: undefined, spare: false, spawn });
  const log = createLog(
    () => 0,
    () => undefined,
  );
  const world = { imports: new Map(), exports: new Map() };
  const parts = { setup, world, supply, imports: noImports, clock, log, release: leave };

  const runner = await openComponentWorker(parts, new AbortController().signal);

  const ask = (func: string) => runner.invoke(callOf("", func)).results;

  const seen = await ask("probe");
  const makers = await ask("makes");
  const left = await ask("lives");
  const evaluated = await ask("evaluates");
  const listened = await ask("listens");
  const others = await ask("hears-others");

  expect(seen).toEqual([[]]);
  expect(makers).toEqual(["undefinedundefined"]);
  expect(evaluated).toEqual([[]]);
  expect(listened).toEqual([[]]);
  expect(others).toEqual([2]);
  expect(left).toEqual(["function function function"]);
});
