/**
 * `wasi:filesystem`: the mounts of the component, whose files are with the host. A guest without mounts gets no descriptor.
 *
 * What is known here of an open file is what does not change: its type, its flags and which file it is. All else is asked.
 */
import type { RemoteFiles } from "../adapter.ts";
import type { GuestImports } from "../instantiate.ts";
import type { IoError } from "./io-error.ts";
import type { Holder } from "./resource.ts";

import { Descriptor, DirectoryEntryStream } from "./descriptor.ts";
import { OpenFile } from "./open-file.ts";

type Preopen = readonly [directory: Descriptor, path: string];

export function filesystem(holder: Holder, files: RemoteFiles | undefined): GuestImports {
  return {
    "wasi:filesystem/preopens": {
      getDirectories: () => (files === undefined ? [] : preopens(holder, files)),
    },
    "wasi:filesystem/types": {
      Descriptor,
      DirectoryEntryStream,
      filesystemErrorCode: (error: IoError) => error.fileCode,
    },
  };
}

function preopens(holder: Holder, files: RemoteFiles): readonly Preopen[] {
  return files.mounts.map(({ path, ...mount }) => [
    new Descriptor(holder, new OpenFile(files, mount)),
    path,
  ]);
}
