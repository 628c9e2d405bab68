/** Names taken from references of components. */

/** `hello` of `https://host/demo/hello.wasm#sha256=…`, `http-hello` of `ghcr.io/org/http-hello:0.1.0`. */
export function idFor(reference: string): string {
  const path = reference.replace(/[#?].*$/, "").replace(/@sha256:.*$/, "");
  const name = path.split("/").findLast((part) => part !== "") ?? "";
  const bare = name.replace(/:[^:]*$/, "").replace(/\.wasm$/, "");
  const plain = bare.replace(/[^a-zA-Z0-9_-]+/g, "-").replace(/^-+|-+$/g, "");
  return plain === "" ? "component" : plain;
}
