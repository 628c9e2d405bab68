/** A WIT text as TypeScript: what is to be given to `node.serve`, and what `node.client` gives. */
import type { Interface } from "../core/wit.ts";
import type { WitDocument } from "../wire/wit-text.ts";
import type { Helper, Side } from "./wit-type-texts.ts";

import { inSeveralVersions, withoutVersion } from "../core/wit.ts";
import { exportsOf } from "../typed/implementation.ts";
import { className } from "../typed/names.ts";
import { apart, block, createFunctionTexts } from "./wit-type-functions.ts";
import { createWitNames, memberName } from "./wit-type-names.ts";
import { namespaceOf } from "./wit-type-namespaces.ts";
import { createTypeTexts } from "./wit-type-texts.ts";

const HELPERS: Readonly<Record<Helper, string>> = {
  Awaitable: "type Awaitable<T> = T | PromiseLike<T>;",
  Streamable: "type Streamable<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;",
};

/** What is emitted, and by which name it goes. */
interface Chosen {
  /** `Shop` of the world `shop`; empty for all interfaces of a text. */
  readonly prefix: string;
  readonly instances: ReadonlyMap<string, Interface>;
}

export interface WriteOptions {
  readonly world?: string | undefined;
  /** Named at the top: the file that the text was in. */
  readonly origin: string;
}

/**
 * The types of the exports of `world`, or of the only world of the text if that exports anything, or of all interfaces that have
 * functions.
 *
 * @throws {LatticeError} `bad-input` for a world that the text does not have.
 */
export function writeTypeScript(document: WitDocument, { world, origin }: WriteOptions): string {
  const { prefix, instances } = choose(document, world);
  const names = createWitNames(document);
  const needed = new Set<Helper | "ServedCall">();
  const owners = new Set([...instances.keys()].filter((instance) => instance !== ""));
  const types = createTypeTexts({
    names,
    homeOf: (type, owner) => document.homes.get(type) ?? owner,
    uses: (owner) => void owners.add(owner),
    needs: (helper) => void needed.add(helper),
  });
  const functions = createFunctionTexts(types, (helper) => void needed.add(helper));
  const several = inSeveralVersions(instances.keys());

  const entry = (side: Side): readonly string[] =>
    [...instances].flatMap(([instance, members]) => {
      if (instance === "") return functions.members(members, "", side, new Map());
      const short = several.has(instance) ? instance : withoutVersion(instance);
      // A client has both names; what is served stands under one.
      const keys = side === "Client" ? [...new Set([short, instance])] : [short];
      const type = `${names.namespace(instance)}.${side}.Functions`;
      return keys.map((key) => `readonly ${memberName(key)}: ${type};`);
    });

  const served = block(`export interface ${prefix}Exports`, entry("Served"));
  const called = block(`export interface ${prefix}Client`, entry("Client"));
  const namespaces: (readonly string[])[] = [];
  // A set goes on with what is added: each may use types of others, which are known when it is written.
  for (const owner of owners) {
    namespaces.push(namespaceOf(owner, { document, instances, names, types, functions }));
  }
  const helpers = (["Awaitable", "Streamable"] as const).filter((name) => needed.has(name));
  const lines = apart([
    [`// The types of ${origin}, made by \`npm run wit-types\`: what is changed here is lost.`],
    needed.has("ServedCall") ? ['import type { ServedCall } from "inlay";'] : [],
    helpers.map((name) => HELPERS[name]),
    ["/** For `node.serve`. */", ...served],
    ["/** Of `node.client`. */", ...called],
    ...namespaces,
  ]);
  return `${lines.join("\n")}\n`;
}

function choose(document: WitDocument, wanted: string | undefined): Chosen {
  const exports = exportsOf(document, wanted);
  const [name] = [...document.worlds].find(([, world]) => world.exports === exports) ?? [];
  if (exports !== undefined && name !== undefined && (wanted !== undefined || exports.size > 0)) {
    return { prefix: className(withoutVersion(name).replace(/^.*\//, "")), instances: exports };
  }
  const instances = [...document.interfaces].filter(([, functions]) => functions.size > 0);
  return { prefix: "", instances: new Map(instances) };
}
