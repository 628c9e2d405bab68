/** `wasi:blobstore` from a guest to the lattice's flat interface: resources, streams of wasi:io, both versions. */
import { describe, expect, test } from "vitest";
import type { Callee, Importee } from "../../../src/core/call.ts";
import type { Link } from "../../../src/core/link.ts";
import type { World } from "../../../src/core/wit.ts";

import { LatticeError } from "../../../src/core/error.ts";
import { entityId } from "../../../src/core/ids.ts";
import { createSource } from "../../../src/core/view.ts";
import { createLinks } from "../../../src/host/links.ts";
import { createOutbound } from "../../../src/host/outbound/outbound.ts";
import { createInterfaces } from "../../../src/interfaces/interfaces.ts";
import { recordLog } from "../../support/log-recorder.ts";
import { callOf, openRuntime, run } from "./support.ts";

const BLOBS = "inlay:test/blobs";
const id = entityId("blobs");

const link: Link = {
  source: id,
  target: entityId("store"),
  name: "default",
  namespace: "wasi",
  package: "blobstore",
  interfaces: ["blobstore"],
  sourceConfig: [],
  targetConfig: [],
};

async function gathered(stream: unknown): Promise<Uint8Array> {
  const parts: number[] = [];
  const reader = (stream as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Uint8Array.from(parts);
    parts.push(...value);
  }
}

/** A store that serves one version of the flat interface. */
function store(version: "0.1.0" | "0.2.0"): Callee {
  const values = new Map<string, Uint8Array>();
  const newer = version === "0.2.0";
  const ok = (val?: unknown) => [{ tag: "ok", val }];
  const name = (given: unknown): string => {
    const { container, object } = given as { container: string; object: string };
    return `${container}/${object}`;
  };
  return {
    async invoke({ instance, func, args: [first, second] }) {
      if (!instance.endsWith(version)) throw new LatticeError("not-served", `not ${instance}`);
      if (func === "container-exists") return ok(first === "photos");
      if (func === "write-container-data") {
        const writing = gathered(second).then((bytes) => void values.set(name(first), bytes));
        if (newer) return ok(writing.then(() => ({ tag: "ok", val: undefined })));
        await writing;
        return ok();
      }
      const bytes = values.get(name(first));
      if (bytes === undefined) return [{ tag: "err", val: "no such object" }];
      const stream = new Blob([bytes.slice()]).stream();
      return ok(newer ? [stream, Promise.resolve({ tag: "ok", val: undefined })] : stream);
    },
  };
}

function importsOf(callee: Callee, links: readonly Link[]): Importee {
  const interfaces = createInterfaces();
  const table = createLinks(createSource(new Map([[id, links]])));
  const names = ["blobstore", "container", "types"];
  const world: World = {
    imports: new Map(names.map((each) => [`wasi:blobstore/${each}@0.2.0-draft`, new Map()])),
    exports: new Map(),
  };
  return createOutbound({
    id,
    world,
    config: createSource(new Map()),
    links: () => table(id),
    linkless: () => undefined,
    claims: undefined,
    dialects: [],
    interfaces,
    own: interfaces.workload(),
    reach: () => callee,
    dropped: () => undefined,
    log: recordLog().log,
  });
}

describe.each(["jspi", "atomics"] as const)("with %s", (bridge) => {
  test.each(["0.2.0", "0.1.0"] as const)(
    "a value goes to a store of %s and comes back",
    async (version) => {
      await using opened = openRuntime({ bridge });
      const imports = importsOf(store(version), [link]);
      await using pool = await run(opened.runtime, "blobs", { imports });
      const data = new Uint8Array(3_000).map((_, index) => index % 251);

      const put = await pool.invoke(callOf(BLOBS, "put", ["photos", "a", data]));
      const got = await pool.invoke(callOf(BLOBS, "get", ["photos", "a"]));
      const missing = await pool.invoke(callOf(BLOBS, "get", ["photos", "b"]));
      const nowhere = await pool.invoke(callOf(BLOBS, "get", ["music", "a"]));

      expect([...put]).toEqual([{ tag: "ok", val: undefined }]);
      expect([...got]).toEqual([{ tag: "ok", val: data }]);
      expect([...missing]).toEqual([{ tag: "err", val: "no such object" }]);
      expect([...nowhere]).toEqual([{ tag: "err", val: "container does not exist" }]);
    },
  );

  test("without a link the guest hears why", async () => {
    await using opened = openRuntime({ bridge });
    await using pool = await run(opened.runtime, "blobs", {
      imports: importsOf(store("0.2.0"), []),
    });

    const [result] = await pool.invoke(callOf(BLOBS, "get", ["photos", "a"]));

    expect(result).toMatchObject({
      tag: "err",
      val: expect.stringContaining("wasi:blobstore/blobstore"),
    });
  });
});
