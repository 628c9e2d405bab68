/**
 * Paths of guests, from a directory that they have open: nothing above that can be reached, `..` leads back to where the path
 * came from, and there are no symbolic links.
 */
import type { DirectoryNode, FileTreeNode } from "./tree.ts";

import { FileFault } from "./fault.ts";

/** As on Linux. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4096;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where a path leads: to an entry of `parent`, or to a directory on its way itself. */
export interface Place {
  /** What is there; `undefined` if nothing is. */
  readonly node: FileTreeNode | undefined;
  /** Absent for a path that ends with `.` or `..`: it names no entry. */
  readonly entry?: { readonly parent: DirectoryNode; readonly name: string };
  /** The path can only mean a directory: it ends with `/`. */
  readonly wantsDirectory: boolean;
}

/** Throws `no-entry`, `not-directory`, `not-permitted` for what leads out of `base`, `name-too-long`, `invalid`. */
export function resolve(base: DirectoryNode, path: string): Place {
  if (path === "") throw new FileFault("no-entry");
  if (path.startsWith("/")) throw new FileFault("not-permitted");
  if (path.includes("\0")) throw new FileFault("invalid");
  if (tooLong(path, MAX_PATH_BYTES)) throw new FileFault("name-too-long");
  const way: DirectoryNode[] = [base];
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const last = parts.at(-1);
  const wantsDirectory = /(?:^|\/)\.{0,2}$/.test(path);
  const names =
    last === undefined || last === ".." || !namesEntry(path) ? parts : parts.slice(0, -1);
  for (const part of names) {
    if (part === "..") {
      way.pop();
      if (way.length === 0) throw new FileFault("not-permitted");
      continue;
    }
    const next = find(way, part);
    if (next === undefined) throw new FileFault("no-entry");
    if (next.kind !== "directory") throw new FileFault("not-directory");
    way.push(next);
  }
  const parent = way.at(-1) ?? base;
  if (names.length === parts.length) return { node: parent, wantsDirectory };
  const name = flat(last ?? "");
  return { node: find(way, name), entry: { parent, name }, wantsDirectory };
}

/** What is at `path`. Throws as {@link resolve} does, and `no-entry` if nothing is. */
export function nodeAt(base: DirectoryNode, path: string): FileTreeNode {
  const { node, wantsDirectory } = resolve(base, path);
  if (node === undefined) throw new FileFault("no-entry");
  if (wantsDirectory && node.kind !== "directory") throw new FileFault("not-directory");
  return node;
}

/** `a/.` is `a` itself, and no entry of its own. */
function namesEntry(path: string): boolean {
  return !/(?:^|\/)\.{1,2}\/*$/.test(path);
}

function find(way: readonly DirectoryNode[], name: string): FileTreeNode | undefined {
  if (tooLong(name, MAX_NAME_BYTES)) throw new FileFault("name-too-long");
  return way.at(-1)?.entries.get(name)?.node;
}

/** A copy: engines keep the whole path alive for a part of it, and names stay as long as their entries. */
function flat(name: string): string {
  return DECODER.decode(ENCODER.encode(name));
}

/** In UTF-8. */
function tooLong(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && ENCODER.encode(text).length > bytes;
}
