/**
 * Names of images in OCI registries, completed as Docker and wasmCloud complete them.
 *
 * The rules are those of the client that wasmCloud uses (oras-project/rust-oci-client, `src/reference.rs` @ 54041b8): a
 * first part without dot or colon is no registry but a name at Docker Hub, and a name without version means `latest`.
 */
import type { Digest } from "../core/ids.ts";

import { LatticeError } from "../core/error.ts";
import { digest } from "../core/ids.ts";

export interface OciReference {
  readonly kind: "oci";
  /** In full, for people: `ghcr.io/acme/hello:0.1.0`. */
  readonly name: string;
  /** As names of images have it, and as credentials are filed: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** Where the registry answers: `https://index.docker.io`. */
  readonly origin: string;
  readonly repository: string;
  /** A digest is that of the manifest, not of the component. */
  readonly version:
    | { readonly by: "tag"; readonly tag: string }
    | { readonly by: "digest"; readonly digest: Digest };
}

const DOCKER_HUB = "docker.io";
const DOCKER_HUB_HOST = "index.docker.io";
/** Repository, tag and digest by the grammar of the distribution specification, v1.1, "Pulling manifests". */
const REST =
  /^(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<algorithm>[a-z0-9+._-]+):(?<hex>[0-9a-fA-F]+))?$/;
const REGISTRY = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d+)?$/;
const MAX_REPOSITORY_LENGTH = 255;

/**
 * Reads `text`, which has no scheme any more. Registries on this machine are asked by http, others by https, unless
 * `scheme` says which. Registry and repository are lower-cased; a tag keeps its case, which registries tell apart.
 *
 * @throws {LatticeError} `bad-input` for what is no name of an image; `unsupported` for digests that are not SHA-256.
 */
export function parseOciReference(text: string, scheme?: "http" | "https"): OciReference {
  const { registry, rest } = split(text);
  const named = lowerCasedRepository(rest);
  const found = REST.exec(named)?.groups;
  const given = found?.["repository"];
  if (found === undefined || given === undefined || !REGISTRY.test(registry)) throw misfit(text);
  const repository = registry === DOCKER_HUB && !given.includes("/") ? `library/${given}` : given;
  const host = registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry;
  const origin = `${scheme ?? (isLoopback(host) ? "http" : "https")}://${host}`;
  if (repository.length > MAX_REPOSITORY_LENGTH || !URL.canParse(origin)) throw misfit(text);
  const version = versionOf(text, found["tag"], found["algorithm"], found["hex"]);
  const mark = version.by === "tag" ? `:${version.tag}` : `@sha256:${version.digest}`;
  return {
    kind: "oci",
    name: `${registry}/${repository}${mark}`,
    registry,
    origin,
    repository,
    version,
  };
}

/** @throws {LatticeError} `bad-input` for `latest`, said or meant: it names another image tomorrow. */
export function refuseLatest({ name, version }: OciReference): void {
  if (version.by === "digest" || version.tag !== "latest") return;
  throw new LatticeError(
    "bad-input",
    `${name} names no fixed image of its OCI registry: pin a version by tag or digest, or set images.allowLatest`,
  );
}

/** True for hosts that are this machine itself, with or without a port. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host);
}

function split(text: string): { readonly registry: string; readonly rest: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0)).toLowerCase();
  if (!/[.:]/.test(first) && first !== "localhost") return { registry: DOCKER_HUB, rest: text };
  const registry = first === DOCKER_HUB_HOST ? DOCKER_HUB : first;
  return { registry, rest: text.slice(slash + 1) };
}

function lowerCasedRepository(rest: string): string {
  const end = rest.search(/[:@]/);
  if (end === -1) return rest.toLowerCase();
  return rest.slice(0, end).toLowerCase() + rest.slice(end);
}

function versionOf(
  text: string,
  tag: string | undefined,
  algorithm: string | undefined,
  hex = "",
): OciReference["version"] {
  if (algorithm === undefined) return { by: "tag", tag: tag ?? "latest" };
  if (algorithm === "sha256") return { by: "digest", digest: digest(hex) };
  throw new LatticeError(
    "unsupported",
    `${text} has a digest by ${algorithm}; images are checked by sha256 here`,
  );
}

function misfit(text: string): LatticeError {
  return new LatticeError(
    "bad-input",
    `"${text}" is neither an address nor a name of an image in an OCI registry (host/repository:tag)`,
  );
}
