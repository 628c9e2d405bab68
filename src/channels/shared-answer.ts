/**
 * Answers to a worker that blocks: a value as bytes, through a buffer that both sides share.
 *
 * The worker sets `waiting` and sleeps; the other side writes a part of the bytes, says how long it is and whether more
 * follow, and wakes it. For more the worker asks by message, so that the writer never blocks.
 */
import type { ErrorCode } from "../core/error.ts";

import { LatticeError } from "../core/error.ts";

export interface SharedAnswer {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly data: Uint8Array<SharedArrayBuffer>;
}

export type Outcome =
  | { readonly tag: "done"; readonly value: unknown }
  | { readonly tag: "failed"; readonly code: ErrorCode; readonly message: string };

const TURN = 0;
const LENGTH = 1;
const MORE = 2;
const BLOCKED = 3;
const WORDS = 4;

const PART_BYTES = 256 * 1024;
/** Answers above this are refused: they would have to fit into a guest's memory twice. */
const MAX_BYTES = 128 * 1024 * 1024;

const READERS_TURN = 1;
const WRITERS_TURN = 0;

export function createSharedAnswer(partBytes: number = PART_BYTES): SharedAnswer {
  return {
    control: new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)),
    data: new Uint8Array(new SharedArrayBuffer(partBytes)),
  };
}

/** True while the worker sleeps by our leave: its silence is no sign of trouble. */
export function isBlocked({ control }: SharedAnswer): boolean {
  return Atomics.load(control, BLOCKED) === 1;
}

/** Sleeps until `untilMs` on the clock of `performance.now()`; for waits that nobody answers. */
export function sleep(shared: SharedAnswer, untilMs: number): void {
  const { control } = shared;
  Atomics.store(control, BLOCKED, 1);
  for (let left = untilMs - performance.now(); left > 0; left = untilMs - performance.now()) {
    // TURN only changes while an answer is awaited, so this always runs into its time-out.
    Atomics.wait(control, TURN, WRITERS_TURN, left);
  }
  Atomics.store(control, BLOCKED, 0);
}

/** Blocks until the whole answer is there. `ask` sends the question, `more` asks for the next part. */
export function awaitAnswer(shared: SharedAnswer, ask: () => void, more: () => void): Outcome {
  const { control, data } = shared;
  const parts: Uint8Array[] = [];
  Atomics.store(control, TURN, WRITERS_TURN);
  Atomics.store(control, BLOCKED, 1);
  try {
    ask();
    for (;;) {
      Atomics.wait(control, TURN, WRITERS_TURN);
      parts.push(data.slice(0, Atomics.load(control, LENGTH)));
      if (Atomics.load(control, MORE) === 0) break;
      Atomics.store(control, TURN, WRITERS_TURN);
      more();
    }
  } finally {
    Atomics.store(control, BLOCKED, 0);
    Atomics.store(control, TURN, WRITERS_TURN);
  }
  return decodeOutcome(join(parts));
}

/** The writing side of one worker's answers. */
export interface AnswerWriter {
  /** Writes the first part of `outcome`. */
  write(outcome: Outcome): void;
  next(): void;
}

export function createAnswerWriter(shared: SharedAnswer): AnswerWriter {
  const { control, data } = shared;
  let left = new Uint8Array();
  const next = (): void => {
    const part = left.subarray(0, data.length);
    left = left.subarray(part.length);
    data.set(part);
    Atomics.store(control, LENGTH, part.length);
    Atomics.store(control, MORE, left.length === 0 ? 0 : 1);
    Atomics.store(control, TURN, READERS_TURN);
    Atomics.notify(control, TURN);
  };
  return {
    next,
    write(outcome) {
      left = encodeOutcome(outcome);
      if (left.length > MAX_BYTES) {
        const message = `an answer of ${left.length} bytes is too large for a blocked guest, which takes ${MAX_BYTES}`;
        left = encodeOutcome({ tag: "failed", code: "too-large", message });
      }
      next();
    },
  };
}

/** What JSON has no form for, as `{ "$": […] }`. WIT names have no `$`, so nothing else looks like it. */
type Special =
  | readonly ["undefined"]
  | readonly ["bigint" | "number", string]
  | readonly ["array", kind: string, offset: number, byteLength: number];

/** The length of a JSON head, the head, and the bytes of all typed arrays. */
export function encodeOutcome(outcome: Outcome): Uint8Array<ArrayBuffer> {
  const arrays: Uint8Array[] = [];
  let offset = 0;
  const special = (...parts: Special): { readonly $: Special } => ({ $: parts });
  const replace = (_: string, value: unknown): unknown => {
    if (value === undefined) return special("undefined");
    if (typeof value === "bigint") return special("bigint", String(value));
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
      return special("number", Object.is(value, -0) ? "-0" : String(value));
    }
    if (!ArrayBuffer.isView(value)) return value;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    arrays.push(bytes);
    offset += bytes.length;
    return special("array", value.constructor.name, offset - bytes.length, bytes.length);
  };
  const head = new TextEncoder().encode(JSON.stringify(outcome, replace));
  const start = new Uint8Array(4);
  new DataView(start.buffer).setUint32(0, head.length, true);
  return join([start, head, ...arrays]);
}

export function decodeOutcome(bytes: Uint8Array): Outcome {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const tail = bytes.subarray(4 + headLength);
  const restore = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(restore);
    if ("$" in value) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only encodeOutcome writes `$`
      return fromSpecial(value.$ as Special, tail);
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, restore(part)]));
  };
  const head: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- encodeOutcome wrote it
  return restore(head) as Outcome;
}

function fromSpecial(special: Special, tail: Uint8Array): unknown {
  switch (special[0]) {
    case "undefined":
      return undefined;
    case "bigint":
      return BigInt(special[1]);
    case "number":
      return Number(special[1]);
    case "array": {
      const [, kind, offset, length] = special;
      const make = ARRAYS[kind];
      if (make === undefined) throw new LatticeError("internal", `no array type "${kind}"`);
      return make(tail.slice(offset, offset + length).buffer);
    }
  }
}

const ARRAYS: Readonly<Record<string, (buffer: ArrayBuffer) => ArrayBufferView>> = {
  Uint8Array: (buffer) => new Uint8Array(buffer),
  Int8Array: (buffer) => new Int8Array(buffer),
  Uint16Array: (buffer) => new Uint16Array(buffer),
  Int16Array: (buffer) => new Int16Array(buffer),
  Uint32Array: (buffer) => new Uint32Array(buffer),
  Int32Array: (buffer) => new Int32Array(buffer),
  BigUint64Array: (buffer) => new BigUint64Array(buffer),
  BigInt64Array: (buffer) => new BigInt64Array(buffer),
  Float32Array: (buffer) => new Float32Array(buffer),
  Float64Array: (buffer) => new Float64Array(buffer),
};

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
