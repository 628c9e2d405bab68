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

export const disconnected = (reason: string): LatticeError =>
  new LatticeError("disconnected", `the connection to the lattice is down: ${reason}`);

export const closed = (): LatticeError => new LatticeError("closed", "the bus was closed");

export const tooLarge = (size: number, limit: number, subject: string): LatticeError =>
  new LatticeError(
    "too-large",
    `message of ${size} bytes to "${subject}" is above the server's limit of ${limit}`,
  );

export const denied = (what: string, subject: string): LatticeError =>
  new LatticeError("denied", `the server refused to let this connection ${what} "${subject}"`);
