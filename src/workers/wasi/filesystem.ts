/** `wasi:filesystem` without any directory: a guest gets no descriptor, so none has methods. */
import type { GuestImports } from "../instantiate.ts";

import { Resource } from "./resource.ts";

class Descriptor extends Resource {}
class DirectoryEntryStream extends Resource {}

export const FILESYSTEM: GuestImports = {
  "wasi:filesystem/preopens": { getDirectories: () => [] },
  "wasi:filesystem/types": {
    Descriptor,
    DirectoryEntryStream,
    filesystemErrorCode: () => undefined,
  },
};
