/** Named configuration: the form that puts some, and what is shown of all. */
import type { Link } from "../../index.ts";

export interface ConfigRow {
  readonly key: string;
  readonly value: string;
}

export interface ConfigFields {
  readonly name: string;
  readonly rows: readonly ConfigRow[];
}

/** What is wrong: with the name, with the row of an index, or with the whole. */
export type ConfigProblems = ReadonlyMap<"name" | "form" | number, string>;

export const NO_CONFIG: ConfigFields = { name: "", rows: [{ key: "", value: "" }] };

/** Names that begin so are references to secrets, which wash keeps apart (`wash secrets put`). */
const SECRET = "SECRET";

export const isSecretName = (name: string): boolean => name.startsWith(SECRET);

/** Rows that say nothing at all are passed over. */
export function readConfigForm({
  name,
  rows,
}: ConfigFields):
  | { readonly name: string; readonly values: Readonly<Record<string, string>> }
  | { readonly problems: ConfigProblems } {
  const problems = new Map<"name" | "form" | number, string>();
  const trimmed = name.trim();
  if (trimmed === "") problems.set("name", "Components and links name it by this.");
  else if (!/^[-/_=.a-zA-Z0-9]+$/.test(trimmed) || /^\.|\.$/.test(trimmed)) {
    problems.set("name", "A name has letters, digits and - _ = / and inner dots.");
  } else if (isSecretName(trimmed)) {
    problems.set(
      "name",
      "Names that begin with SECRET are references to secrets: use wash secrets put.",
    );
  }
  const values = new Map<string, string>();
  for (const [index, { key, value }] of rows.entries()) {
    const word = key.trim();
    if (word === "" && value === "") continue;
    if (word === "") problems.set(index, "This value has no key.");
    else if (values.has(word)) problems.set(index, `“${word}” is there twice.`);
    else values.set(word, value);
  }
  return problems.size > 0 ? { problems } : { name: trimmed, values: Object.fromEntries(values) };
}

export interface ConfigEntry {
  readonly name: string;
  readonly secret: boolean;
  /** False for what links mention and the lattice does not keep. */
  readonly kept: boolean;
  /** How many links mention it. */
  readonly links: number;
}

/** All names that are kept or mentioned; `kept` is `undefined` where nobody can tell. */
export function configEntries(
  kept: readonly string[] | undefined,
  links: readonly Link[],
): readonly ConfigEntry[] {
  const mentions = new Map<string, number>();
  for (const { sourceConfig, targetConfig } of links) {
    for (const name of new Set([...sourceConfig, ...targetConfig])) {
      mentions.set(name, (mentions.get(name) ?? 0) + 1);
    }
  }
  const known = new Set(kept ?? mentions.keys());
  return [...new Set([...known, ...mentions.keys()])].toSorted().map((name) => ({
    name,
    secret: isSecretName(name),
    kept: known.has(name),
    links: mentions.get(name) ?? 0,
  }));
}
