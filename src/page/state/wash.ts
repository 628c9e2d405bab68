/**
 * Commands of wash that do what a form of the page does, for people who would rather type them (wasmCloud
 * `crates/wash/src/cli/{call,link,config}` at v1.9.2). Words are quoted for a POSIX shell.
 */
import type { LinkKeyOptions, LinkOptions } from "../../index.ts";

/** `text` as one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words of a command, those that are absent left out. */
export function commandOf(words: readonly (string | undefined)[]): string {
  return words
    .filter((word) => word !== undefined)
    .map(shellWord)
    .join(" ");
}

export function washLinkPut(link: LinkOptions, lattice: string): string {
  const {
    source,
    target,
    name,
    namespace,
    interfaces,
    sourceConfig = [],
    targetConfig = [],
  } = link;
  return commandOf([
    "wash",
    "link",
    "put",
    source,
    target,
    namespace,
    link.package,
    ...interfaces.flatMap((each) => ["--interface", each]),
    ...linkName(name),
    ...sourceConfig.flatMap((each) => ["--source-config", each]),
    ...targetConfig.flatMap((each) => ["--target-config", each]),
    ...latticeWords(lattice),
  ]);
}

export function washLinkDel(link: LinkKeyOptions, lattice: string): string {
  const { source, name, namespace } = link;
  return commandOf([
    "wash",
    "link",
    "del",
    source,
    namespace,
    link.package,
    ...linkName(name),
    ...latticeWords(lattice),
  ]);
}

export function washConfigPut(
  name: string,
  values: Readonly<Record<string, string>>,
  lattice: string,
): string {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  return commandOf(["wash", "config", "put", name, ...pairs, ...latticeWords(lattice)]);
}

/** The lattice, where it is not the one that wash takes by itself. */
export function latticeWords(lattice: string): readonly string[] {
  return lattice === "default" ? [] : ["--lattice", lattice];
}

function linkName(name: string | undefined): readonly string[] {
  return name === undefined || name === "default" ? [] : ["--link-name", name];
}
