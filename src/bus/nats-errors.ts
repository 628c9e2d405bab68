/** What the client library throws, as the machinery's own errors. Texts of the library never hold credentials. */
import { ErrorCode, NatsError } from "nats.ws";
import { type ErrorCode as Code, LatticeError, messageOf } from "../core/error.ts";

const CODES: Readonly<Record<string, Code>> = {
  [ErrorCode.AuthorizationViolation]: "denied",
  [ErrorCode.AuthenticationExpired]: "denied",
  [ErrorCode.AuthenticationTimeout]: "denied",
  [ErrorCode.AccountExpired]: "denied",
  [ErrorCode.PermissionsViolation]: "denied",
  [ErrorCode.MaxPayloadExceeded]: "too-large",
  [ErrorCode.BadHeader]: "bad-input",
  [ErrorCode.BadSubject]: "bad-input",
};

/** `thrown` as a LatticeError; what has no code of its own is a connection that failed. */
export function fromNats(thrown: unknown): LatticeError {
  if (thrown instanceof LatticeError) return thrown;
  if (!(thrown instanceof NatsError)) {
    return new LatticeError("disconnected", messageOf(thrown), { cause: thrown });
  }
  return new LatticeError(CODES[thrown.code] ?? "disconnected", thrown.message, { cause: thrown });
}
