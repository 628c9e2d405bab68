/** `wasi:io/error`: why a stream broke. */
import type { FileErrorCode } from "../../channels/files.ts";
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { Holder } from "./resource.ts";

import { messageOf } from "../../core/error.ts";
import { Resource } from "./resource.ts";

/** Called so because the glue looks for a class of that name only in the imports. */
export class IoError extends Resource {
  readonly #message: string;
  /** Of streams that are bodies. */
  readonly httpCode: HttpErrorCode | undefined;
  /** Of streams of files. */
  readonly fileCode: FileErrorCode | undefined;

  constructor(holder: Holder, thrown: unknown, httpCode?: HttpErrorCode, fileCode?: FileErrorCode) {
    super(holder);
    this.#message = messageOf(thrown);
    this.httpCode = httpCode;
    this.fileCode = fileCode;
  }

  toDebugString(): string {
    return this.#message;
  }
}
