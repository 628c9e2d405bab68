import { expect, test } from "@playwright/test";
import type { ImageServer } from "../support/image-server.ts";
import type { InlayServer } from "../support/inlay-server.ts";
import type { NativePeer } from "../support/native-peer.ts";

import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale, tellOfWaiting, tellTheStory } from "./story.ts";

let plain: InlayServer;
let isolated: InlayServer;
let images: ImageServer;
test.beforeAll(async () => {
  plain = await startInlay();
  isolated = await startInlay(["--isolate"]);
  images = await serveImages();
});
test.afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await isolated[Symbol.asyncDispose]();
  await images[Symbol.asyncDispose]();
});

for (const name of ["chromium", "firefox"] as const) {
  for (const bridge of ["jspi", "atomics"] as const) {
    test(`${name} runs components over the lattice with the ${bridge} bridge`, async () => {
      const server = bridge === "atomics" ? isolated : plain;
      const lattice = `story-${name}-${bridge}`;
      await using browser = await browsers[name]();
      await using peer: NativePeer = await connectPeer(server.wsDirect);
      const tab = await joinFrom(browser, server.page, { servers: [server.ws], lattice, bridge });
      const stage = { tab, peer, images, lattice };

      await tellTheStory(stage);
      await tellOfWaiting(stage);

      expect(await tab.run("return node.view.peek().bridge")).toBe(bridge);
    });
  }

  test(`${name} without a bridge runs what never waits, and refuses the rest with a reason`, async () => {
    const lattice = `story-${name}-sync`;
    await using browser = await browsers[name]();
    await using peer: NativePeer = await connectPeer(plain.wsDirect);
    const tab = await joinFrom(browser, plain.page, {
      servers: [plain.ws],
      lattice,
      bridge: "sync",
    });
    const stage = { tab, peer, images, lattice };

    await tellTheStory(stage);
    const refused = await scale(stage, "sleeper", images.url("sleeper.wasm"), 1);

    expect(refused.type).toBe("com.wasmcloud.lattice.component_scale_failed");
    expect(refused.data.error).toMatch(/wasi:io\/poll|JSPI|isolated/);
  });
}
