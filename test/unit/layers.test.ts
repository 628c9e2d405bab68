/** The layers of the house: who may import whom. A file of `src/` that reaches past its neighbours fails here. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve, sep } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

interface Layer {
  /** Layers and single files that it may import besides itself. */
  readonly uses: readonly string[];
  /** Layers and single files that it may import types from. */
  readonly usesTypes?: readonly string[];
  /** Worker scripts whose addresses it may have: it starts them. */
  readonly starts?: readonly string[];
  /** npm packages; `node:` for all that is built into Node. */
  readonly packages?: readonly string[];
}

/** Folders of `src/`, and files for which another rule holds than for their folder. The longest match counts. */
const LAYERS: Readonly<Record<string, Layer>> = {
  core: { uses: [] },
  wire: { uses: ["core"], packages: ["@msgpack/msgpack", "@noble/ed25519"] },
  channels: { uses: ["core"] },
  storage: { uses: ["core"] },
  bus: { uses: ["core"], packages: ["nats.ws"] },
  interfaces: { uses: ["core", "wire"] },
  dialects: { uses: ["core", "wire", "interfaces"] },
  providers: { uses: ["core", "interfaces", "channels", "storage"] },
  // What answers for the page: its functions and its clients.
  "providers/page": { uses: ["core", "channels"] },
  // The page's own functions, and those it calls, by the types of WIT text.
  typed: { uses: ["core", "channels", "wire"] },
  runtime: {
    uses: [
      "core",
      "channels",
      "wire",
      "interfaces",
      // Only their addresses, for the worker that loads them.
      "../node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.core.wasm",
      "../node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.core2.wasm",
    ],
    starts: ["workers"],
  },
  workers: {
    uses: ["core", "channels", "wire", "interfaces"],
    packages: ["@bytecodealliance/jco/component"],
  },
  // Where the realm of the node is put together, so it may know what `assemble.ts` gives it.
  "workers/host.worker.ts": {
    uses: ["core", "channels", "host", "providers/page", "workers/host", "assemble.ts"],
  },
  "workers/host": { uses: ["core", "channels", "wire", "host", "version.ts"] },
  host: { uses: ["core", "interfaces"] },
  "assemble.ts": {
    uses: [
      "core",
      "wire",
      "interfaces",
      "channels",
      "storage",
      "bus",
      "dialects",
      "providers",
      "runtime",
      "host",
      "browser-labels.ts",
      "version.ts",
    ],
  },
  "browser-labels.ts": { uses: ["core"] },
  "version.ts": { uses: [] },
  "page-notices.ts": { uses: ["channels"] },
  "join.ts": {
    uses: [
      "core",
      "channels",
      "join-setup.ts",
      "join-state.ts",
      "lattice-facts.ts",
      "page-notices.ts",
      "typed",
      "watching.ts",
      "worker-watch.ts",
    ],
    usesTypes: ["lattice-node.ts"],
    starts: ["workers/host.worker.ts"],
  },
  // Types alone.
  "lattice-node.ts": {
    uses: [],
    usesTypes: ["core", "channels", "lattice-facts.ts", "living-labels.ts", "typed"],
  },
  "join-setup.ts": { uses: ["core", "channels"], usesTypes: ["lattice-node.ts"] },
  "join-state.ts": { uses: ["core", "version.ts"], usesTypes: ["lattice-node.ts"] },
  "page-signals.ts": { uses: [] },
  "living-labels.ts": { uses: ["core", "page-signals.ts"] },
  "worker-watch.ts": { uses: [] },
  "enrolment.ts": { uses: ["core", "storage"] },
  "browser-key.ts": { uses: ["core", "storage", "wire"] },
  "lattice-facts.ts": { uses: ["core", "channels"] },
  "watching.ts": { uses: ["core", "channels"] },
  "index.ts": {
    uses: ["core", "browser-key.ts", "join.ts", "element.ts", "living-labels.ts", "version.ts"],
    usesTypes: ["lattice-facts.ts", "typed"],
  },
  // `index.ts` exports the element, so the element and what it is made of cannot import `index.ts`.
  "element.ts": { uses: ["core", "join.ts", "page/state", "page/style"], packages: ["lit"] },
  "script-tag.ts": {
    uses: ["core", "channels/pinned.ts", "page/state"],
    usesTypes: ["join.ts", "index.ts"],
  },
  "page/state": { uses: ["core"], usesTypes: ["join.ts", "index.ts"] },
  "page/style": { uses: [], packages: ["lit"] },
  page: {
    uses: ["core", "index.ts", "page/state", "page/style"],
    packages: ["lit", "lean-qr", "uplot"],
  },
  "page/kiosk": {
    uses: ["core", "index.ts", "enrolment.ts", "page", "page/state"],
    usesTypes: ["join.ts"],
    packages: ["lit"],
  },
  "page/kiosk.ts": {
    uses: ["core", "index.ts", "page/kiosk", "page/state", "page"],
    packages: ["lit"],
  },
  cli: {
    uses: [
      "core",
      "wire",
      "interfaces",
      "bus",
      "dialects",
      "version.ts",
      // How programs name what WIT text has.
      "typed/implementation.ts",
      "typed/names.ts",
      // What pulls images needs no worker and no browser.
      "runtime/images.ts",
      "runtime/oci.ts",
      "runtime/oci-authorization.ts",
      "runtime/oci-reference.ts",
      "runtime/reference.ts",
      "runtime/sha256.ts",
    ],
    packages: ["node:", "oxc-parser", "publint", "vite", "ws", "yaml"],
  },
};

