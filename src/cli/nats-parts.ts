/**
 * What of nats.ws goes into the bundle. The library is one module whose connection has methods that lead to all of
 * JetStream and its services, and whose signatures and hashes run code when they are loaded, so that no bundler can leave
 * out what a node never uses. Here these are cut out of its text: the code of the connection itself stays as it is.
 *
 * Node runs the library as it is published; the bundle is what `test/e2e` runs.
 */
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** The only file that asks for nkeys: its copy of the library has the signatures, and is loaded when they are needed. */
const SIGNING = "/src/bus/nkey-answers.ts";

/** A part of the text, from the line `begin` up to the next line `end`, which stays, and what takes its place. */
interface Cut {
  readonly begin: string;
  readonly end: string;
  readonly instead?: string;
}

const JETSTREAM: Cut = {
  begin: "    async jetstreamManager(opts = {}) {",
  end: "    getServerVersion() {",
};
const SERVICES: Cut = { begin: "    get services() {", end: "    reconnect() {" };
/** SHA-256 in JavaScript with the polyfills that its packager put before it: only the library's object store hashes. */
const HASHES: Cut = {
  begin: "function t(t, e) {",
  end: "function parseSha256(s) {",
  instead: "const x = {}, J = undefined;",
};
/** Curve 25519. */
const SIGNATURES: Cut = {
  begin: "(function(nacl) {",
  end: "let helper;",
  instead: "const denoHelper = undefined;",
};

/** Gives each importer of nats.ws as much of the library as it may use. Fails when the library is not the one it knows. */
export function natsParts(): Plugin {
  return {
    name: "inlay:nats-parts",
    apply: "build",
    enforce: "pre",
    async resolveId(source, importer, options) {
      if (source !== "nats.ws") return null;
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      if (found === null) return null;
      const part = importer?.endsWith(SIGNING) === true ? "signing" : "connection";
      return { ...found, id: `${found.id}?${part}`, moduleSideEffects: false };
    },
    load(id) {
      const [, file, part] = /^(.*[/\\]nats\.ws[/\\].*)\?(signing|connection)$/.exec(id) ?? [];
      if (file === undefined) return null;
      const cuts = [JETSTREAM, SERVICES, HASHES, ...(part === "signing" ? [] : [SIGNATURES])];
      return cuts.reduce(withoutPart, readFileSync(file, "utf8"));
    },
  };
}

/** @throws {Error} unless `begin` is there exactly once, and `end` behind it. */
export function withoutPart(text: string, { begin, end, instead = "" }: Cut): string {
  const from = text.indexOf(`\n${begin}\n`);
  const to = text.indexOf(`\n${end}\n`, from);
  if (from === -1 || to === -1 || text.includes(`\n${begin}\n`, from + 1)) {
    throw new Error(
      `nats.ws has not exactly one "${begin}" with "${end}" behind it: src/cli/nats-parts.ts knows another version`,
    );
  }
  return `${text.slice(0, from)}\n${instead}${text.slice(to)}`;
}
