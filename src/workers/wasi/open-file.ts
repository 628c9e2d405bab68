/** A file that the host has open for the guest, until nothing of the guest uses it any more; and its streams. */
import type { FileErrorCode, FileMethods, FileReply, OpenedFile } from "../../channels/files.ts";
import type { RemoteFiles } from "../adapter.ts";
import type { Later } from "../remote-streams.ts";
import type { Inlet } from "./io-input.ts";
import type { Outlet } from "./io-output.ts";
import type { Holder } from "./resource.ts";

import { LatticeError } from "../../core/error.ts";
import { after } from "../remote-streams.ts";
import { IoError } from "./io-error.ts";

type Rest<T> = T extends readonly [unknown, ...infer R] ? R : never;

export class OpenFile {
  readonly #files: RemoteFiles;
  readonly opened: OpenedFile;
  #users = 0;

  constructor(files: RemoteFiles, opened: OpenedFile) {
    this.#files = files;
    this.opened = opened;
  }

  ask<Name extends keyof FileMethods>(
    func: Name,
    ...args: Rest<Parameters<FileMethods[Name]>>
  ): Later<ReturnType<FileMethods[Name]>> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file comes first in each of them
    const all = [this.opened.file, ...args] as unknown as Parameters<FileMethods[Name]>;
    return this.#files.ask(func, ...all);
  }

  /** Another file of the same guest. */
  sibling(opened: OpenedFile): OpenFile {
    return new OpenFile(this.#files, opened);
  }

  use(): void {
    this.#users++;
  }

  /** The last user closes it; mounts stay open. */
  leave(): void {
    this.#users--;
    const { file } = this.opened;
    if (this.#users === 0 && file >= this.#files.mounts.length) this.#files.close(file);
  }
}

/** Bytes from `offset` on, to where the file ends when they are read. */
export function fileInlet(holder: Holder, file: OpenFile, offset: number): Inlet {
  let at = offset;
  file.use();
  return {
    ready: true,
    ends: [],
    waits: true,
    read: (maxBytes) =>
      after(file.ask("read", maxBytes, at), (reply) => {
        const [bytes] = valueOf(reply);
        at += bytes.length;
        return bytes.length === 0 ? undefined : bytes;
      }),
    errorOf: (thrown) => errorOf(holder, thrown),
    close: () => file.leave(),
  };
}

/** What is written goes to where the file ends when it arrives, without an `offset`; otherwise there and behind it. */
export function fileOutlet(holder: Holder, file: OpenFile, offset?: number): Outlet {
  let at = offset;
  file.use();
  return {
    ready: true,
    ends: [],
    waits: true,
    write(bytes) {
      let reply: Later<FileReply<bigint>>;
      if (at === undefined) {
        reply = file.ask("append", bytes);
      } else {
        reply = file.ask("write", bytes, at);
        at += bytes.length;
      }
      return after(reply, (written) => void valueOf(written));
    },
    errorOf: (thrown) => errorOf(holder, thrown),
    close: () => file.leave(),
  };
}

class FileError extends LatticeError {
  readonly fileCode: FileErrorCode;

  constructor(fileCode: FileErrorCode) {
    super("internal", fileCode);
    this.fileCode = fileCode;
  }
}

function valueOf<T>(reply: FileReply<T>): T {
  if (reply.tag === "ok") return reply.val;
  throw new FileError(reply.val);
}

function errorOf(holder: Holder, thrown: unknown): IoError {
  const code = thrown instanceof FileError ? thrown.fileCode : undefined;
  return new IoError(holder, thrown, undefined, code);
}
