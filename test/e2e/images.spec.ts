import { createHash } from "node:crypto";
import { expect, test } from "@playwright/test";

import { fixture } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

const greet = (peer: Awaited<ReturnType<typeof connectPeer>>, id: string) =>
  peer.invoke(`default.${id}.wrpc.0.0.1.inlay:demo/greeter.greet`, Buffer.from("\u0003Ada"));

test("an image that cannot be used gives component_scale_failed with a reason, on the page too, and the node serves on", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
  const stage = { tab, peer, lattice: "default" };
  await scale(stage, "hello", images.url("hello.wasm"), 4);
  const wrongPin = `${images.url("hello.wasm")}#sha256=${"0".repeat(64)}`;
  const bad: readonly (readonly [id: string, image: string, error: RegExp])[] = [
    ["missing", images.url("missing.wasm"), /404/],
    ["no-server", "http://127.0.0.1:1/x.wasm", /could not be fetched/],
    ["no-cors", images.url("hello.wasm", "no-cors"), /CORS/],
    ["html", images.url("hello.wasm", "html"), /no WebAssembly|HTML|text/i],
    ["core", images.url("core-module.wasm"), /core module/],
    ["cut", images.url("realistic.wasm", "cut"), /ends|truncated|cut|bytes/],
    ["huge", images.url("hello.wasm", "huge"), /200|too large|64/],
    ["pinned", wrongPin, /sha256|SHA-256|digest/i],
    ["unmet", images.url("unmet.wasm"), /acme:unknown\/thing@1\.0\.0/],
    ["file", "file:///etc/hello.wasm", /file:/],
    ["oci", "ghcr.io/acme/hello:0.1.0", /OCI/],
  ];

  for (const [id, image, error] of bad) {
    const event = await scale(stage, id, image, 1);

    expect(event.type, id).toBe("com.wasmcloud.lattice.component_scale_failed");
    expect(event.data.error, id).toMatch(error);
    expect(event.data, id).toMatchObject({
      component_id: id,
      image_ref: image,
      max_instances: 1,
      annotations: { story: id },
    });
  }

  const shown = (): Promise<unknown> =>
    tab.run(
      `return Object.fromEntries(node.view.peek().workloads.map((w) => [w.id, w.state.error ?? w.state.phase]))`,
    );
  await expect.poll(shown).toMatchObject({
    hello: "running",
    ...Object.fromEntries(bad.map(([id, , error]) => [id, expect.stringMatching(error)])),
  });
  expect((await greet(peer, "hello")).bytes.length).toBe(12);
});

test("a second start of a pinned image needs neither network nor transpiler, also in another tab", async () => {
  await using server = await startInlay();
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const pin = createHash("sha256").update(fixture("realistic")).digest("hex");
  const image = `${images.url("realistic.wasm")}#sha256=${pin}`;
  const options = { servers: [server.ws], images: { maxBytes: 8_000_000 } };
  const first = await joinFrom(browser, server.page, options);
  expect((await scale({ tab: first, peer, lattice: "default" }, "words", image, 1)).type).toContain(
    "component_scaled",
  );
  const fetched = images.requests.length;
  await first.close();

  const second = await joinFrom(browser, server.page, options);
  const again = await scale({ tab: second, peer, lattice: "default" }, "words", image, 1);
  const stages = await second.run(
    `return performance.getEntriesByType("resource").map((entry) => entry.name)`,
  );

  expect(again.type).toContain("component_scaled");
  expect(images.requests.length).toBe(fetched);
  expect(String(stages)).not.toContain("transpile");
});

test("an unpinned image is asked for again, and its last copy serves only if the network fails", async () => {
  await using server = await startInlay();
  const images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
  const stage = { tab, peer, lattice: "default" };
  const image = images.url("hello.wasm");
  await scale(stage, "hello", image, 1);
  await scale(stage, "hello", image, 0);
  const asked = images.requests.length;
  await scale(stage, "hello", image, 1);
  const askedAgain = images.requests.length;
  await scale(stage, "hello", image, 0);
  await images[Symbol.asyncDispose]();

  const offline = await scale(stage, "hello", image, 1);

  expect(askedAgain).toBeGreaterThan(asked);
  expect(offline.type).toContain("component_scaled");
  expect((await greet(peer, "hello")).bytes.length).toBe(12);
  const log = await tab.run(
    `return node.view.peek().log.filter(({ level }) => level === "warn").map(({ event }) => event)`,
  );
  expect(log).toContainEqual(expect.stringMatching(/image/));
});
