/** What becomes of workers that the browser refuses to start. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LatticeError } from "../../../src/core/error.ts";
import { spawn, type SpawnOptions } from "../../../src/channels/spawn.ts";

const OWN_FILE = "https://page.example/w.js";
const FOREIGN_FILE = "https://cdn.example/w.js";
const PINNED = Symbol.for("inlay pinned");
const TRUSTED = Symbol.for("inlay trusted types");

beforeEach(() => vi.stubGlobal("self", { origin: "https://page.example" }));
afterEach(() => {
  vi.unstubAllGlobals();
  Reflect.deleteProperty(globalThis, PINNED);
  Reflect.deleteProperty(globalThis, TRUSTED);
});

function refuseWorkers(message: string): void {
  const refuse = function refuse(): never {
    throw new Error(message);
  };
  vi.stubGlobal("Worker", refuse);
}

function pin(file: string): void {
  const pinned = { has: (address: string) => address === file, worker: async () => "blob:made" };
  Reflect.set(globalThis, PINNED, pinned);
}

/** Why the worker was lost. */
function lost(url: string, options: Omit<SpawnOptions, "name" | "onLost"> = {}) {
  return new Promise<LatticeError>((onLost) => {
    const spawned = spawn(url, { name: "test", onLost, ...options });
    expect(spawned.port).toBeDefined();
  });
}

test("a pinned worker that the browser does not start is lost", async () => {
  pin(FOREIGN_FILE);
  refuseWorkers("no blobs here");

  expect(await lost(FOREIGN_FILE)).toMatchObject({
    code: "worker-lost",
    message: "the test worker cannot be started: no blobs here",
  });
});

test("a pinned worker whose address the page's policies refuse is lost", async () => {
  pin(FOREIGN_FILE);
  refuseWorkers("it was asked, though its address is refused");
  const createPolicy = (): never => {
    throw new TypeError("policy inlay is not listed");
  };
  vi.stubGlobal("trustedTypes", { createPolicy });

  const { code, message } = await lost(FOREIGN_FILE);

  expect(code).toBe("worker-lost");
  expect(message).toContain("policy inlay is not listed");
});

test.each([
  ["of the page's origin", OWN_FILE],
  ["of another origin", FOREIGN_FILE],
])(
  "a worker %s that the browser does not start is lost, when its caller knows it",
  async (_, url) => {
    refuseWorkers("too many workers");

    expect(await lost(url)).toMatchObject({
      code: "worker-lost",
      message: "the test worker cannot be started: too many workers",
    });
  },
);

test("nobody hears of a refused worker that was ended before", async () => {
  refuseWorkers("too many workers");
  const onLost = vi.fn<(reason: LatticeError) => void>();

  spawn(OWN_FILE, { name: "test", onLost }).terminate();
  await new Promise((resolve) => setTimeout(resolve, 0)); // behind all microtasks

  expect(onLost).not.toHaveBeenCalled();
});
