/** Errors of HTTP on their way to a guest. */
import type { HttpErrorCode } from "../../interfaces/http-errors.ts";
import type { Holder } from "./resource.ts";

import { httpErrorOf } from "../../interfaces/http-errors.ts";
import { IoError } from "./io-error.ts";

/** Thrown where an `error-code` says what is wrong. */
export class HttpFailure extends Error {
  readonly httpCode: HttpErrorCode;

  constructor(httpCode: HttpErrorCode, message: string) {
    super(message);
    this.httpCode = httpCode;
  }
}

export function errorCodeOf(thrown: unknown): HttpErrorCode {
  return thrown instanceof HttpFailure ? thrown.httpCode : httpErrorOf(thrown);
}

/** How the guest sees that a body broke. */
export function bodyError(holder: Holder): (thrown: unknown) => IoError {
  return (thrown) => new IoError(holder, thrown, errorCodeOf(thrown));
}