interface Edge {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Every import, re-export and `import()` of a module. */
function edgesOf(file: string, source: string): readonly Edge[] {
  const { module, errors } = parseSync(file, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  const all = (entries: readonly { readonly isType: boolean }[]): boolean =>
    entries.length > 0 && entries.every((entry) => entry.isType);
  const imports = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typeOnly: all(entries),
  }));
  const exports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest === null ? [] : [{ specifier: moduleRequest.value, typeOnly: isType }],
    ),
  );
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    // An address that is made at run time is no file of ours by name.
    const literal = /^(["'`])([^$]*)\1$/.exec(source.slice(moduleRequest.start, moduleRequest.end));
    return literal?.[2] === undefined ? [] : [{ specifier: literal[2], typeOnly: false }];
  });
  return [...imports, ...exports, ...dynamic];
}

/** What `file` (its path below `src/`) imports and should not, each with the reason. */
function breaches(file: string, source: string): readonly string[] {
  const name = layerOf(file);
  const layer = name === undefined ? undefined : LAYERS[name];
  if (name === undefined || layer === undefined) return [`${file} is in no layer`];
  return edgesOf(file, source).flatMap(({ specifier, typeOnly }) => {
    if (permits(name, layer, { file, specifier, typeOnly })) return [];
    return [`${file} (${name}) imports ${specifier}`];
  });
}

function permits(name: string, layer: Layer, edge: Edge & { readonly file: string }): boolean {
  const { file, specifier, typeOnly } = edge;
  if (!specifier.startsWith(".")) {
    const allowed = layer.packages ?? [];
    return allowed.some(
      (known) =>
        specifier === known || specifier.startsWith(known.endsWith(":") ? known : `${known}/`),
    );
  }
  const [path = "", query] = posix.join(posix.dirname(file), specifier).split("?");
  if (query === "worker&url") return covers(layer.starts, path);
  if (layerOf(path) === name || covers(layer.uses, path)) return true;
  return typeOnly && covers(layer.usesTypes, path);
}

function covers(parts: readonly string[] = [], path: string): boolean {
  const target = layerOf(path);
  return parts.some((part) => path === part || target === part);
}

/** The layer that a path below `src/` belongs to. */
function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS)
    .filter((name) => path === name || path.startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
}

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .map((file) => file.split(sep).join("/"))
  .filter((file) => file.endsWith(".ts") && !file.includes("node_modules/"));

describe("every file of src/ keeps to its layer", () => {
  test.each(files)("%s", (file) => {
    const source = readFileSync(join(SRC, file), "utf8");

    expect(breaches(file, source)).toEqual([]);
  });
});

test("the sources are found", () => {
  expect(files).toContain("core/bus.ts");
  expect(files).toContain("index.ts");
});

describe("a planted breach is caught", () => {
  test.each([
    { file: "core/a.ts", source: `import { x } from "../wire/leb128.ts";` },
    { file: "core/a.ts", source: `import type { X } from "../wire/leb128.ts";` },
    { file: "wire/a.ts", source: `import { connect } from "nats.ws";` },
    { file: "host/a.ts", source: `export { openNatsBus } from "../bus/nats.ts";` },
    { file: "host/a.ts", source: `export * from "../bus/nats.ts";` },
    { file: "page/panels/a.ts", source: `import { join } from "../../join.ts";` },
    { file: "page/state/a.ts", source: `import { join } from "../../join.ts";` },
    { file: "page/a.ts", source: `import type { Bus } from "../bus/nats.ts";` },
    { file: "join.ts", source: `const nats = await import("./bus/nats.ts");` },
    { file: "bus/a.ts", source: `import fs from "node:fs";` },
    { file: "bus/a.ts", source: `import x from "nats.wsx";` },
    { file: "dialects/a.ts", source: `import "../host/host.ts";` },
    { file: "workers/a.ts", source: `import { assemble } from "../assemble.ts";` },
    { file: "page/a.ts", source: `import url from "../workers/host.worker.ts?worker&url";` },
    { file: "join.ts", source: `import { start } from "./workers/host.worker.ts";` },
    { file: "novelty/a.ts", source: "" },
  ])("$file: $source", ({ file, source }) => {
    expect(breaches(file, source)).toHaveLength(1);
  });
});

describe("what is allowed passes", () => {
  test.each([
    { file: "core/a.ts", source: `import { LatticeError } from "./error.ts";` },
    { file: "bus/a.ts", source: `import { connect } from "nats.ws";` },
    { file: "page/panels/a.ts", source: `import { calls } from "../state/calls.ts";` },
    { file: "page/state/a.ts", source: `import type { JoinOptions } from "../../join.ts";` },
    { file: "page/panels/a.ts", source: `import { html } from "lit/html.js";` },
    { file: "join.ts", source: `import url from "./workers/host.worker.ts?worker&url";` },
    { file: "workers/host.worker.ts", source: `import { assemble } from "../assemble.ts";` },
    { file: "script-tag.ts", source: "void import(new URL('lib/index.js', base).href);" },
    { file: "cli/a.ts", source: `import { resolve } from "node:path";` },
  ])("$file: $source", ({ file, source }) => {
    expect(breaches(file, source)).toEqual([]);
  });
});
