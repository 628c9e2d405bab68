/**
 * W3C trace context from a call to those that it makes: the same trace, a span of its own
 * (https://www.w3.org/TR/trace-context/).
 */

type Trace = ReadonlyMap<string, string>;

const NONE: Trace = new Map();

/** Longest `tracestate` that is passed on, in characters. */
const MOST_STATE = 512;

/**
 * The headers of a call that is made during a call with the headers `trace`. Where that has no valid `traceparent` there
 * are none: whether to begin a trace is left to those who collect them.
 */
export function childTrace(trace: Trace): Trace {
  const parent = trace.get("traceparent");
  if (parent === undefined) return NONE;
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(parent);
  if (match === null) return NONE;
  const [, traceId = "", spanId = "", flags = ""] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return NONE;
  const child = new Map([["traceparent", `00-${traceId}-${newSpanId()}-${flags}`]]);
  const state = trace.get("tracestate");
  if (state !== undefined && state.length <= MOST_STATE) child.set("tracestate", state);
  return child;
}

function newSpanId(): string {
  const [one = 0, other = 0] = crypto.getRandomValues(new Uint32Array(2));
  // A span id is not all zeros.
  return hex(one === 0 ? 1 : one) + hex(other);
}

const hex = (word: number): string => word.toString(16).padStart(8, "0");
