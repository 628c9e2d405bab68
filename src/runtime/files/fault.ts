/** Why an operation on files did nothing: thrown within this folder, and an `err` for the guest. */
import type { FileErrorCode } from "../../channels/files.ts";

export class FileFault extends Error {
  override readonly name = "FileFault";
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode) {
    super(code);
    this.code = code;
  }
}
