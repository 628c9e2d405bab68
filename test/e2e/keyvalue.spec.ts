/** A store in one tab, a component in another that is linked to it by the lattice alone; and what a reload leaves. */
import { expect, test } from "@playwright/test";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { putLink, scale } from "./story.ts";

const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);

interface Lattice {
  readonly peer: NativePeer;
  readonly lattice: string;
}

/** Starts `inlay:///keyvalue` as `kv` in `tab`; gives the event that tells how it went. */
async function startStore(tab: JoinedTab, { peer, lattice }: Lattice): Promise<unknown> {
  const events = await peer.listen(`wasmbus.evt.${lattice}.*`);
  const request = { provider_id: "kv", provider_ref: "inlay:///keyvalue" };
  await peer.ask(`wasmbus.ctl.v1.${lattice}.provider.start.${tab.hostId}`, request);
  return events.next(
    (json, subject) =>
      subject.includes(".provider_start") && (json as { source: string }).source === tab.hostId,
    60_000,
  );
}

async function count({ peer, lattice }: Lattice, key: string): Promise<string> {
  const params = Buffer.concat([text("visits"), text(key)]);
  const subject = `${lattice}.counter.wrpc.0.0.1.inlay:test/counter.count`;
  const { bytes } = await peer.invoke(subject, params, { timeoutMs: 30_000 });
  return Buffer.from(bytes).toString("hex");
}

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: a component counts in another tab's store, and goes on counting after that was reloaded`, async () => {
    await using server = await startInlay();
    await using images = await serveImages();
    await using browser: TestBrowser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const lattice = "kv";
    const at = { peer, lattice };
    const options = { servers: [server.ws], lattice };
    const store = await joinFrom(browser, server.page, options);
    const guest = await joinFrom(browser, server.page, options);
    const started = await startStore(store, at);
    await scale({ tab: guest, ...at }, "counter", images.url("counter.wasm"), 2);
    await putLink(peer, lattice, [store, guest], {
      source_id: "counter",
      target: "kv",
      wit_namespace: "wasi",
      wit_package: "keyvalue",
      interfaces: ["store", "atomics"],
    });

    await expect.poll(() => count(at, "a")).toBe("0001");
    const before = [await count(at, "a"), await count(at, "b")];
    const shown = (): Promise<unknown> => store.run("return node.view.peek().providers");
    await expect
      .poll(shown)
      .toMatchObject([
        { id: "kv", state: { phase: "running" }, links: 1, accepting: true, failed: 0 },
      ]);
    await store.run("await node[Symbol.asyncDispose]()");
    await store.close();
    const without = await count(at, "a");
    const again = await joinFrom(browser, server.page, options);
    const restarted = await startStore(again, at);
    await expect.poll(() => count(at, "a")).toBe("0003");

    expect(started).toMatchObject({
      type: "com.wasmcloud.lattice.provider_started",
      data: { image_ref: "inlay:///keyvalue", provider_id: "kv" },
    });
    expect(before).toEqual(["0002", "0001"]);
    expect(without.startsWith("01")).toBe(true);
    expect(restarted).toMatchObject({ type: "com.wasmcloud.lattice.provider_started" });
  });
}
