/** The form of a link: what its fields must be, what can be suggested for them, and what a refusal means for them. */
import type { Link, LinkOptions, NodeState } from "../../index.ts";

import { messageOf } from "../../core/error.ts";
import { entityId } from "../../core/ids.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { parseInterfaceName, withoutVersion } from "../../core/wit.ts";
import { sentence } from "./advice.ts";

/** As a person types them. */
export interface LinkFields {
  readonly source: string;
  readonly target: string;
  /** `wasi:keyvalue/store, atomics`: all of one package. */
  readonly interfaces: string;
  readonly name: string;
  /** Names, with commas or spaces between them. */
  readonly sourceConfig: string;
  readonly targetConfig: string;
}

export type LinkField = keyof LinkFields;
/** What is wrong with a field, in a sentence; `form`: with the whole. */
export type LinkProblems = ReadonlyMap<LinkField | "form", string>;

export const NO_LINK: LinkFields = {
  source: "",
  target: "",
  interfaces: "",
  name: "",
  sourceConfig: "",
  targetConfig: "",
};

export function readLink(
  fields: LinkFields,
): { readonly link: LinkOptions } | { readonly problems: LinkProblems } {
  const problems = new Map<LinkField, string>();
  const id = (field: "source" | "target", wanted: string): string => {
    const text = fields[field].trim();
    if (text === "") problems.set(field, wanted);
    else {
      try {
        return entityId(text);
      } catch (thrown) {
        problems.set(field, sentence(messageOf(thrown)));
      }
    }
    return text;
  };
  const source = id("source", "Whose imports are meant: the id of a component or provider.");
  const target = id("target", "Who is to answer them: the id of a component or provider.");
  const read = readInterfaces(fields.interfaces);
  if (typeof read === "string") problems.set("interfaces", read);
  const name = fields.name.trim() || DEFAULT_LINK;
  if (/\s/.test(name)) problems.set("name", "A link’s name has no spaces.");
  if (typeof read === "string" || problems.size > 0) return { problems };
  return {
    link: {
      source,
      target,
      name,
      ...read,
      sourceConfig: wordsOf(fields.sourceConfig),
      targetConfig: wordsOf(fields.targetConfig),
    },
  };
}

/** The words of a list that a person typed. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ""))];
}

/** `text` with `name` added, or without it if it was there. A name of another package replaces what was there. */
export function toggleInterface(text: string, name: string): string {
  const words = fullNames(text);
  if (words.includes(name)) return words.filter((word) => word !== name).join(", ");
  const [pack] = name.split("/");
  return [...words.filter((word) => word.startsWith(`${pack}/`)), name].join(", ");
}

/** Whether `text` has `name` among its interfaces, spelled out or short. */
export function hasInterface(text: string, name: string): boolean {
  return fullNames(text).includes(name);
}

type Known = Pick<NodeState, "workloads" | "providers">;

/** Ids that this node has met: its own, and those that links name. */
export function knownIds(
  { workloads, providers }: Known,
  links: readonly Link[],
): readonly string[] {
  const ids = [
    ...workloads.map(({ id }) => id),
    ...providers.map(({ id }) => id),
    ...links.flatMap(({ source, target }) => [source, target]),
  ];
  return [...new Set(ids)].toSorted();
}

/** What the host itself answers, so that no link is wanted for it. */
const ANSWERED_HERE =
  /^(?:wasi:(?:cli|clocks|filesystem|io|random|sockets|logging|config)|wasmcloud:bus)\//;

/**
 * Interfaces for which a link from `source` to `target` may be meant: what the one imports and the other exports, as far as
 * either runs here. Those that are linked under `name` already are left out.
 */
