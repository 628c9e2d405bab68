/** The one shape that message ports, workers and worker scopes have in common, and how values are handed over by it. */

/** A `MessagePort`, a `Worker` or a `DedicatedWorkerGlobalScope`. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(
    type: string,
    listener: (event: MessageEvent<unknown>) => void,
    options?: { readonly signal?: AbortSignal },
  ): void;
  /** Message ports hold messages back until this; the others have no such method. */
  start?(): void;
}

/** Buffers below this size are copied: a transfer costs more than the copy. */
export const TRANSFER_MIN_BYTES: number = 32 * 1024;

/** An argument or result whose buffers move to the other side and are gone from this one. */
export class Transferring<T> {
  readonly value: T;
  readonly buffers: readonly Transferable[];

  constructor(value: T, buffers: readonly Transferable[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

/**
 * Marks `value` so that `remote()` and `answer()` transfer `buffers` with it. Typed as the value itself, because that
 * is what the other side sees.
 */
export function transferring<T>(value: T, buffers: readonly Transferable[]): T {
  if (buffers.length === 0) return value;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the channel unwraps it before anybody looks
  return new Transferring(value, buffers) as unknown as T;
}

/** The buffers of all byte arrays in `value` that are worth a transfer. Only for values that nobody else holds. */
export function bigBuffers(value: unknown, found: ArrayBuffer[] = []): ArrayBuffer[] {
  if (typeof value !== "object" || value === null) return found;
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= TRANSFER_MIN_BYTES) {
      if (!found.includes(buffer)) found.push(buffer);
    }
    return found;
  }
  for (const part of Array.isArray(value) ? value : Object.values(value)) bigBuffers(part, found);
  return found;
}

/**
 * `value` with its byte arrays cut down to what they show: a structured clone copies the whole buffer behind a view,
 * and arguments are often views of a large network message. Gives the very same value if nothing is to be cut.
 */
export function compact(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return value.byteLength === value.buffer.byteLength ? value : value.slice();
  }
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return compactList(value);
  let copy: Record<string, unknown> | undefined;
  for (const [key, part] of Object.entries(value)) {
    const small = compact(part);
    if (small === part) continue;
    copy ??= { ...value };
    copy[key] = small;
  }
  return copy ?? value;
}

function compactList(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, part] of list.entries()) {
    const small = compact(part);
    if (small === part) continue;
    copy ??= list.slice();
    copy[index] = small;
  }
  return copy ?? list;
}
