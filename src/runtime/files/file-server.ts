/**
 * Answers what the instances of a component ask of their files, as wasmtime does where the text of `wasi:filesystem` leaves it
 * open (bytecodealliance/wasmtime, crates/wasi/src/p2/host/filesystem.rs at v36.0.0). An operation is done when its message is
 * read: what is asked later, by anybody, sees it.
 *
 * The worker is not trusted: arguments of another form than {@link FileMethods} wants are `denied`.
 */
import type {
  DirectoryPage,
  FileFlags,
  FileMethods,
  FileReply,
  FileStat,
  FileTime,
  MountSetup,
  NewFileTime,
  OpenedFile,
  OpenFlags,
} from "../../channels/files.ts";
import type { Mount } from "../../core/runtime.ts";
import type { OpenFile, OpenFiles } from "./open-files.ts";
import type { FileTreeNode } from "./tree.ts";

import { MAX_READ_BYTES, MAX_WRITE_BYTES } from "../../channels/files.ts";
import { LatticeError } from "../../core/error.ts";
import { FileFault } from "./fault.ts";
import { createOpenFileTables, directoryOf, fileOf } from "./open-files.ts";
import { nodeAt, resolve } from "./paths.ts";

/** The files of one instance, as whoever looks after it has them. */
export interface InstanceFiles {
  /** Throws `denied` for what no worker of ours asks. */
  answer(func: string, args: readonly unknown[]): FileReply<unknown>;
  close(file: number): void;
  /** All that the instance has open is closed. */
  end(): void;
}

export interface FileServer {
  readonly mounts: readonly MountSetup[];
  /** For an instance that begins. */
  open(): InstanceFiles;
}

/** Entries that one answer has. */
const PAGE_ENTRIES = 256;

/** `now` gives milliseconds since the epoch. Throws `bad-input` for a volume of another runtime. */
export function createFileServer(mounts: readonly Mount[], now: () => number): FileServer {
  const tables = createOpenFileTables(mounts);
  return {
    mounts: tables.mounts,
    open() {
      const files = tables.create();
      const methods = methodsOf(files, now);
      return {
        answer(func, args) {
          const method = methodOf(methods, func);
          if (method === undefined) throw new LatticeError("denied", `no ${func} of files`);
          try {
            return { tag: "ok", val: method(new Arguments(func, args)) };
          } catch (thrown) {
            if (thrown instanceof FileFault) return { tag: "err", val: thrown.code };
            throw thrown;
          }
        },
        close: (file) => files.close(file),
        end: () => files.end(),
      };
    },
  };
}

function methodOf(methods: Served, func: string): ((args: Arguments) => unknown) | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is one of its own keys
  return Object.hasOwn(methods, func) ? methods[func as keyof Served] : undefined;
}

type ValueOf<Reply> = Reply extends { readonly tag: "ok"; readonly val: infer T } ? T : never;

/** {@link FileMethods} as they are served: of arguments that nobody has looked at, with errors thrown. */
type Served = {
  readonly [Name in keyof FileMethods]: (args: Arguments) => ValueOf<ReturnType<FileMethods[Name]>>;
};

