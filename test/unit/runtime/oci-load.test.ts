/** What the cache spares of a registry, and when it stands in for it. Of the runtime only the transpiler is missing. */
import { expect, test } from "vitest";

import type { ImageSource } from "../../../src/core/workload.ts";
import type { LogEntry } from "../../../src/core/log.ts";
import type { LoadParts } from "../../../src/runtime/load.ts";
import type { Prepared } from "../../../src/runtime/prepared.ts";
import type { SharedImages } from "../../../src/runtime/shared-images.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { load } from "../../../src/runtime/load.ts";
import { createMemoryFiles } from "../../../src/storage/file-store.ts";
import { createImageCache } from "../../../src/storage/image-cache.ts";
import { fixture } from "../../support/fixtures.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";
import { hex, openTestRegistry } from "../../support/registry.ts";

function openLoader(options: Partial<LoadParts> = {}): {
  readonly start: (reference: string, source?: Partial<ImageSource>) => Promise<Prepared>;
  readonly events: () => readonly string[];
  readonly entries: readonly LogEntry[];
} {
  const { log, entries } = recordLog();
  const work: Promise<unknown>[] = [];
  const parts: LoadParts = {
    bridge: "sync",
    clock: realClock,
    maxBytes: 1_000_000,
    allowLatest: false,
    registries: async () => new Map(),
    cache: createImageCache({ now: () => Date.now(), files: createMemoryFiles() }),
    proxy: undefined,
    shared: undefined,
    transpiler: {
      transpile: () => Promise.resolve({ glue: "", cores: new Map(), keepsHandles: false }),
      end: () => undefined,
    },
    log,
    afterwards: (each) => void work.push(each),
    ...options,
  };
  return {
    async start(reference, source) {
      const { signal } = new AbortController();
      const prepared = await load({ reference, ...source }, { signal }, parts);
      await Promise.all(work);
      return prepared;
    },
    events: () => entries.map(({ event }) => event),
    entries,
  };
}

test("a digest that was pulled once needs no registry any more", async () => {
  const registry = await openTestRegistry();
  const { manifest } = registry.push("acme/hello", "0.1.0", fixture("hello"));
  const reference = `${registry.host}/acme/hello@sha256:${manifest}`;
  const { start, events } = openLoader();
  const first = await start(reference);
  await registry[Symbol.asyncDispose]();

  const second = await start(reference);

  expect([first.digest, second.digest]).toEqual(Array(2).fill(hex(fixture("hello"))));
  expect(registry.requests.length).toBe(2);
  expect(events()).toEqual([]);
});

test("a tag is asked for again, and only what is new is fetched", async () => {
  await using registry = await openTestRegistry();
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  const reference = `${registry.host}/acme/hello:0.1.0`;
  const { start } = openLoader();
  await start(reference);
  const blobs = (): number => registry.requests.filter(({ path }) => /blobs/.test(path)).length;

  const same = await start(reference);
  const afterSame = { all: registry.requests.length, blobs: blobs() };
  registry.push("acme/hello", "0.1.0", fixture("types"));
  const moved = await start(reference);
  registry.push("acme/renamed", "2", fixture("hello"));
  const known = await start(`${registry.host}/acme/renamed:2`);

  expect(same.digest).toBe(hex(fixture("hello")));
  expect(afterSame).toEqual({ all: 3, blobs: 1 });
  expect(moved.digest).toBe(hex(fixture("types")));
  expect(known.digest).toBe(hex(fixture("hello")));
  expect(blobs()).toBe(2);
});

test("the last copy of a tag serves if the network fails, which is logged, and only then", async () => {
  const registry = await openTestRegistry();
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  const reference = `${registry.host}/acme/hello:0.1.0`;
  const { start, events } = openLoader();
  await start(reference);
  registry.interrupt(/manifests/, [{ status: 404 }]);

  await expect(start(reference)).rejects.toMatchObject({ code: "image-unavailable" });
  expect(events()).toEqual([]);
  await registry[Symbol.asyncDispose]();
  const offline = await start(reference);

  expect(offline.digest).toBe(hex(fixture("hello")));
  expect(events()).toEqual(["image.last-copy"]);
});

