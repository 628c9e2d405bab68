/**
 * The one error class of the machinery and its closed set of codes.
 *
 * A WIT `err` is not an error of this kind: it is a value, and travels as one.
 */

/** What went wrong, for code to branch on. */
export type ErrorCode =
  /** Bytes, JSON or WIT text that do not have the form they must have. */
  | "bad-message"
  /** An argument or option of a caller that cannot be used. */
  | "bad-input"
  /** Bytes that are not a component, or a component that cannot be prepared. */
  | "bad-image"
  /** An image that could not be fetched. */
  | "image-unavailable"
  /** An image above the size cap. */
  | "image-too-large"
  /** Bytes whose SHA-256 is not the pinned one. */
  | "digest-mismatch"
  /** A component that imports what this host does not offer. */
  | "import-unmet"
  /** A component that calls an import for which the lattice has no link. */
  | "link-missing"
  /** Something that is understood and not offered here. */
  | "unsupported"
  /** Credentials or permissions that were refused. */
  | "denied"
  /** Nobody serves what was called. */
  | "not-served"
  /** No server of the list could be reached. */
  | "no-servers"
  /** The connection is down at the moment. */
  | "disconnected"
  /** A payload above what the server takes. */
  | "too-large"
  /** A peer ended before its value was complete. */
  | "incomplete"
  /** A wait ran past its deadline. */
  | "deadline"
  /** The caller gave up. */
  | "aborted"
  /** The thing was ended while it was in use. */
  | "closed"
  /** The guest trapped. */
  | "guest-trapped"
  /** A worker that no longer answers, or died. */
  | "worker-lost"
  /** More calls than may run and wait. */
  | "overloaded"
  /** A handle whose resource has ended: it was dropped, nobody used it for long, or its instance or node is not there any more. */
  | "gone"
  /** Nothing of that name is here. */
  | "not-found"
  /** The name is taken. */
  | "conflict"
  /** The types of a function to call are not known. */
  | "types-unknown"
  /** The page lacks what only secure contexts have. */
  | "insecure-context"
  /** A defect of this program. */
  | "internal";

/** Thrown when the machinery fails. Branch on `code`: it survives worker boundaries, `instanceof` does not. */
export class LatticeError extends Error {
  override readonly name = "LatticeError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `cause` as a LatticeError: itself if it is one (also one from another realm), else wrapped under `code`. */
export function asLatticeError(cause: unknown, code: ErrorCode = "internal"): LatticeError {
  if (cause instanceof LatticeError) return cause;
  return new LatticeError(code, messageOf(cause), { cause });
}

/** The text of anything thrown, without those of its causes. */
export function ownMessageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message === "" ? thrown.name : thrown.message;
}

/** The text of anything thrown, with the texts of its causes, joined by `: `. */
export function messageOf(thrown: unknown): string {
  const own = ownMessageOf(thrown);
  if (!(thrown instanceof Error) || thrown.cause === undefined) return own;
  const cause = messageOf(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}
