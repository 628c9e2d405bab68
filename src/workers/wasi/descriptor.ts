/** `descriptor` and `directory-entry-stream` of `wasi:filesystem/types`. */
import type {
  DirectoryPage,
  FileErrorCode,
  FileFlags,
  FileKind,
  FileReply,
  FileStat,
  NewFileTime,
  OpenFlags,
} from "../../channels/files.ts";
import type { Later } from "../remote-streams.ts";
import type { OpenFile } from "./open-file.ts";
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";
import type { Steps } from "./steps.ts";

import { MAX_READ_BYTES, MAX_WRITE_BYTES } from "../../channels/files.ts";
import { after } from "../remote-streams.ts";
import { InputStream } from "./io-input.ts";
import { OutputStream } from "./io-output.ts";
import { fileInlet, fileOutlet } from "./open-file.ts";
import { Resource } from "./resource.ts";
import { err, OK, ok } from "./results.ts";
import { runFor, wait } from "./steps.ts";

type Done = FileReply<undefined>;

interface MetadataHash {
  readonly lower: bigint;
  readonly upper: bigint;
}

/** `path-flags` say only whether symbolic links are followed, of which there are none. */
type PathFlags = unknown;

export class Descriptor extends Resource {
  readonly #file: OpenFile;

  constructor(holder: Holder, file: OpenFile) {
    super(holder);
    this.#file = file;
    file.use();
  }

