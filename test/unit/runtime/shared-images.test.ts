/** Components over the lattice: which stand in for what cannot be fetched, and that nothing else does. */
import { expect, test } from "vitest";

import type { LoadParts } from "../../../src/runtime/load.ts";
import type { LoadProgress } from "../../../src/core/workload.ts";
import type { ObjectStore } from "../../../src/core/objects.ts";
import type { OpenSharedStore } from "../../../src/runtime/shared-images.ts";

import { createMemoryLattice } from "../../../src/bus/memory.ts";
import { LatticeError } from "../../../src/core/error.ts";
import { digest } from "../../../src/core/ids.ts";
import { load } from "../../../src/runtime/load.ts";
import { createSharedImages } from "../../../src/runtime/shared-images.ts";
import { createMemoryFiles } from "../../../src/storage/file-store.ts";
import { createImageCache } from "../../../src/storage/image-cache.ts";
import { fixture } from "../../support/fixtures.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { realClock } from "../../support/real-clock.ts";
import { hex, openTestRegistry } from "../../support/registry.ts";

const HELLO = fixture("hello");
const PIN = hex(HELLO);
/** Nobody listens there. */
const AWAY = "http://127.0.0.1:1";
const { signal } = new AbortController();

/** A lattice with a store of images, and nodes of it. */
function openLattice() {
  const lattice = createMemoryLattice();
  const open: OpenSharedStore = (options) => lattice.connect().objects("IMAGES", options);
  const store = (): Promise<ObjectStore> => open({ create: true, signal });
  return {
    open,
    store,
    put: async (name: string, bytes: Uint8Array): Promise<unknown> =>
      (await store()).put(name, bytes, signal),
    node: (shares: boolean, options: Partial<LoadParts> = {}) => openNode(open, shares, options),
  };
}

function openNode(open: OpenSharedStore, shares: boolean, options: Partial<LoadParts>) {
  const { log, entries } = recordLog();
  const work: Promise<unknown>[] = [];
  const heard: LoadProgress[] = [];
  const parts: LoadParts = {
    bridge: "sync",
    clock: realClock,
    maxBytes: 1_000_000,
    allowLatest: false,
    registries: async () => new Map(),
    cache: createImageCache({ now: () => Date.now(), files: createMemoryFiles() }),
    proxy: undefined,
    shared: createSharedImages({ open, shares, log, signal }),
    transpiler: {
      transpile: () => Promise.resolve({ glue: "", cores: new Map(), keepsHandles: false }),
      end: () => undefined,
    },
    log,
    afterwards: (each) => void work.push(each),
    ...options,
  };
  return {
    heard,
    events: () => entries.map(({ event }) => event),
    start: async (reference: string): Promise<string> => {
      const onProgress = (progress: LoadProgress): void => void heard.push(progress);
      const prepared = await load({ reference }, { signal, onProgress }, parts);
      await Promise.all(work);
      return prepared.digest;
    },
  };
}

test("a pinned file that cannot be fetched comes from the lattice, and is told as it comes", async () => {
  const lattice = openLattice();
  await lattice.put(`sha256:${PIN}`, HELLO);
  const { start, events, heard } = lattice.node(false);

  const started = await start(`${AWAY}/hello.wasm#sha256=${PIN}`);

  const totalBytes = HELLO.length;
  expect(started).toBe(PIN);
  expect(events()).toEqual(["image.from-lattice"]);
  expect(heard.map(({ stage }) => stage)).toEqual(
    expect.arrayContaining(["resolve", "fetch", "verify", "transpile"]),
  );
  expect(heard).toContainEqual({ stage: "fetch", bytes: totalBytes, totalBytes });
});

test("what one node shares another has: a file, and an image by its tag's digest", async () => {
  const lattice = openLattice();
  const registry = await openTestRegistry();
  const { manifest } = registry.push("acme/hello", "0.1.0", HELLO);
  const pinned = `${registry.host}/acme/hello@sha256:${manifest}`;
  const first = lattice.node(true);

  await first.start(`${registry.host}/acme/hello:0.1.0`);
  await registry[Symbol.asyncDispose]();
  const second = lattice.node(false);
  const started = await second.start(pinned);
  const byDigest = await lattice.node(false).start(`lattice:///sha256:${PIN}`);

  expect([started, byDigest]).toEqual([PIN, PIN]);
  expect(first.events()).toEqual(["image.shared", "image.shared"]);
  expect(second.events()).toEqual(["image.from-lattice", "image.from-lattice"]);
});

