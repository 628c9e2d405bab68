/** What a reference to a component names: a file, an image in an OCI registry, or something that is not offered here. */
import type { Digest } from "../core/ids.ts";
import type { OciReference } from "./oci-reference.ts";

import { LatticeError } from "../core/error.ts";
import { digest } from "../core/ids.ts";
import { parseOciReference } from "./oci-reference.ts";

export interface FileReference {
  readonly kind: "file";
  /** Without the fragment. */
  readonly address: string;
  /** The digest that `#sha256=` demands. */
  readonly pin: Digest | undefined;
}

/** A component that the lattice has, wherever it came from: `lattice:///sha256:<hex>`. */
export interface LatticeReference {
  readonly kind: "lattice";
  readonly pin: Digest;
}

export type Reference = FileReference | OciReference | LatticeReference;

/** OCI names in http addresses, as wasmCloud writes them: a tag or a digest at the end of the path. */
const OCI_END = /(?::\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * @throws {LatticeError} `unsupported` for names of providers and for other schemes, `bad-input` for what is no
 * address at all.
 */
export function parseReference(reference: string): Reference {
  const rest = reference.replace(SCHEME, "");
  if (rest === reference && !/^blob:/i.test(reference)) return parseOciReference(reference);
  if (/^oci:/i.test(reference)) return parseOciReference(rest);
  if (/^lattice:/i.test(reference)) return inLattice(reference);
  const url = URL.canParse(reference) ? new URL(reference) : undefined;
  if (url === undefined) {
    throw new LatticeError("bad-input", `reference "${reference}" is not a usable address`);
  }
  switch (url.protocol) {
    case "blob:":
      return fileAt(url);
    case "http:":
      return isOci(url) ? parseOciReference(rest, "http") : fileAt(url);
    case "https:":
      return isOci(url) ? parseOciReference(rest, "https") : fileAt(url);
    case "inlay:":
      throw new LatticeError("unsupported", `${reference} names a provider, not a component`);
    default:
      throw new LatticeError(
        "unsupported",
        `${reference} has the scheme "${url.protocol}"; components come by https, http, oci, lattice or blob`,
      );
  }
}

/** Names of images have neither query nor fragment: with one of them an address is that of a file. */
function isOci({ pathname, search, hash }: URL): boolean {
  if (search !== "" || hash !== "") return false;
  return pathname.includes("@sha256:") || (OCI_END.test(pathname) && !pathname.endsWith(".wasm"));
}

function inLattice(reference: string): LatticeReference {
  const pin = /^lattice:\/\/\/sha256:([0-9a-f]{64})$/i.exec(reference)?.[1];
  if (pin !== undefined) return { kind: "lattice", pin: digest(pin) };
  throw new LatticeError(
    "bad-input",
    `reference "${reference}" must be lattice:///sha256: and 64 hex digits of the component's digest`,
  );
}

function fileAt(url: URL): FileReference {
  const { href, hash } = url;
  if (hash === "") return { kind: "file", address: href.replace(/#$/, ""), pin: undefined };
  const pin = /^#sha256=(.*)$/i.exec(hash)?.[1];
  // A fragment means nothing to a server: one that is not understood is a pin that would not be checked.
  if (pin === undefined) {
    throw new LatticeError(
      "bad-input",
      `the end "${hash}" of the reference means nothing here; a pin is written #sha256= and 64 hex digits`,
    );
  }
  return { kind: "file", address: href.slice(0, -hash.length), pin: digest(pin) };
}

/** The key of the cache for what a reference led to; no file has such an address as an image. */
export function keyOf(reference: OciReference | FileReference): string {
  return reference.kind === "file"
    ? reference.address
    : `oci:${reference.origin} ${reference.name}`;
}