  readViaStream(offset: bigint): FileReply<InputStream> {
    const obstacle = this.#notFile(this.#flags.read);
    if (obstacle !== undefined) return obstacle;
    const inlet = fileInlet(this.holder, this.#file, Number(offset));
    return ok(new InputStream(this.holder, inlet));
  }

  writeViaStream(offset: bigint): FileReply<OutputStream> {
    return this.#outputStream(Number(offset));
  }

  appendViaStream(): FileReply<OutputStream> {
    return this.#outputStream();
  }

  /** The advice is for disks. */
  advise(_offset: bigint, _length: bigint, _advice: string): Done {
    return this.#notFile(true) ?? OK;
  }

  syncData(): Later<Done> {
    return this.#file.ask("sync");
  }

  sync(): Later<Done> {
    return this.#file.ask("sync");
  }

  getFlags(): FileReply<FileFlags> {
    return ok(this.#flags);
  }

  getType(): FileReply<FileKind> {
    return ok(this.#file.opened.kind);
  }

  setSize(size: bigint): Later<Done> {
    return this.#file.ask("resize", Number(size));
  }

  setTimes(access: NewFileTime, modification: NewFileTime): Later<Done> {
    return this.#file.ask("setTimes", access, modification);
  }

  read(length: bigint, offset: bigint): Later<FileReply<readonly [Uint8Array, boolean]>> {
    const most = length > MAX_READ_BYTES ? MAX_READ_BYTES : Number(length);
    return this.#file.ask("read", most, Number(offset));
  }

  write(buffer: Uint8Array, offset: bigint): Later<FileReply<bigint>> {
    // A copy: of a view, a message would take the whole buffer along.
    const bytes = buffer.length > MAX_WRITE_BYTES ? buffer.slice(0, MAX_WRITE_BYTES) : buffer;
    return this.#file.ask("write", bytes, Number(offset));
  }

  readDirectory(): FileReply<DirectoryEntryStream> {
    if (this.#file.opened.kind !== "directory") return refused("not-directory");
    return ok(new DirectoryEntryStream(this.holder, this.#file));
  }

  createDirectoryAt(path: string): Later<Done> {
    return this.#file.ask("makeDirectory", path);
  }

  stat(): Later<FileReply<FileStat>> {
    return this.#file.ask("stat");
  }

  statAt(_: PathFlags, path: string): Later<FileReply<FileStat>> {
    return this.#file.ask("statAt", path);
  }

  setTimesAt(
    _: PathFlags,
    path: string,
    access: NewFileTime,
    modification: NewFileTime,
  ): Later<Done> {
    return this.#file.ask("setTimesAt", path, access, modification);
  }

  linkAt(_: PathFlags, path: string, to: Descriptor, toPath: string): Later<Done> {
    return this.#file.ask("link", path, to.#file.opened.file, toPath);
  }

  openAt(
    _: PathFlags,
    path: string,
    how: OpenFlags,
    flags: FileFlags,
  ): Later<FileReply<Descriptor>> {
    return after(this.#file.ask("open", path, how, flags), (reply) => {
      if (reply.tag === "err") return reply;
      return ok(new Descriptor(this.holder, this.#file.sibling(reply.val)));
    });
  }

  /** There are no symbolic links. */
  readlinkAt(path: string): Later<FileReply<string>> {
    return after(this.#file.ask("statAt", path), (reply) =>
      reply.tag === "err" ? reply : refused("invalid"),
    );
  }

  removeDirectoryAt(path: string): Later<Done> {
    return this.#file.ask("removeDirectory", path);
  }

  renameAt(path: string, to: Descriptor, toPath: string): Later<Done> {
    return this.#file.ask("rename", path, to.#file.opened.file, toPath);
  }

  symlinkAt(_path: string, _toPath: string): Done {
    return refused("unsupported");
  }

  unlinkFileAt(path: string): Later<Done> {
    return this.#file.ask("unlink", path);
  }

  isSameObject(other: Descriptor): boolean {
    return this.#file.opened.object === other.#file.opened.object;
  }

  metadataHash(): FileReply<MetadataHash> {
    return ok(hashOf(this.#file.opened.object));
  }

  metadataHashAt(_: PathFlags, path: string): Later<FileReply<MetadataHash>> {
    return after(this.#file.ask("objectAt", path), (reply) =>
      reply.tag === "err" ? reply : ok(hashOf(reply.val)),
    );
  }

  override dropped(): void {
    this.#file.leave();
  }

  get #flags(): FileFlags {
    return this.#file.opened.flags;
  }

  #outputStream(offset?: number): FileReply<OutputStream> {
    const obstacle = this.#notFile(this.#flags.write);
    if (obstacle !== undefined) return obstacle;
    return ok(new OutputStream(this.holder, fileOutlet(this.holder, this.#file, offset)));
  }

  /** An `err` unless it is a file that was opened for this. */
  #notFile(permitted: boolean | undefined): Refusal | undefined {
    const fits = this.#file.opened.kind === "regular-file" && permitted === true;
    return fits ? undefined : refused("bad-descriptor");
  }
}

type Refusal = Result<never, FileErrorCode>;

function refused(code: FileErrorCode): Refusal {
  return err(code);
}

type NextEntry = DirectoryPage["entries"][number] | undefined;

/** Entries as they are when their page is asked for. */
export class DirectoryEntryStream extends Resource {
  readonly #file: OpenFile;
  #page: readonly NonNullable<NextEntry>[] = [];
  #index = 0;
  #next: number | undefined = 0;

  constructor(holder: Holder, file: OpenFile) {
    super(holder);
    this.#file = file;
    file.use();
  }

  readDirectoryEntry(): Later<FileReply<NextEntry>> {
    return runFor(this.holder.life, this.#entry());
  }

  override dropped(): void {
    this.#file.leave();
  }

  *#entry(): Steps<FileReply<NextEntry>> {
    while (this.#index === this.#page.length) {
      if (this.#next === undefined) return ok(undefined);
      const reply = yield* wait(this.#file.ask("list", this.#next));
      if (reply.tag === "err") return reply;
      this.#page = reply.val.entries;
      this.#index = 0;
      this.#next = reply.val.next;
    }
    return ok(this.#page[this.#index++]);
  }
}

function hashOf(object: number): MetadataHash {
  return { lower: BigInt(object), upper: 0n };
}
