/** Images of OCI registries in real browsers: preflights, exposed headers and redirects are theirs, not ours. */
import { expect, test } from "@playwright/test";

import { fixture } from "../support/fixtures.ts";
import { startInlay } from "../support/inlay-server.ts";
import { connectPeer } from "../support/native-peer.ts";
import { openTestRegistry } from "../support/registry.ts";
import { browsers, joinFrom } from "../support/tabs.ts";
import { scale } from "./story.ts";

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: a component comes from a registry with tokens whose blobs lie elsewhere, and the token stays behind`, async () => {
    await using server = await startInlay();
    await using registry = await openTestRegistry({
      auth: { by: "anonymous" },
      blobsElsewhere: true,
    });
    const { manifest, layer } = registry.push("acme/hello", "0.1.0", fixture("hello"));
    await using browser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
    const stage = { tab, peer, lattice: "default" };
    const image = `${registry.host}/acme/hello:0.1.0`;

    const started = await scale(stage, "hello", image, 1);
    const asked = registry.requests.map(({ at, path, headers }) => [
      at,
      path.split("?")[0],
      headers.authorization?.split(" ")[0],
    ]);
    const greeting = await peer.invoke(
      "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
      Buffer.from("\u0003Ada"),
    );
    const byDigest = await scale(
      stage,
      "same",
      `oci://${registry.host}/acme/hello@sha256:${manifest}`,
      1,
    );

    expect(started).toMatchObject({
      type: "com.wasmcloud.lattice.component_scaled",
      data: { image_ref: image },
    });
    expect(asked).toEqual([
      ["registry", "/v2/acme/hello/manifests/0.1.0", undefined],
      ["token", "/token", undefined],
      ["registry", "/v2/acme/hello/manifests/0.1.0", "Bearer"],
      ["registry", `/v2/acme/hello/blobs/sha256:${layer}`, "Bearer"],
      ["storage", `/sha256:${layer}`, undefined],
    ]);
    expect(Buffer.from(greeting.bytes).toString()).toBe("\u000bHello, Ada!");
    expect(byDigest.type).toBe("com.wasmcloud.lattice.component_scaled");
  });
}

test("a registry that is closed to pages, and one that wants credentials, are told in the event", async () => {
  await using server = await startInlay();
  await using closed = await openTestRegistry({ closed: true });
  await using locked = await openTestRegistry({
    auth: { by: "token", username: "anna", password: "s3cret" },
  });
  for (const { push } of [closed, locked]) push("acme/hello", "0.1.0", fixture("hello"));
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const tab = await joinFrom(browser, server.page, { servers: [server.ws] });
  const stage = { tab, peer, lattice: "default" };

  const unreadable = await scale(stage, "closed", `${closed.host}/acme/hello:0.1.0`, 1);
  const denied = await scale(stage, "locked", `${locked.host}/acme/hello:0.1.0`, 1);

  for (const { type } of [unreadable, denied]) {
    expect(type).toBe("com.wasmcloud.lattice.component_scale_failed");
  }
  expect(unreadable.data.error).toMatch(/^the registry \S+ could not be asked: .* \(CORS\), /);
  expect(denied.data.error).toMatch(
    /^the token service \S+ of \S+ does not give \S+ \(401 Unauthorized\): it wants credentials, /,
  );
});

