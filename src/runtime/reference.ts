/** What a reference to a component names: a file, which is fetched, or something that is not offered here. */
import type { Digest } from "../core/ids.ts";

import { LatticeError } from "../core/error.ts";
import { digest } from "../core/ids.ts";

export interface FileReference {
  /** Without the fragment. */
  readonly address: string;
  /** The digest that `#sha256=` demands. */
  readonly pin: Digest | undefined;
}

/** OCI names in http addresses, as wasmCloud writes them: a tag or a digest at the end of the path. */
const OCI_END = /(?::\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/i;

/**
 * @throws {LatticeError} `unsupported` for names of OCI registries and of providers, `bad-input` for what is no
 * address at all.
 */
export function parseReference(reference: string): FileReference {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(reference) && !/^blob:/i.test(reference)) {
    throw new LatticeError("unsupported", oci(reference));
  }
  const url = URL.canParse(reference) ? new URL(reference) : undefined;
  if (url === undefined) {
    throw new LatticeError("bad-input", `reference "${reference}" is not a usable address`);
  }
  switch (url.protocol) {
    case "blob:":
      return fileAt(url);
    case "http:":
    case "https:":
      if (isOci(url)) throw new LatticeError("unsupported", oci(reference));
      return fileAt(url);
    case "oci:":
      throw new LatticeError("unsupported", oci(reference));
    case "inlay:":
      throw new LatticeError("unsupported", `${reference} names a provider, not a component`);
    default:
      throw new LatticeError(
        "unsupported",
        `${reference} has the scheme "${url.protocol}"; components come by https, http or blob`,
      );
  }
}

function isOci({ pathname }: URL): boolean {
  return pathname.includes("@sha256:") || (OCI_END.test(pathname) && !pathname.endsWith(".wasm"));
}

function oci(reference: string): string {
  return `${reference} names an image in an OCI registry, which this host does not pull from; give the https address of the .wasm file`;
}

function fileAt(url: URL): FileReference {
  const match = /^#sha256=(.*)$/i.exec(url.hash);
  const address = url.href.slice(0, url.href.length - url.hash.length);
  return { address, pin: match === null ? undefined : digest(match[1] ?? "") };
}
