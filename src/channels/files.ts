/**
 * Files as a component worker asks its host for them: calls of an interface that no component can import, since no name in
 * WIT has a `$`. They travel as calls of imports do, and values have the form that the glue takes.
 *
 * An open file is a number, good for one instance: those of {@link MountSetup} are always open, others from `open` until the
 * worker says `close`, or the instance ends.
 */

/** The interface's name. */
export const FILES = "$files";

/** Most bytes of one read. */
export const MAX_READ_BYTES: number = 256 * 1024;
/** Most bytes of one write; of more, only as many are written. */
export const MAX_WRITE_BYTES: number = 1024 * 1024;

/** Cases of `error-code` of `wasi:filesystem/types` that occur here. */
export type FileErrorCode =
  | "bad-descriptor"
  | "busy"
  | "cross-device"
  | "exist"
  | "file-too-large"
  | "insufficient-memory"
  | "insufficient-space"
  | "invalid"
  | "is-directory"
  | "name-too-long"
  | "no-device"
  | "no-entry"
  | "not-directory"
  | "not-empty"
  | "not-permitted"
  | "unsupported";

/** A `result` as the glue has it. */
export type FileReply<T> =
  | { readonly tag: "ok"; readonly val: T }
  | { readonly tag: "err"; readonly val: FileErrorCode };

export type FileKind = "directory" | "regular-file";

/** `descriptor-flags`; absent is false. */
export interface FileFlags {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly mutateDirectory?: boolean;
}

/** `open-flags`; absent is false. */
export interface OpenFlags {
  readonly create?: boolean;
  readonly directory?: boolean;
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
}

export interface OpenedFile {
  readonly file: number;
  readonly kind: FileKind;
  readonly flags: FileFlags;
  /** The same for all that are open of one file or directory, in whatever volume. */
  readonly object: number;
}

/** A mount as its worker knows it: a directory that is open from the start. */
export interface MountSetup extends OpenedFile {
  /** Absolute, as the guest sees it. */
  readonly path: string;
}

export interface FileTime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** `descriptor-stat`. */
export interface FileStat {
  readonly type: FileKind;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: FileTime;
  readonly dataModificationTimestamp: FileTime;
  readonly statusChangeTimestamp: FileTime;
}

/** `new-timestamp`. */
export type NewFileTime =
  | { readonly tag: "no-change" }
  | { readonly tag: "now" }
  | { readonly tag: "timestamp"; readonly val: FileTime };

export interface DirectoryPage {
  readonly entries: readonly { readonly type: FileKind; readonly name: string }[];
  /** For the next page; absent after the last one. */
  readonly next?: number;
}

/** What the host answers, by name. The first argument is an open file; offsets and lengths are in bytes. */
export interface FileMethods {
  open(file: number, path: string, how: OpenFlags, flags: FileFlags): FileReply<OpenedFile>;
  /** Bytes, and whether the file ends behind them. */
  read(file: number, length: number, offset: number): FileReply<readonly [Uint8Array, boolean]>;
  /** How many were written: all, up to {@link MAX_WRITE_BYTES}. */
  write(file: number, bytes: Uint8Array, offset: number): FileReply<bigint>;
  append(file: number, bytes: Uint8Array): FileReply<bigint>;
  resize(file: number, size: number): FileReply<undefined>;
  /** Answered when all that was asked before is done. */
  sync(file: number): FileReply<undefined>;
  stat(file: number): FileReply<FileStat>;
  statAt(file: number, path: string): FileReply<FileStat>;
  setTimes(file: number, access: NewFileTime, modification: NewFileTime): FileReply<undefined>;
  setTimesAt(
    file: number,
    path: string,
    access: NewFileTime,
    modification: NewFileTime,
  ): FileReply<undefined>;
  /** What {@link OpenedFile.object} is. */
  objectAt(file: number, path: string): FileReply<number>;
  /** Entries of a directory from `from` on, in the order in which they were made; 0 for the first page. */
  list(file: number, from: number): FileReply<DirectoryPage>;
  makeDirectory(file: number, path: string): FileReply<undefined>;
  removeDirectory(file: number, path: string): FileReply<undefined>;
  unlink(file: number, path: string): FileReply<undefined>;
  rename(file: number, path: string, to: number, toPath: string): FileReply<undefined>;
  link(file: number, path: string, to: number, toPath: string): FileReply<undefined>;
}
