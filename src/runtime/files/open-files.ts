/**
 * What the instances of one component have open: numbers for files of its mounts, and what they may do there. A number is
 * good for the instance that opened it; each instance has the mounts from the start, under the first numbers.
 */
import type { FileFlags, MountSetup, OpenedFile } from "../../channels/files.ts";
import type { Mount } from "../../core/runtime.ts";
import type { DirectoryNode, FileNode, FileTreeNode } from "./tree.ts";

import { LatticeError } from "../../core/error.ts";
import { FileFault } from "./fault.ts";
import { MemoryVolume } from "./volumes.ts";

/** Of one instance, mounts apart; as many as Linux gives a process by default. */
const MAX_OPEN_FILES = 1024;

export interface OpenFile {
  readonly volume: MemoryVolume;
  readonly node: FileTreeNode;
  readonly flags: FileFlags;
  /** Whether its mount may be written. */
  readonly writable: boolean;
}

/** The files of one instance. */
export interface OpenFiles {
  /** Throws `denied` for a number that this instance does not have, and `no-device` for a volume that has ended. */
  get(file: number): OpenFile;
  /** Throws `insufficient-memory` when too many are open for one more. */
  checkRoom(): void;
  /** Throws as {@link checkRoom} does. */
  open(from: OpenFile, node: FileTreeNode, flags: FileFlags): OpenedFile;
  /** A number that this instance does not have means nothing. */
  close(file: number): void;
  end(): void;
}

export interface OpenFileTables {
  /** For the worker. */
  readonly mounts: readonly MountSetup[];
  /** The files of an instance that begins. */
  create(): OpenFiles;
}

/** Throws `bad-input` for a volume of another runtime. */
export function createOpenFileTables(mounts: readonly Mount[]): OpenFileTables {
  const roots = mounts.map(({ volume, readOnly }): OpenFile => {
    if (!(volume instanceof MemoryVolume)) {
      throw new LatticeError("bad-input", `volume '${volume.name}' is not one of this runtime`);
    }
    const flags = { read: true, ...(readOnly ? {} : { mutateDirectory: true }) };
    return { volume, node: volume.tree.root, flags, writable: !readOnly };
  });
  /** No number is used twice, so that what comes too late hurts no other instance. */
  let last = roots.length - 1;
  return {
    mounts: mounts.map(({ path }, file) => ({ path, ...told(file, roots[file]) })),
    create() {
      const open = new Map<number, OpenFile>();
      const release = ({ volume, node }: OpenFile): void => {
        if (!volume.ended) volume.tree.close(node);
      };
      const checkRoom = (): void => {
        if (open.size >= MAX_OPEN_FILES) throw new FileFault("insufficient-memory");
      };
      return {
        get(file) {
          const found = open.get(file) ?? roots[file];
          if (found === undefined) {
            throw new LatticeError("denied", `the component has no open file ${file}`);
          }
          if (found.volume.ended) throw new FileFault("no-device");
          return found;
        },
        checkRoom,
        open({ volume, writable }, node, flags) {
          checkRoom();
          const opened = { volume, node, flags, writable };
          open.set(++last, opened);
          volume.tree.open(node);
          return told(last, opened);
        },
        close(file) {
          const found = open.get(file);
          open.delete(file);
          if (found !== undefined) release(found);
        },
        end() {
          for (const each of open.values()) release(each);
          open.clear();
        },
      };
    },
  };
}

/** Throws `not-directory`. */
export function directoryOf({ node }: OpenFile): DirectoryNode {
  if (node.kind === "directory") return node;
  throw new FileFault("not-directory");
}

/** Throws `bad-descriptor`. */
export function fileOf({ node }: OpenFile): FileNode {
  if (node.kind === "regular-file") return node;
  throw new FileFault("bad-descriptor");
}

function told(file: number, opened: OpenFile | undefined): OpenedFile {
  if (opened === undefined) throw new LatticeError("internal", `no mount ${file}`);
  const { node, flags } = opened;
  return { file, kind: node.kind, flags, object: node.object };
}