function methodsOf(files: OpenFiles, now: () => number): Served {
  const openFile = (args: Arguments, index = 0): OpenFile => files.get(args.number(index));
  /** A directory whose entries may be changed. Throws `not-permitted`. */
  const changing = (args: Arguments, index = 0): OpenFile => {
    const file = openFile(args, index);
    directoryOf(file);
    if (file.flags.mutateDirectory !== true) throw new FileFault("not-permitted");
    return file;
  };
  const at = (args: Arguments): { readonly file: OpenFile; readonly node: FileTreeNode } => {
    const file = openFile(args);
    return { file, node: nodeAt(directoryOf(file), args.text(1)) };
  };
  const writing = (file: OpenFile): OpenFile => {
    fileOf(file);
    if (!file.writable) throw new FileFault("not-permitted");
    if (file.flags.write !== true) throw new FileFault("bad-descriptor");
    return file;
  };
  const write = (file: OpenFile, bytes: Uint8Array, offset: number): bigint => {
    if (bytes.length > MAX_WRITE_BYTES) {
      throw new LatticeError("denied", `a write of ${bytes.length} bytes`);
    }
    file.volume.tree.write(fileOf(file), offset, bytes);
    return BigInt(bytes.length);
  };
  const setTimes = (node: FileTreeNode, args: Arguments, first: number): undefined => {
    const accessedAt = timeOf(args.time(first), node.accessedAt, now);
    // Either may be refused: then none is set.
    node.modifiedAt = timeOf(args.time(first + 1), node.modifiedAt, now);
    node.accessedAt = accessedAt;
    node.changedAt = now();
  };
  return {
    open: (args) => openAt(files, openFile(args), args),
    read(args) {
      const file = openFile(args);
      const { content } = fileOf(file);
      if (file.flags.read !== true) throw new FileFault("bad-descriptor");
      const [length, offset] = [args.number(1), args.number(2)];
      const bytes = content.read(offset, Math.min(length, MAX_READ_BYTES));
      return [bytes, offset + bytes.length >= content.size];
    },
    write: (args) => write(writing(openFile(args)), args.bytes(1), args.number(2)),
    append(args) {
      const file = writing(openFile(args));
      return write(file, args.bytes(1), fileOf(file).content.size);
    },
    resize(args) {
      const file = writing(openFile(args));
      file.volume.tree.resize(fileOf(file), args.number(1));
      return undefined;
    },
    sync(args) {
      openFile(args);
      return undefined;
    },
    stat: (args) => statOf(openFile(args).node),
    statAt: (args) => statOf(at(args).node),
    setTimes(args) {
      const file = openFile(args);
      if (!file.writable) throw new FileFault("not-permitted");
      return setTimes(file.node, args, 1);
    },
    setTimesAt(args) {
      const { file, node } = at(args);
      if (!file.writable) throw new FileFault("not-permitted");
      return setTimes(node, args, 2);
    },
    objectAt: (args) => at(args).node.object,
    list(args) {
      const file = openFile(args);
      return pageOf(directoryOf(file), args.number(1));
    },
    makeDirectory(args) {
      const file = changing(args);
      const { entry, node } = resolve(directoryOf(file), args.text(1));
      if (entry === undefined || node !== undefined) throw new FileFault("exist");
      file.volume.tree.create(entry.parent, entry.name, "directory");
      return undefined;
    },
    removeDirectory(args) {
      const file = changing(args);
      const { entry, node } = resolve(directoryOf(file), args.text(1));
      if (entry === undefined) throw new FileFault("invalid");
      if (node === undefined) throw new FileFault("no-entry");
      if (node.kind !== "directory") throw new FileFault("not-directory");
      file.volume.tree.remove(entry.parent, entry.name, node);
      return undefined;
    },
    unlink(args) {
      const file = changing(args);
      const { entry, node, wantsDirectory } = resolve(directoryOf(file), args.text(1));
      if (node === undefined) throw new FileFault("no-entry");
      if (entry === undefined || node.kind === "directory") throw new FileFault("is-directory");
      if (wantsDirectory) throw new FileFault("not-directory");
      file.volume.tree.remove(entry.parent, entry.name, node);
      return undefined;
    },
    rename(args) {
      const [file, to] = [changing(args), changing(args, 2)];
      const old = resolve(directoryOf(file), args.text(1));
      const next = resolve(directoryOf(to), args.text(3));
      if (old.node === undefined) throw new FileFault("no-entry");
      if (old.entry === undefined || next.entry === undefined) throw new FileFault("busy");
      if (file.volume !== to.volume) throw new FileFault("cross-device");
      const wantsDirectory = old.wantsDirectory || next.wantsDirectory;
      if (wantsDirectory && old.node.kind !== "directory") throw new FileFault("not-directory");
      const { tree } = file.volume;
      tree.rename(old.entry.parent, old.entry.name, next.entry.parent, next.entry.name);
      return undefined;
    },
    link(args) {
      const [file, to] = [changing(args), changing(args, 2)];
      const node = nodeAt(directoryOf(file), args.text(1));
      const next = resolve(directoryOf(to), args.text(3));
      if (next.entry === undefined || next.node !== undefined) throw new FileFault("exist");
      if (node.kind === "directory") throw new FileFault("not-permitted");
      if (next.wantsDirectory) throw new FileFault("no-entry");
      if (file.volume !== to.volume) throw new FileFault("cross-device");
      file.volume.tree.link(next.entry.parent, next.entry.name, node);
      return undefined;
    },
  };
}