export function suggestedInterfaces(
  { workloads, providers }: Known,
  links: readonly Link[],
  { source, target, name }: Pick<LinkFields, "source" | "target" | "name">,
): readonly string[] {
  const from = workloads.find(({ id }) => id === source.trim());
  const to = [...workloads, ...providers].find(({ id }) => id === target.trim());
  const linked = new Set(
    links
      .filter(
        (link) => link.source === source.trim() && link.name === (name.trim() || DEFAULT_LINK),
      )
      .flatMap((link) =>
        link.interfaces.map((each) => `${link.namespace}:${link.package}/${each}`),
      ),
  );
  const imports = from?.imports.map(withoutVersion) ?? [];
  const exports = (to?.exports ?? []).map(({ instance }) => withoutVersion(instance));
  const wanted = imports.length > 0 ? imports : exports;
  return [...new Set(wanted)].filter(
    (each) =>
      each !== "" && !ANSWERED_HERE.test(each) && !linked.has(each) && !each.endsWith("/types"),
  );
}

/** What a refusal of the lattice means for the fields of `link`, and what can be done. */
export function linkRefused(link: LinkOptions, code: string, message: string): LinkProblems {
  const { sourceConfig = [], targetConfig = [] } = link;
  switch (code) {
    case "conflict":
      return new Map([
        [
          "interfaces",
          `One of these is linked to another target under the name “${link.name ?? DEFAULT_LINK}”. Remove that link first, or give this one another name.`,
        ],
      ]);
    case "not-found": {
      const named = (names: readonly string[]): readonly string[] =>
        names.filter((name) => message.includes(` ${name} `));
      const told = (names: readonly string[]): string =>
        `The lattice keeps no ${names.map((name) => `“${name}”`).join(", ")}. Put it under Configuration first.`;
      const fields: readonly (readonly [LinkField, readonly string[]])[] = [
        ["sourceConfig", named(sourceConfig)],
        ["targetConfig", named(targetConfig)],
      ];
      const found = fields.filter(([, names]) => names.length > 0);
      if (found.length > 0) return new Map(found.map(([field, names]) => [field, told(names)]));
      return new Map([["form", storeRefused(code, message)]]);
    }
    default:
      return new Map([["form", storeRefused(code, message)]]);
  }
}

/** A change of what the lattice keeps that was refused: why, and what to do. */
export function storeRefused(code: string, message: string): string {
  const step = STEPS.get(code);
  return step === undefined ? sentence(message) : `${sentence(message)} ${step}`;
}

const STEPS: ReadonlyMap<string, string> = new Map([
  [
    "unsupported",
    "Links and configuration lie in JetStream: turn it on at the server (nats-server -js, or jetstream {} in its configuration).",
  ],
  [
    "denied",
    "The credential of this tab may not write there: it needs the lattice’s two buckets, LATTICEDATA and CONFIGDATA.",
  ],
  ["disconnected", "The connection is down at the moment. Try again when it is back."],
  [
    "deadline",
    "The lattice’s store is slow or out of reach. It may have been done all the same: look before you try again.",
  ],
]);

/** All names spelled out: `store` after `wasi:keyvalue/…` is `wasi:keyvalue/store`. */
function fullNames(text: string): readonly string[] {
  let pack = "";
  return wordsOf(text).map((word) => {
    const bare = withoutVersion(word);
    const name = parseInterfaceName(bare);
    if (name === undefined) return pack === "" ? bare : `${pack}/${bare}`;
    pack = `${name.namespace}:${name.package}`;
    return bare;
  });
}

function readInterfaces(
  text: string,
): string | Pick<LinkOptions, "namespace" | "package" | "interfaces"> {
  const names = fullNames(text);
  const [first] = names;
  if (first === undefined) return "Which interfaces: wasi:keyvalue/store, atomics.";
  const parsed = names.map((name) => ({ name, parts: parseInterfaceName(name) }));
  const odd = parsed.find(({ parts }) => parts === undefined);
  if (odd !== undefined) return `“${odd.name}” must be of the form namespace:package/interface.`;
  const packages = new Set(names.map((name) => name.split("/")[0]));
  if (packages.size > 1) {
    return `A link is for one package, these are of ${packages.size}: ${[...packages].join(", ")}.`;
  }
  const { namespace = "", package: pack = "" } = parsed[0]?.parts ?? {};
  return {
    namespace,
    package: pack,
    interfaces: [...new Set(parsed.flatMap(({ parts }) => parts?.interface ?? []))],
  };
}
