/** What the client library throws, as the machinery's own errors. Texts of the library never hold credentials. */
import { ErrorCode, NatsError } from "nats.ws";
import { type ErrorCode as Code, LatticeError, messageOf } from "../core/error.ts";

const REFUSALS: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
]);
const CODES: Readonly<Record<string, Code>> = {
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
  if (REFUSALS.has(thrown.code)) {
    const message = `the server refused the credentials: ${thrown.message.replaceAll("'", "")}`;
    return new LatticeError("denied", message, { cause: thrown });
  }
  return new LatticeError(CODES[thrown.code] ?? "disconnected", thrown.message, { cause: thrown });
}
