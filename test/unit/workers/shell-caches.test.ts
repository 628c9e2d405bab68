import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openShellCaches } from "../../../src/workers/shell-caches.ts";

const BASE = "https://site.example/";
const LARGE = "assets/large-abcd1234.js";
const SMALL = "assets/small-abcd1234.js";
const hashOf = (text: string): string =>
  `sha256-${createHash("sha256").update(text).digest("base64")}`;

/** What the site answers with, by path. */
let site: Map<string, string>;

beforeEach(() => {
  site = new Map();
  const stores = new Map<string, Map<string, Response>>();
  vi.stubGlobal("caches", {
    keys: async () => [...stores.keys()],
    has: async (name: string) => stores.has(name),
    delete: async (name: string) => stores.delete(name),
    open: async (name: string) => {
      const store = stores.get(name) ?? new Map<string, Response>();
      stores.set(name, store);
      return {
        match: async (url: string) => store.get(url)?.clone(),
        put: async (url: string, response: Response) => {
          store.set(url, new Response(await response.arrayBuffer(), response));
        },
      };
    },
  });
  vi.stubGlobal("fetch", async (url: string, { integrity }: { integrity?: string }) => {
    const body = site.get(url.slice(BASE.length));
    if (body === undefined) return new Response("", { status: 404 });
    if (integrity !== undefined && integrity !== hashOf(body)) throw new TypeError("integrity");
    return new Response(body);
  });
});

afterEach(() => vi.unstubAllGlobals());

function release(build: string, later: string, small = "small"): void {
  const version = {
    version: "0.1.0",
    build,
    files: { [SMALL]: hashOf(small) },
    later: { [LARGE]: hashOf(later) },
  };
  site.set("version.json", JSON.stringify(version)).set(SMALL, small);
}

test("a large file is kept if it has the hash that its build names, and not otherwise", async () => {
  const shell = openShellCaches(BASE);
  release("build-001", "large");
  await shell.stage(undefined);

  await shell.keepLater("build-001", LARGE, new Response("forged"));
  expect(await shell.file("build-001", LARGE)).toBeUndefined();

  await shell.keepLater("build-001", LARGE, new Response("large"));
  expect(await (await shell.file("build-001", LARGE))?.text()).toBe("large");

  await shell.keepLater("build-001", "assets/other-abcd1234.js", new Response("large"));
  expect(await shell.file("build-001", "assets/other-abcd1234.js")).toBeUndefined();
});

test("the next build takes over what has the hash that it names itself", async () => {
  const shell = openShellCaches(BASE);
  release("build-001", "large");
  await shell.stage(undefined);
  await shell.keepLater("build-001", LARGE, new Response("large"));

  release("build-002", "large");
  await shell.stage("build-002");
  expect(await (await shell.file("build-002", LARGE))?.text()).toBe("large");

  release("build-003", "another", "changed");
  await shell.stage("build-003");
  expect(await shell.file("build-003", LARGE)).toBeUndefined();
  expect(await (await shell.file("build-003", SMALL))?.text()).toBe("changed");
});
