/** The `err` of a WIT `result` where it is thrown, as jco's mapping has it. */

/**
 * Thrown by a function of a typed client whose WIT `result` is an `err`, and thrown by a served function to give one:
 * `payload` is the value. It says nothing of the machinery, whose failures are `LatticeError`s.
 */
export class ComponentError<T = unknown> extends Error {
  override readonly name: string = "ComponentError";
  readonly payload: T;

  constructor(payload: T) {
    super(typeof payload === "string" ? payload : `${textOf(payload)} (see error.payload)`);
    this.payload = payload;
  }
}

/** `no-such-key` of a variant or an enum, the value itself where it is plain. */
function textOf(payload: unknown): string {
  if (typeof payload !== "object" || payload === null) return String(payload);
  return "tag" in payload ? String(payload.tag) : "an error";
}
