/**
 * Repairs glue whose guest has functions or interfaces named as something else in it. jco 1.35 makes identifiers of their
 * names, and takes no care of its own (`ret`, `memory0`, `exports0`, `globalThis`), nor of `arguments`, which modules may not
 * declare. One that means two things gets an end that no name of WIT can have; its key stays.
 */

/** `glue` with those identifiers renamed; the very same text if it has none. */
export function withoutReservedNames(glue: string): string {
  const counts = countIdentifiers(glue);
  const importsRenamed = renameImports(glue, counts);
  const start = importsRenamed.indexOf(GENERATOR);
  if (start === -1) return importsRenamed;
  const body = importsRenamed.slice(start);
  return importsRenamed.slice(0, start) + renameExports(body, counts);
}

/** Begins what is made per instance: after the imports, with the exports at its end. */
const GENERATOR = "function* _initGenerator";

/** Not a property, a key, a part of another word or of a string, nor the `...arguments` of jco's own methods. */
const IDENTIFIER = /(?<![\w$.'"#/-])[A-Za-z_$][\w$]*(?![\w$'"#-])(?!\s*:)/g;

type Counts = ReadonlyMap<string, number>;

function countIdentifiers(glue: string): Counts {
  const counts = new Map<string, number>();
  for (const [name] of glue.matchAll(IDENTIFIER)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What the glue takes of one interface. */
const TAKEN = /const \{([^}]*)\} = imports\[/g;
/** All places that use an imported function: a check that it is there, and calls. */
const USED = /(\bif \(|_trackHostOperation\(\(\) => )([\w$]+)(?==== undefined\)|\()/g;
/** `key`, `key: local` or `'a:b/c': local`. */
const ENTRY = /(?:'([^']*)'|([\w$]+))(?:\s*:\s*([\w$]+))?/g;

function renameImports(glue: string, counts: Counts): string {
  const known = new Map<string, number>();
  for (const [, entries = ""] of glue.matchAll(TAKEN)) {
    noteEntries(known, entries);
  }
  for (const [, , local = ""] of glue.matchAll(USED)) if (known.has(local)) note(known, local);
  const renamed = ambiguous(known, counts);
  if (renamed.size === 0) return glue;
  return glue
    .replace(TAKEN, (all, entries: string) =>
      all.replace(entries, () => renameEntries(entries, renamed)),
    )
    .replace(USED, (_, before: string, local: string) => before + (renamed.get(local) ?? local));
}

/** Exported functions and objects of interfaces where they are made. */
const MADE = /^( {4}(?:async )?function | {4}const )([\w$]+)(?=\(| = \{$)/gm;
/** The object of an interface. */
const INTERFACE = /^( {4}const ([\w$]+) = \{\n)([^}]*)(?=\n {4}\};)/gm;
/** What an instance gives: the interfaces, by name and in full, and the functions of the root. */
const GIVEN = /^( {4}return \{ )(.*)(?= \};\n {2}\}\)\(\);)/m;

function renameExports(body: string, counts: Counts): string {
  const known = new Map<string, number>();
  const [, , given = ""] = GIVEN.exec(body) ?? [];
  noteEntries(known, given);
  const interfaces = new Set(known.keys());
  for (const [, , name = "", members = ""] of body.matchAll(INTERFACE)) {
    if (interfaces.has(name)) noteEntries(known, members);
  }
  for (const [, , local = ""] of body.matchAll(MADE)) if (known.has(local)) note(known, local);
  const renamed = ambiguous(known, counts);
  if (renamed.size === 0) return body;
  return body
    .replace(INTERFACE, (all, head: string, name: string, members: string) =>
      interfaces.has(name) ? head + renameEntries(members, renamed) : all,
    )
    .replace(MADE, (_, before: string, local: string) => before + (renamed.get(local) ?? local))
    .replace(GIVEN, (_, head: string, entries: string) => head + renameEntries(entries, renamed));
}

type Renamed = ReadonlyMap<string, string>;

function noteEntries(known: Map<string, number>, entries: string): void {
  for (const [, , key = "", local = key] of entries.matchAll(ENTRY)) note(known, local);
}

function note(known: Map<string, number>, local: string): void {
  known.set(local, (known.get(local) ?? 0) + 1);
}

/** Those of `known` that stand elsewhere as well. Classes of resources are left: jco keeps their names apart. */
function ambiguous(known: Counts, counts: Counts): Renamed {
  const renamed = new Map<string, string>();
  for (const [local, times] of known) {
    if (/^[A-Z]/.test(local)) continue;
    const elsewhere = (counts.get(local) ?? 0) > times;
    if (elsewhere || local === "arguments") renamed.set(local, `${local}$own`);
  }
  return renamed;
}

function renameEntries(entries: string, renamed: Renamed): string {
  return entries.replace(ENTRY, (all: string, ...[quoted, key, local]: Entry) => {
    const other = renamed.get(local ?? key ?? "");
    if (other === undefined) return all;
    return `${quoted === undefined ? key : `'${quoted}'`}: ${other}`;
  });
}

type Entry = [quoted: string | undefined, key: string | undefined, local: string | undefined];
