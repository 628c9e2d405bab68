/** A store in one tab, a component in another that is linked to it by the lattice alone; and what a reload leaves. */
import { expect, test } from "@playwright/test";
import type { NativePeer } from "../support/native-peer.ts";
import type { JoinedTab, TestBrowser } from "../support/tabs.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);

/** Starts `inlay:///keyvalue` as `kv` in `tab`; gives the event that tells how it went. */
async function startStore(tab: JoinedTab, peer: NativePeer): Promise<unknown> {
  const events = await peer.listen("wasmbus.evt.default.*");
  const request = { provider_id: "kv", provider_ref: "inlay:///keyvalue" };
  await peer.ask(`wasmbus.ctl.v1.default.provider.start.${tab.hostId}`, request);
  return events.next(
    (json, subject) =>
      subject.includes(".provider_start") && (json as { source: string }).source === tab.hostId,
    60_000,
  );
}

/** Sends a command that any host may answer, until one does: tabs take this work over when no native host is there. */
async function command(peer: NativePeer, tail: string, body: object): Promise<void> {
  await expect
    .poll(() => peer.ask(`wasmbus.ctl.v1.default.${tail}`, body).catch((error: unknown) => error))
    .toMatchObject({ success: true });
}

async function count(peer: NativePeer, key: string): Promise<string> {
  const params = Buffer.concat([text("visits"), text(key)]);
  const subject = "default.counter.wrpc.0.0.1.inlay:test/counter.count";
  const { bytes } = await peer.invoke(subject, params, { timeoutMs: 30_000 });
  return Buffer.from(bytes).toString("hex");
}

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: a component counts in another tab's store, and goes on counting after that was reloaded`, async () => {
    await using server = await startInlay();
    await using images = await serveImages();
    await using browser: TestBrowser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const options = { servers: [server.ws] };
    const store = await joinFrom(browser, server.page, options);
    const guest = await joinFrom(browser, server.page, options);
    const started = await startStore(store, peer);
    await scale({ tab: guest, peer, lattice: "default" }, "counter", images.url("counter.wasm"), 2);
    await command(peer, "link.put", {
      source_id: "counter",
      target: "kv",
      wit_namespace: "wasi",
      wit_package: "keyvalue",
      interfaces: ["store", "atomics"],
    });

    await expect.poll(() => count(peer, "a")).toBe("0001");
    const before = [await count(peer, "a"), await count(peer, "b")];
    const shown = await store.run("return node.view.peek().providers");
    await store.run("await node[Symbol.asyncDispose]()");
    await store.close();
    const without = await count(peer, "a");
    const again = await joinFrom(browser, server.page, options);
    const restarted = await startStore(again, peer);
    await expect.poll(() => count(peer, "a")).toBe("0003");

    expect(started).toMatchObject({
      type: "com.wasmcloud.lattice.provider_started",
      data: { image_ref: "inlay:///keyvalue", provider_id: "kv" },
    });
    expect(before).toEqual(["0002", "0001"]);
    expect(shown).toMatchObject([
      { id: "kv", state: { phase: "running" }, links: 1, accepting: true, failed: 0 },
    ]);
    expect(without.startsWith("01")).toBe(true);
    expect(restarted).toMatchObject({ type: "com.wasmcloud.lattice.provider_started" });
  });
}
