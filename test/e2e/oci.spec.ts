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