for (const name of ["chromium", "firefox"] as const) {
  test(`${name}: a private registry that is closed to pages is read through the gateway, with the page's credentials`, async () => {
    await using registry = await openTestRegistry({
      auth: { by: "token", username: "anna", password: "s3cret-pass" },
      blobsElsewhere: true,
      closed: true,
    });
    await using server = await startInlay(["--images", registry.host]);
    registry.push("acme/hello", "0.1.0", fixture("hello"));
    await using browser = await browsers[name]();
    await using peer = await connectPeer(server.wsDirect);
    const tab = await joinFrom(browser, server.page, {
      servers: [server.ws],
      images: {
        proxy: "/-/images/",
        registries: { [registry.host]: { user: "anna", pass: "s3cret-pass" } },
      },
    });
    const stage = { tab, peer, lattice: "default" };

    const started = await scale(stage, "hello", `${registry.host}/acme/hello:0.1.0`, 1);
    const greeting = await peer.invoke(
      "default.hello.wrpc.0.0.1.inlay:demo/greeter.greet",
      Buffer.from("\u0003Ada"),
    );
    const shown = JSON.stringify(await tab.run("return node.view.peek();"));

    expect(started.type).toBe("com.wasmcloud.lattice.component_scaled");
    expect(Buffer.from(greeting.bytes).toString()).toBe("\u000bHello, Ada!");
    expect(new Set(registry.requests.map(({ headers }) => headers["user-agent"]))).toEqual(
      new Set(["inlay-gateway"]),
    );
    expect(
      registry.requests.map(({ at, headers }) => [at, headers.authorization?.split(" ")[0]]),
    ).toEqual([
      ["registry", undefined],
      ["token", "Basic"],
      ["registry", "Bearer"],
      ["registry", "Bearer"],
      ["storage", undefined],
    ]);
    expect(shown).toContain(registry.host);
    expect(shown).not.toContain("s3cret-pass");
  });
}

test("the page of npm start reads through the gateway by itself, and a document from there is none", async ({
  page,
}) => {
  await using registry = await openTestRegistry({ closed: true });
  await using server = await startInlay(["--images", registry.host]);
  const { layer } = registry.push("acme/hello", "0.1.0", fixture("hello"));
  const query = new URLSearchParams({
    servers: server.ws,
    component: `hello=${registry.host}/acme/hello:0.1.0`,
    autojoin: "",
  });

  await page.goto(`${server.page}?${query}`);
  await expect(page.getByText("Running", { exact: true })).toBeVisible();
  const visited = await page.goto(
    `${server.page}-/images/http/${registry.host}/v2/acme/hello/blobs/sha256:${layer}`,
  );

  expect(visited?.status()).toBe(403);
  expect(registry.requests.length).toBe(2);
});

test("an image that no page can read comes over the lattice: from a tab that shares it, to one that pins it", async () => {
  await using server = await startInlay();
  await using open = await openTestRegistry();
  const { manifest } = open.push("acme/hello", "0.1.0", fixture("hello"));
  await using browser = await browsers.chromium();
  await using peer = await connectPeer(server.wsDirect);
  const options = { servers: [server.ws] };
  const sharing = await joinFrom(browser, server.page, {
    ...options,
    images: { lattice: "share", cache: false },
  });
  const reading = await joinFrom(browser, server.page, { ...options, images: { cache: false } });
  const pinned = `${open.host}/acme/hello@sha256:${manifest}`;
  const stage = { peer, lattice: "default" };

  const shared = await scale(
    { ...stage, tab: sharing },
    "first",
    `${open.host}/acme/hello:0.1.0`,
    1,
  );
  // The tab makes it, with settings of its own.
  const { streams } = await peer.nats.jetstreamManager();
  const made = streams.info.bind(streams, "OBJ_INLAY_IMAGES_default");
  await expect.poll(() => made().then(Boolean, () => false)).toBe(true);
  const store = await peer.nats.jetstream().views.os("INLAY_IMAGES_default");
  await expect.poll(async () => (await store.list()).length).toBe(2);
  await open[Symbol.asyncDispose]();
  const started = await scale({ ...stage, tab: reading }, "second", pinned, 1);
  const unpinned = await scale(
    { ...stage, tab: reading },
    "third",
    `${open.host}/acme/hello:0.1.0`,
    1,
  );
  const greeting = await peer.invoke(
    "default.second.wrpc.0.0.1.inlay:demo/greeter.greet",
    Buffer.from("\u0003Ada"),
  );

  expect([shared, started, unpinned].map(({ type }) => type.split(".").at(-1))).toEqual([
    "component_scaled",
    "component_scaled",
    "component_scale_failed",
  ]);
  expect(Buffer.from(greeting.bytes).toString()).toBe("\u000bHello, Ada!");
});