function openAt(files: OpenFiles, from: OpenFile, args: Arguments): OpenedFile {
  const how: OpenFlags = args.record(2);
  const wanted: FileFlags = args.record(3);
  const [write, truncate] = [wanted.write === true, how.truncate === true];
  const { tree } = from.volume;
  if (how.directory === true && (how.create === true || how.exclusive === true || truncate)) {
    throw new FileFault("invalid");
  }
  const changes = how.create === true || truncate || write;
  const base = directoryOf(from);
  if (changes && from.flags.mutateDirectory !== true) throw new FileFault("not-permitted");
  const found = resolve(base, args.text(1));
  const { entry, wantsDirectory } = found;
  let { node } = found;
  if (node === undefined) {
    if (how.create !== true || entry === undefined) throw new FileFault("no-entry");
    if (wantsDirectory) throw new FileFault("is-directory");
    // A file that cannot be opened is not made either.
    files.checkRoom();
    node = tree.create(entry.parent, entry.name, "regular-file");
  } else if (how.create === true && how.exclusive === true) {
    throw new FileFault("exist");
  }
  if (node.kind === "directory") {
    if (write || truncate || how.create === true) throw new FileFault("is-directory");
    const mutateDirectory = from.flags.mutateDirectory === true;
    return files.open(from, node, { read: true, ...(mutateDirectory ? { mutateDirectory } : {}) });
  }
  if (how.directory === true || wantsDirectory) throw new FileFault("not-directory");
  // Who wants neither may read, as in wasmtime.
  const read = wanted.read === true || !write;
  const opened = files.open(from, node, { ...(read ? { read } : {}), ...(write ? { write } : {}) });
  if (truncate) tree.resize(node, 0);
  return opened;
}

function pageOf({ entries }: ReturnType<typeof directoryOf>, from: number): DirectoryPage {
  const page: { readonly type: FileTreeNode["kind"]; readonly name: string }[] = [];
  for (const [name, { node, order }] of entries) {
    if (order < from) continue;
    if (page.length === PAGE_ENTRIES) return { entries: page, next: order };
    page.push({ type: node.kind, name });
  }
  return { entries: page };
}

function statOf(node: FileTreeNode): FileStat {
  return {
    type: node.kind,
    linkCount: BigInt(node.links),
    size: node.kind === "directory" ? 0n : BigInt(node.content.size),
    dataAccessTimestamp: datetime(node.accessedAt),
    dataModificationTimestamp: datetime(node.modifiedAt),
    statusChangeTimestamp: datetime(node.changedAt),
  };
}

function datetime(ms: number): FileTime {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanoseconds: Math.round((ms - seconds * 1000) * 1e6) };
}

function timeOf(wanted: NewFileTime, before: number, now: () => number): number {
  if (wanted.tag === "no-change") return before;
  if (wanted.tag === "now") return now();
  const { seconds, nanoseconds } = wanted.val;
  const ms = Number(seconds) * 1000 + nanoseconds / 1e6;
  if (!Number.isSafeInteger(Math.floor(ms))) throw new FileFault("invalid");
  return ms;
}

/** Arguments of a worker, each looked at when it is taken. Throws `denied`. */
class Arguments {
  readonly #func: string;
  readonly #values: readonly unknown[];

  constructor(func: string, values: readonly unknown[]) {
    this.#func = func;
    this.#values = values;
  }

  /** Whole, and zero or more; those above 2^53 are as near as may be, and beyond any file. */
  number(index: number): number {
    const value = this.#values[index];
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    throw this.#denied(index);
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value === "string") return value;
    throw this.#denied(index);
  }

  bytes(index: number): Uint8Array {
    const value = this.#values[index];
    if (value instanceof Uint8Array) return value;
    throw this.#denied(index);
  }

  /** Whose fields are booleans as far as anybody asks: they are compared with `true`. */
  record(index: number): Readonly<Record<string, boolean>> {
    const value = this.#values[index];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
    if (typeof value === "object" && value !== null) return value as Record<string, boolean>;
    throw this.#denied(index);
  }

  time(index: number): NewFileTime {
    const value = this.#values[index];
    if (typeof value !== "object" || value === null || !("tag" in value)) throw this.#denied(index);
    if (value.tag === "now" || value.tag === "no-change") return { tag: value.tag };
    const time: unknown = "val" in value ? value.val : undefined;
    if (typeof time !== "object" || time === null) throw this.#denied(index);
    const seconds: unknown = Reflect.get(time, "seconds");
    const nanoseconds: unknown = Reflect.get(time, "nanoseconds");
    if (typeof seconds !== "bigint" || typeof nanoseconds !== "number") throw this.#denied(index);
    return { tag: "timestamp", val: { seconds, nanoseconds } };
  }

  #denied(index: number): LatticeError {
    return new LatticeError(
      "denied",
      `argument ${index} of ${this.#func} of files has no such form`,
    );
  }
}
