/** The files of one instance, as its worker asks for them, without a worker. */
import type { FileErrorCode, FileFlags, FileMethods, OpenFlags } from "../../src/channels/files.ts";
import type { Mount } from "../../src/core/runtime.ts";
import type { FileServer, InstanceFiles } from "../../src/runtime/files/file-server.ts";

import { createFileServer } from "../../src/runtime/files/file-server.ts";

type Value<Name extends keyof FileMethods> =
  ReturnType<FileMethods[Name]> extends infer Reply
    ? Reply extends { readonly tag: "ok"; readonly val: infer T }
      ? T
      : never
    : never;

export interface Asking {
  /** What the host answers, an `err` by its name. */
  readonly ask: <Name extends keyof FileMethods>(
    func: Name,
    ...args: Parameters<FileMethods[Name]>
  ) => Value<Name> | FileErrorCode;
  /** As {@link ask}, where an `err` fails the test. */
  readonly get: <Name extends keyof FileMethods>(
    func: Name,
    ...args: Parameters<FileMethods[Name]>
  ) => Value<Name>;
  /** Opens and gives the number. */
  readonly open: (path: string, how?: OpenFlags, flags?: FileFlags, base?: number) => number;
  readonly files: InstanceFiles;
}

export function mounted(mounts: readonly Mount[], now: () => number = () => 0): FileServer {
  return createFileServer(mounts, now);
}

export function asking(server: FileServer): Asking {
  const files = server.open();
  const ask: Asking["ask"] = (func, ...args) => {
    const reply = files.answer(func, args);
    return reply.val as Value<typeof func> | FileErrorCode;
  };
  const get: Asking["get"] = (func, ...args) => {
    const reply = files.answer(func, args);
    if (reply.tag === "err") throw new Error(`${func}: ${reply.val}`);
    return reply.val as Value<typeof func>;
  };
  return {
    ask,
    get,
    open: (path, how = {}, flags = { read: true, write: true }, base = 0) =>
      get("open", base, path, how, flags).file,
    files,
  };
}
