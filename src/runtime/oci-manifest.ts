/**
 * Manifests of OCI registries: which of an index is the component's, and which layer is the component.
 *
 * Checked here is only what is needed to find one blob and to know that it is right; the config is not read.
 */
import type { Digest } from "../core/ids.ts";
import type { Shape } from "../wire/shape.ts";

import { LatticeError, messageOf } from "../core/error.ts";
import { digest } from "../core/ids.ts";
import { list, natural, optional, readJson, record, text } from "../wire/shape.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

interface Entry extends Descriptor {
  readonly platform: { readonly architecture: string; readonly os: string } | undefined;
}

export type Manifest =
  | { readonly tag: "image"; readonly layer: Descriptor }
  | { readonly tag: "index"; readonly manifest: Descriptor };

/** What wasmCloud takes for a component (`crates/core/src/oci.rs` @ v1.9.2); of all of them the bytes as they are. */
const LAYER_TYPES: readonly string[] = [
  "application/wasm",
  "application/vnd.module.wasm.content.layer.v1+wasm",
  "application/vnd.oci.image.layer.v1.tar",
];

const sha256: Shape<Digest> = (value, path) => {
  const given = text(value, path);
  const [algorithm, hex = ""] = given.split(":");
  if (algorithm === "sha256") return digest(hex);
  throw new LatticeError("bad-message", `"${path}" must be a digest by sha256, met "${given}"`);
};

const descriptor = {
  mediaType: text,
  digest: sha256,
  size: natural(Number.MAX_SAFE_INTEGER),
};

const document = record<{
  readonly mediaType: string | undefined;
  readonly layers: readonly Descriptor[] | undefined;
  readonly manifests: readonly Entry[] | undefined;
}>({
  mediaType: optional(text),
  layers: optional(list(record<Descriptor>(descriptor))),
  manifests: optional(
    list(
      record<Entry>({
        ...descriptor,
        platform: optional(record({ architecture: text, os: text })),
      }),
    ),
  ),
});

/** @throws {LatticeError} `bad-image` if there is not exactly one component to be found in it. */
export function readManifest(name: string, bytes: Uint8Array): Manifest {
  const refuse = (why: string): never => {
    throw new LatticeError("bad-image", `${name} is no component: its manifest ${why}`);
  };
  const { mediaType, layers, manifests } = parse(bytes, refuse);
  // A document of both kinds could be read as the one or the other under the same digest
  // (opencontainers/distribution-spec, GHSA-mc8v-mgrf-8f4m).
  if (layers !== undefined && manifests !== undefined) {
    return refuse("has both layers and manifests");
  }
  if (manifests !== undefined) return { tag: "index", manifest: choose(manifests, refuse) };
  if (layers === undefined) {
    return refuse(
      `has neither layers nor manifests; its media type is ${mediaType ?? "not given"}`,
    );
  }
  const [layer, ...others] = layers;
  if (layer === undefined) return refuse("has no layer");
  if (others.length > 0) return refuse(`has ${layers.length} layers, where components have one`);
  if (!LAYER_TYPES.includes(layer.mediaType)) {
    return refuse(`has a layer of type ${layer.mediaType}; taken are ${LAYER_TYPES.join(", ")}`);
  }
  return { tag: "image", layer };
}

function parse(bytes: Uint8Array, refuse: (why: string) => never): ReturnType<typeof document> {
  try {
    return readJson(bytes, document);
  } catch (cause) {
    return refuse(`cannot be read: ${messageOf(cause)}`);
  }
}

/** The entry for WebAssembly, of those the one for WASI 0.2; else the only one. */
function choose(entries: readonly Entry[], refuse: (why: string) => never): Descriptor {
  const forWasm = entries.filter(({ platform }) => platform?.architecture.startsWith("wasm"));
  const forWasi2 = forWasm.filter(({ platform }) => platform?.os === "wasip2");
  for (const these of [forWasi2, forWasm, entries]) {
    const [first, ...others] = these;
    if (first !== undefined && others.length === 0) return first;
  }
  const platforms = entries.map(({ platform }) =>
    platform === undefined ? "none" : `${platform.os}/${platform.architecture}`,
  );
  return refuse(
    `names ${entries.length} images, and not exactly one for WebAssembly; their platforms: ${platforms.join(", ")}`,
  );
}
