import { expect, test } from "vitest";

import { readManifest } from "../../../src/runtime/oci-manifest.ts";

const hex = (digit: string): string => digit.repeat(64);
const entry = (digit: string, platform?: string, mediaType = "application/wasm"): object => {
  const [os, architecture] = platform?.split("/") ?? [];
  const part = { mediaType, digest: `sha256:${hex(digit)}`, size: 7 };
  return platform === undefined ? part : { ...part, platform: { os, architecture } };
};
const read = (document: unknown): ReturnType<typeof readManifest> =>
  readManifest("r/x:1", new TextEncoder().encode(JSON.stringify(document)));

test.each([
  "application/wasm",
  "application/vnd.module.wasm.content.layer.v1+wasm",
  "application/vnd.oci.image.layer.v1.tar",
])("the one layer of type %s is the component", (mediaType) => {
  const config = { mediaType: "anything", digest: "sha512:00", size: "odd" };

  const manifest = read({ schemaVersion: 2, config, layers: [entry("a", undefined, mediaType)] });

  expect(manifest).toEqual({ tag: "image", layer: { mediaType, digest: hex("a"), size: 7 } });
});

test.each([
  ["the only one", [entry("a")], "a"],
  ["the only one, of whatever platform", [entry("a", "linux/amd64")], "a"],
  ["the one for wasm", [entry("a", "linux/amd64"), entry("b", "wasi/wasm")], "b"],
  ["the one for wasip2", [entry("a", "wasip1/wasm"), entry("b", "wasip2/wasm")], "b"],
])("of an index, %s is taken", (_, manifests, digit) => {
  expect(read({ schemaVersion: 2, manifests })).toMatchObject({
    tag: "index",
    manifest: { digest: hex(digit) },
  });
});

test.each([
  [{ layers: [] }, "has no layer"],
  [{ layers: [entry("a"), entry("b")] }, "has 2 layers, where components have one"],
  [
    { layers: [entry("a", undefined, "application/vnd.oci.image.layer.v1.tar+gzip")] },
    "has a layer of type application/vnd.oci.image.layer.v1.tar+gzip; taken are ",
  ],
  [{ layers: [entry("a")], manifests: [entry("b")] }, "has both layers and manifests"],
  [
    { schemaVersion: 1, mediaType: "application/vnd.docker.distribution.manifest.v1+json" },
    "has neither layers nor manifests; its media type is application/vnd.docker.distribution.manifest.v1+json",
  ],
  [
    { manifests: [entry("a", "linux/amd64"), entry("b", "linux/arm64"), entry("c")] },
    "names 3 images, and not exactly one for WebAssembly; their platforms: linux/amd64, linux/arm64, none",
  ],
  [{ manifests: [] }, "names 0 images"],
  [{ layers: [{ mediaType: "application/wasm", digest: "sha512:aa", size: 1 }] }, "cannot be read"],
  [{ layers: [{ mediaType: "application/wasm", digest: "sha256:aa", size: 1 }] }, "cannot be read"],
  [{ layers: [{ mediaType: "application/wasm" }] }, "cannot be read"],
  [[], "cannot be read"],
])("%j is no component", (document, why) => {
  expect(() => read(document)).toThrowError(
    expect.objectContaining({
      code: "bad-image",
      message: expect.stringContaining(`r/x:1 is no component: its manifest ${why}`),
    }),
  );
});

test("what is no JSON is no manifest", () => {
  expect(() => readManifest("r/x:1", new TextEncoder().encode("<html>"))).toThrowError(
    expect.objectContaining({ code: "bad-image" }),
  );
});