test("an index leads through the lattice as it does through a registry", async () => {
  const lattice = openLattice();
  const registry = await openTestRegistry();
  const { manifest } = registry.push("acme/hello", "wasm", HELLO);
  const manifests = [
    {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${manifest}`,
      size: 1,
    },
  ];
  const index = registry.pushManifest("acme/hello", "0.1.0", { schemaVersion: 2, manifests });
  const reference = `${registry.host}/acme/hello@sha256:${index}`;
  await lattice.node(true).start(reference);
  await registry[Symbol.asyncDispose]();

  expect(await lattice.node(false).start(reference)).toBe(PIN);
});

test("names without a digest are never looked up in the lattice", async () => {
  const lattice = openLattice();
  const registry = await openTestRegistry();
  const { manifest } = registry.push("acme/hello", "0.1.0", HELLO);
  const { start, events } = lattice.node(false);
  const asked: string[] = [];
  const store = await lattice.store();
  for (const name of [`${registry.host}/acme/hello:0.1.0`, "0.1.0", `sha256:${manifest}`]) {
    // oxlint-disable-next-line no-await-in-loop -- a store of few things
    await store.put(name, HELLO, signal);
    asked.push(name);
  }
  await registry[Symbol.asyncDispose]();

  for (const reference of [`${registry.host}/acme/hello:0.1.0`, `${AWAY}/hello.wasm`]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(start(reference)).rejects.toMatchObject({ code: "image-unavailable" });
  }
  expect(asked.length).toBe(3);
  expect(events()).toEqual([]);
});

test("bytes that somebody else put there are refused, and what went wrong first is told", async () => {
  const lattice = openLattice();
  await lattice.put(`sha256:${PIN}`, fixture("types"));
  const { start, events } = lattice.node(false);

  const file = start(`${AWAY}/hello.wasm#sha256=${PIN}`);
  await expect(file).rejects.toMatchObject({
    code: "image-unavailable",
    message: expect.stringContaining("could not be fetched"),
  });
  const direct = start(`lattice:///sha256:${PIN}`);

  await expect(direct).rejects.toMatchObject({
    code: "digest-mismatch",
    message: `what the lattice has as sha256:${PIN} has the SHA-256 ${hex(fixture("types"))}`,
  });
  expect(events()).toEqual(["image.not-in-lattice"]);
});

test("more than is taken is refused, of a manifest as of a component", async () => {
  const lattice = openLattice();
  await lattice.put(`sha256:${PIN}`, HELLO);
  const small = lattice.node(false, { maxBytes: HELLO.length - 1 });

  await expect(small.start(`lattice:///sha256:${PIN}`)).rejects.toMatchObject({
    code: "image-too-large",
  });
});

test("a layer that its registry does not give comes from the lattice", async () => {
  const lattice = openLattice();
  await using registry = await openTestRegistry();
  const { layer } = registry.push("acme/hello", "0.1.0", HELLO);
  await lattice.put(`sha256:${layer}`, HELLO);
  registry.tamper(layer);
  const { start, events } = lattice.node(false);

  expect(await start(`${registry.host}/acme/hello:0.1.0`)).toBe(PIN);
  expect(events()).toEqual(["image.from-lattice"]);
});

test.each([
  ["lattice:///hello", "bad-input"],
  ["lattice:///sha256:12", "bad-input"],
  ["lattice://sha256:12", "bad-input"],
  [`lattice:///sha256:${"0".repeat(64)}`, "image-unavailable"],
])("%s is %s", async (reference, code) => {
  await expect(openLattice().node(false).start(reference)).rejects.toMatchObject({ code });
});

test("a node that takes nothing from the lattice says so", async () => {
  const { start } = openLattice().node(false, { shared: undefined });

  await expect(start(`lattice:///sha256:${PIN}`)).rejects.toMatchObject({ code: "unsupported" });
});

test("without a store, or without the right to it, there is none; starts end as they would have", async () => {
  const refuse: OpenSharedStore = () => Promise.reject(new LatticeError("denied", "not for you"));
  for (const open of [refuse, openLattice().open]) {
    const { start } = openNode(open, false, {});
    // oxlint-disable-next-line no-await-in-loop -- one after the other is easier to read when it fails
    await expect(start(`${AWAY}/hello.wasm#sha256=${PIN}`)).rejects.toMatchObject({
      code: "image-unavailable",
      message: expect.stringContaining("could not be fetched"),
    });
  }
});

test("what is there already is not stored again, and a store that refuses costs nothing but a line in the log", async () => {
  const lattice = openLattice();
  const { log, entries } = recordLog();
  const known = digest(PIN);
  let puts = 0;
  const open: OpenSharedStore = async (options) => {
    const store = await lattice.open(options);
    return {
      ...store,
      put: (...given) => {
        puts++;
        return puts === 1
          ? Promise.reject(new LatticeError("too-large", "the store is full"))
          : store.put(...given);
      },
    };
  };
  const shared = createSharedImages({ open, shares: true, log, signal });

  await shared.share(known, HELLO);
  await Promise.all([shared.share(known, HELLO), shared.share(known, HELLO)]);

  expect(puts).toBe(2);
  expect(entries.map(({ event }) => event)).toEqual(["image.not-shared", "image.shared"]);
});