test("`latest` is refused before anyone is asked, unless it is allowed", async () => {
  await using registry = await openTestRegistry();
  registry.push("acme/hello", "latest", fixture("hello"));

  for (const reference of [
    `${registry.host}/acme/hello`,
    `oci://${registry.host}/acme/hello:latest`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(openLoader().start(reference)).rejects.toMatchObject({ code: "bad-input" });
    expect(registry.requests).toEqual([]);
  }
  const { digest } = await openLoader({ allowLatest: true }).start(`${registry.host}/acme/hello`);
  expect(digest).toBe(hex(fixture("hello")));
});

test("credentials are asked for at each pull, and are not in the cache", async () => {
  await using registry = await openTestRegistry({
    auth: { by: "basic", username: "anna", password: "s3cret" },
  });
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  const registries = new Map<string, { readonly username: string; readonly password: string }>();
  const files = createMemoryFiles();
  const cache = createImageCache({ now: () => Date.now(), files });
  const { start } = openLoader({ cache, registries: async () => registries });
  const reference = `${registry.host}/acme/hello:0.1.0`;

  await expect(start(reference)).rejects.toMatchObject({ code: "denied" });
  registries.set(registry.host, { username: "anna", password: "s3cret" });
  await start(reference);

  const kept = await Promise.all((await files.paths()).map((path) => files.get(path)));
  expect(kept.length).toBeGreaterThan(2);
  expect(kept.some((bytes) => Buffer.from(bytes ?? []).includes("s3cret"))).toBe(false);
});

test("an image's own credentials go before those of the node, to its registry, and into no log", async () => {
  const auth = { by: "token", username: "anna", password: "s3cret" } as const;
  await using registry = await openTestRegistry({ auth });
  await using other = await openTestRegistry({ auth });
  for (const each of [registry, other]) each.push("acme/hello", "0.1.0", fixture("hello"));
  const wrong = { username: "node", password: "wrong" };
  const { start, entries } = openLoader({
    registries: async () => new Map([registry, other].map(({ host }) => [host, wrong])),
  });
  const credentials = { username: "anna", password: "s3cret" };

  await expect(start(`${registry.host}/acme/hello:0.1.0`)).rejects.toMatchObject({
    code: "denied",
  });
  const pulled = await start(`${registry.host}/acme/hello:0.1.0`, { credentials });
  const elsewhere = start(`${other.host}/acme/hello:0.1.0`);

  expect(pulled.digest).toBe(hex(fixture("hello")));
  await expect(elsewhere).rejects.toMatchObject({ code: "denied" });
  expect(JSON.stringify(entries)).not.toContain("s3cret");
});

test("wrong credentials of an image are refused without the secret in the error", async () => {
  await using registry = await openTestRegistry({
    auth: { by: "basic", username: "anna", password: "s3cret" },
  });
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  const { start } = openLoader({
    registries: async () => new Map([[registry.host, { username: "anna", password: "s3cret" }]]),
  });
  const credentials = { username: "anna", password: "hunter2" };

  const refused = await start(`${registry.host}/acme/hello:0.1.0`, { credentials }).catch(
    (thrown: unknown) => thrown,
  );

  expect(refused).toMatchObject({ code: "denied" });
  expect(String(refused)).not.toContain("hunter2");
});

test("`always` asks the registry also for a digest, and no last copy stands in for it", async () => {
  const registry = await openTestRegistry();
  const { manifest } = registry.push("acme/hello", "0.1.0", fixture("hello"));
  const byTag = `${registry.host}/acme/hello:0.1.0`;
  const byDigest = `${registry.host}/acme/hello@sha256:${manifest}`;
  const { start, events } = openLoader();
  await start(byTag);
  await start(byDigest);
  const asked = (): readonly string[] => registry.requests.map(({ path }) => path);
  const before = asked().length;

  await start(byTag, { pull: "always" });
  const same = await start(byDigest, { pull: "always" });
  const after = asked().slice(before);
  await registry[Symbol.asyncDispose]();

  expect(same.digest).toBe(hex(fixture("hello")));
  expect(after).toEqual([
    "/v2/acme/hello/manifests/0.1.0",
    `/v2/acme/hello/manifests/sha256:${manifest}`,
  ]);
  for (const reference of [byTag, byDigest]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(start(reference, { pull: "always" })).rejects.toMatchObject({
      code: "image-unavailable",
    });
  }
  expect(events()).toEqual([]);
});

test("`never` takes what is kept, and asks nobody", async () => {
  await using registry = await openTestRegistry();
  registry.push("acme/hello", "0.1.0", fixture("hello"));
  registry.push("acme/hello", "0.2.0", fixture("types"));
  const { start } = openLoader();
  await start(`${registry.host}/acme/hello:0.1.0`);
  const before = registry.requests.length;

  const kept = await start(`${registry.host}/acme/hello:0.1.0`, { pull: "never" });
  const unknown = `${registry.host}/acme/hello:0.2.0`;
  const references = [
    unknown,
    `${registry.host}/acme/hello@sha256:${"0".repeat(64)}`,
    `http://${registry.host}/hello.wasm`,
    `http://${registry.host}/hello.wasm#sha256=${"0".repeat(64)}`,
    `lattice:///sha256:${"0".repeat(64)}`,
  ];
  const refused = await Promise.allSettled(
    references.map((reference) => start(reference, { pull: "never" })),
  );

  expect(kept.digest).toBe(hex(fixture("hello")));
  expect(registry.requests.length).toBe(before);
  expect(refused).toEqual(
    references.map((reference) => ({
      status: "rejected",
      reason: expect.objectContaining({
        code: "image-unavailable",
        message: `${reference} is not kept on this host, and its pull policy is "never"`,
      }),
    })),
  );
  await expect(
    openLoader({ cache: undefined }).start(unknown, { pull: "never" }),
  ).rejects.toMatchObject({ code: "image-unavailable" });
  await expect(start(`${registry.host}/acme/hello`, { pull: "never" })).rejects.toMatchObject({
    code: "bad-input",
  });
});

test("what an image's own credentials open is not shared, and the lattice does not stand in for `always`", async () => {
  const auth = { by: "basic", username: "anna", password: "s3cret" } as const;
  await using registry = await openTestRegistry({ auth });
  const { manifest } = registry.push("acme/hello", "0.1.0", fixture("hello"));
  const reference = `${registry.host}/acme/hello@sha256:${manifest}`;
  const credentials = { username: "anna", password: "s3cret" };
  const stored = new Map<string, Uint8Array<ArrayBuffer>>();
  const shared: SharedImages = {
    async read(digest) {
      const bytes = stored.get(digest);
      if (bytes === undefined) throw new LatticeError("image-unavailable", "the lattice has none");
      return bytes;
    },
    async share(digest, bytes) {
      stored.set(digest, new Uint8Array(bytes));
    },
  };
  const registries = async () => new Map([[registry.host, credentials]]);

  await openLoader({ shared }).start(reference, { credentials });
  const afterOwn = stored.size;
  await openLoader({ shared, registries }).start(reference);
  const { digest } = await openLoader({ shared }).start(reference);
  const always = openLoader({ shared }).start(reference, { pull: "always" });

  expect(afterOwn).toBe(0);
  expect([...stored.keys()].toSorted()).toEqual([manifest, hex(fixture("hello"))].toSorted());
  expect(digest).toBe(hex(fixture("hello")));
  await expect(always).rejects.toMatchObject({ code: "denied" });
});
