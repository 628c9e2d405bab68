/**
 * Values whose streams and futures are whole, for callers that have neither: pages, whose values cross workers by copy, and
 * people, who write values as text. A `stream<T>` is a `list<T>` there, a `future<T>` a `T`.
 */
import { LatticeError } from "../core/error.ts";
import type { FuncType, WitType, WitValue } from "../core/wit.ts";
import { concatBytes } from "./bytes.ts";
import { mapParts } from "./value-parts.ts";
import { finishedStream } from "./value-streams.ts";
import { defers, listOf } from "./value-types.ts";

/** `value` with streams and promises in the places of their contents; what is one already stays as it is. */
export function asFlowing(type: WitType, value: WitValue): WitValue {
  if (!defers(type)) return value;
  switch (type.kind) {
    case "stream":
      if (value instanceof ReadableStream) return value;
      return finishedStream(type.element === undefined ? value : listed(type.element, value));
    case "future":
      if (value instanceof Promise) return value;
      return Promise.resolve(type.element && asFlowing(type.element, value));
    default:
      return mapParts(type, value, asFlowing);
  }
}

/** As {@link asFlowing}, for the arguments of a function. */
export const flowingArgs = ({ params }: FuncType, args: readonly WitValue[]): readonly WitValue[] =>
  args.map((value, index) => {
    const type = params[index]?.type;
    return type === undefined ? value : asFlowing(type, value);
  });

const listed = (element: WitType, value: WitValue): WitValue =>
  mapParts({ kind: "list", element }, value, asFlowing);

/**
 * `value` with the contents of its streams and futures in their places, when all have ended.
 *
 * @throws {LatticeError} `too-large` above 64 MiB of bytes, or a million other elements, in one stream; else the failure
 * of what broke off.
 */
export async function asWhole(type: WitType, value: WitValue): Promise<WitValue> {
  if (!defers(type)) return value;
  if (type.kind === "future") {
    const settled: unknown = await value;
    return type.element && asWhole(type.element, settled);
  }
  if (type.kind === "stream") {
    if (!(value instanceof ReadableStream)) return value;
    const contents = await contentsOf(type.element, value);
    if (type.element === undefined) return contents;
    return asWhole({ kind: "list", element: type.element }, contents);
  }
  const parts: Promise<WitValue>[] = [];
  mapParts(type, value, (part, inner) => parts.push(asWhole(part, inner)));
  const whole = await Promise.all(parts);
  let next = 0;
  return mapParts(type, value, () => whole[next++]);
}

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_ELEMENTS = 1_000_000;

/** The elements of a stream as a list; their number, where they have no type. */
async function contentsOf(
  element: WitType | undefined,
  stream: ReadableStream<unknown>,
): Promise<WitValue> {
  const most = element?.kind === "u8" ? MOST_BYTES : MOST_ELEMENTS;
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  const parts: unknown[] = [];
  let count = 0;
  // oxlint-disable-next-line no-await-in-loop -- chunks come one after the other
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { value } = next;
    if (value instanceof Uint8Array) chunks.push(value);
    else if (Array.isArray(value)) for (const part of value) parts.push(part);
    count = parts.length + chunks.reduce((sum, { length }) => sum + length, 0);
    if (count <= most) continue;
    const error = new LatticeError("too-large", `a stream has more than ${most} elements`);
    // oxlint-disable-next-line no-await-in-loop -- the last round
    await reader.cancel(error);
    throw error;
  }
  if (element === undefined) return count;
  return element.kind === "u8" && parts.length === 0 ? concatBytes(chunks) : listOf(element, parts);
}
