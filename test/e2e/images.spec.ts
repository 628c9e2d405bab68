import { createHash } from "node:crypto";
import { expect, test } from "@playwright/test";

import { openCountingProxy } from "../support/counting-proxy.ts";
import { fixture } from "../support/fixtures.ts";
import { serveImages } from "../support/image-server.ts";
import { startInlay } from "../support/inlay-server.ts";
import { launchNats } from "../support/launch-nats.ts";
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
  // Addresses are part of the texts, and must not be what matches.
  const bad: readonly (readonly [id: string, image: string, error: RegExp])[] = [
    ["missing", images.url("missing.wasm"), / answered 404 Not Found$/],
    ["no-server", "http://127.0.0.1:1/x.wasm", / could not be fetched: /],
    ["no-cors", images.url("hello.wasm", "no-cors"), / does not allow this page's origin \(CORS\)/],
    ["page", images.url("hello.wasm", "sign-in"), / answered a web page, not WebAssembly$/],
    ["core", images.url("core-module.wasm"), / are a core module, not a component/],
    ["half", images.url("realistic.wasm", "cut"), / is truncated at byte \d+$/],
    [
      "huge",
      images.url("hello.wasm", "huge"),
      / has 209715200 bytes or more; this host takes 67108864$/,
    ],
    ["pinned", wrongPin, / has the SHA-256 [0-9a-f]{64}, but the reference pins 0{64}$/],
    [
      "unmet",
      images.url("rootless.wasm"),
      / imports function weigh of its world \(only interfaces can be linked\), /,
    ],
    ["file", "file:///etc/hello.wasm", / has the scheme "file:"; /],
    ["latest", "ghcr.io/acme/hello", / names no fixed image of its OCI registry: pin a version /],
    ["oci", "127.0.0.1:1/acme/hello:0.1.0", /^the registry \S+ could not be asked: .* \(CORS\), /],
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

/** Digests that the cache's index names, in a page: it is written last, when nobody waits for it any more. */
const KEPT = `
  const index = await caches.match("/.inlay/index.json");
  return Object.keys(index === undefined ? {} : (await index.json()).images);`;

test("a second start of a pinned image needs neither network nor transpiler, also in another tab", async () => {
  await using server = await startInlay();
  await using files = await openCountingProxy(server.page);
  await using nats = await launchNats(); // the one of npm start takes pages of its own origin only
  await using images = await serveImages();
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(nats.ws);
  const pin = createHash("sha256").update(fixture("realistic")).digest("hex");
  const image = `${images.url("realistic.wasm")}#sha256=${pin}`;
  const options = { servers: [nats.ws], images: { maxBytes: 8_000_000 } };
  const startInNewTab = async (): Promise<string> => {
    const tab = await joinFrom(browser, files.page, options);
    const { type } = await scale({ tab, peer, lattice: "default" }, "words", image, 1);
    await expect.poll(() => tab.run(KEPT)).toContain(pin);
    await tab.close();
    return type;
  };
  const asked = (): Record<string, number> => ({
    images: images.requests.length,
    transpilers: files.count("/transpile.worker-"),
    components: files.count("/component.worker-"),
  });

  const first = await startInNewTab();
  const after = asked();
  const second = await startInNewTab();
  const afterBoth = asked();

  expect([first, second]).toEqual(Array(2).fill("com.wasmcloud.lattice.component_scaled"));
  expect(after).toMatchObject({ images: 1, transpilers: 1 });
  expect(afterBoth).toMatchObject({ images: 1, transpilers: 1 });
  // As a proof that the workers of the second tab are among what is counted.
  expect(afterBoth["components"]).toBeGreaterThan(after["components"] ?? 0);
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
  const warnings = (): Promise<unknown> =>
    tab.run(
      `return node.view.peek().log.filter(({ level }) => level === "warn").map(({ event }) => event)`,
    );
  await expect.poll(warnings).toEqual(["image.last-copy"]);
});
