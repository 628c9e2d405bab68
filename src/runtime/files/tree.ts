/**
 * The files and directories of one volume, as what POSIX calls inodes: a file that is unlinked lives on while it is open.
 * Nothing here knows of paths or of who may do what.
 */
import type { FileKind } from "../../channels/files.ts";
import type { Content } from "./content.ts";
import type { Meter } from "./meter.ts";

import { createContent } from "./content.ts";
import { FileFault } from "./fault.ts";

interface Common {
  /** Unique among all volumes of a host. */
  readonly object: number;
  readonly kind: FileKind;
  /** Entries of directories that lead to it; the root has one. */
  links: number;
  /** How often it is open. */
  opened: number;
  /** Milliseconds since the epoch. */
  accessedAt: number;
  modifiedAt: number;
  changedAt: number;
}

export interface FileNode extends Common {
  readonly kind: "regular-file";
  readonly content: Content;
}

export interface DirectoryNode extends Common {
  readonly kind: "directory";
  readonly entries: Map<string, Entry>;
  /** Absent for the root. */
  parent: DirectoryNode | undefined;
}

export type FileTreeNode = FileNode | DirectoryNode;

export interface Entry {
  readonly node: FileTreeNode;
  /** Later entries have higher numbers. */
  readonly order: number;
}

export interface Tree {
  readonly root: DirectoryNode;
  /** A new file or directory. Throws `exist`, `insufficient-space`. */
  create(parent: DirectoryNode, name: string, kind: FileKind): FileTreeNode;
  /** Takes the entry out; a directory has to be empty. Throws `not-empty`. */
  remove(parent: DirectoryNode, name: string, node: FileTreeNode): void;
  /** A further entry for a file. Throws `exist`, `insufficient-space`. */
  link(parent: DirectoryNode, name: string, node: FileNode): void;
  /** As `rename` of POSIX, for an entry that is there. Throws `invalid`, `is-directory`, `not-directory`, `not-empty`. */
  rename(from: DirectoryNode, name: string, to: DirectoryNode, toName: string): void;
  /** All of `bytes`, or nothing. Throws `insufficient-space`, `insufficient-memory`. */
  write(node: FileNode, offset: number, bytes: Uint8Array): void;
  /** Throws `insufficient-space`, `insufficient-memory`. */
  resize(node: FileNode, size: number): void;
  open(node: FileTreeNode): void;
  close(node: FileTreeNode): void;
}

export interface TreeParts {
  readonly meter: Meter;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Gives numbers that no object has. */
  readonly nextObject: () => number;
}

export function createTree({ meter, now, nextObject }: TreeParts): Tree {
  let lastOrder = 0;
  const common = (): Omit<Common, "kind"> => {
    const at = now();
    const times = { accessedAt: at, modifiedAt: at, changedAt: at };
    return { object: nextObject(), links: 1, opened: 0, ...times };
  };
  const directory = (parent: DirectoryNode | undefined): DirectoryNode => ({
    ...common(),
    kind: "directory",
    entries: new Map(),
    parent,
  });
  const file = (): FileNode => ({ ...common(), kind: "regular-file", content: createContent() });
  const take = (bytes: number, entries: number): void => {
    if (!meter.take({ bytes, entries })) throw new FileFault("insufficient-space");
  };
  const touch = (node: FileTreeNode): void => {
    node.changedAt = now();
  };
  const modify = (node: FileTreeNode): void => {
    node.modifiedAt = node.changedAt = now();
  };
  const put = (parent: DirectoryNode, name: string, node: FileTreeNode): void => {
    parent.entries.set(name, { node, order: ++lastOrder });
    modify(parent);
  };
  /** Gives back what nobody can reach any more. */
  const settle = (node: FileTreeNode): void => {
    if (node.links > 0 || node.opened > 0 || node.kind === "directory") return;
    meter.take({ bytes: -node.content.size, entries: 0 });
    node.content.resize(0);
  };
  const add = (parent: DirectoryNode, name: string): void => {
    if (parent.links === 0) throw new FileFault("no-entry");
    if (parent.entries.has(name)) throw new FileFault("exist");
    take(0, 1);
  };
  const remove = (parent: DirectoryNode, name: string, node: FileTreeNode): void => {
    if (node.kind === "directory" && node.entries.size > 0) throw new FileFault("not-empty");
    parent.entries.delete(name);
    modify(parent);
    node.links--;
    touch(node);
    meter.take({ bytes: 0, entries: -1 });
    settle(node);
  };
  const lengthen = (node: FileNode, size: number): void => {
    if (size > node.content.size) take(size - node.content.size, 0);
  };
  return {
    root: directory(undefined),
    create(parent, name, kind) {
      add(parent, name);
      const node = kind === "directory" ? directory(parent) : file();
      put(parent, name, node);
      return node;
    },
    remove,
    link(parent, name, node) {
      add(parent, name);
      node.links++;
      touch(node);
      put(parent, name, node);
    },
    rename(from, name, to, toName) {
      const node = from.entries.get(name)?.node;
      if (node === undefined || to.links === 0) throw new FileFault("no-entry");
      const there = to.entries.get(toName)?.node;
      if (node === there) return;
      for (let at: DirectoryNode | undefined = to; at !== undefined; at = at.parent) {
        if (at === node) throw new FileFault("invalid");
      }
      if (there !== undefined) {
        if (node.kind === "directory" && there.kind !== "directory") {
          throw new FileFault("not-directory");
        }
        if (node.kind !== "directory" && there.kind === "directory") {
          throw new FileFault("is-directory");
        }
        remove(to, toName, there);
      }
      from.entries.delete(name);
      modify(from);
      if (node.kind === "directory") node.parent = to;
      touch(node);
      put(to, toName, node);
    },
    write(node, offset, bytes) {
      const before = node.content.size;
      if (bytes.length === 0) return;
      lengthen(node, offset + bytes.length);
      try {
        node.content.write(offset, bytes);
      } catch {
        // The machine has no room for it.
        meter.take({ bytes: before - Math.max(before, offset + bytes.length), entries: 0 });
        throw new FileFault("insufficient-memory");
      }
      modify(node);
    },
    resize(node, size) {
      const before = node.content.size;
      lengthen(node, size);
      try {
        node.content.resize(size);
      } catch {
        // Only what shortens takes memory, so there is nothing to give back.
        throw new FileFault("insufficient-memory");
      }
      if (size < before) meter.take({ bytes: size - before, entries: 0 });
      modify(node);
    },
    open: (node) => void node.opened++,
    close(node) {
      node.opened--;
      settle(node);
    },
  };
}
