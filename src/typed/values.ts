/**
 * Values between a program and the node: checked against their WIT types in both directions, with streams, futures and
 * resources in the forms that programs have them in. All else is in jco's mapping on both sides (`core/wit.ts`).
 */
import type { WitType, WitValue } from "../core/wit.ts";
import type { Handle } from "../wire/type-parts.ts";

import { LatticeError } from "../core/error.ts";
import { copyValue } from "../wire/value-copy.ts";
import { Misfit } from "../wire/value-encode-primitives.ts";
import { hasParts, mapParts } from "../wire/value-parts.ts";
import { canStream, fromWitStream, toWitStream } from "./streams.ts";

/** What stands for a handle on the other side; throws {@link Misfit} for what can be none. */
export type ConvertHandle = (type: Handle, value: WitValue) => WitValue;

/**
 * `value` of the program for the node. `name`, which begins the path in messages, tells what it is. `failed` hears why a stream
 * or a future in it broke off.
 *
 * What is no promise is taken for a future whose value is known: a promise of one is the same as its value in JavaScript.
 *
 * @throws {LatticeError} `bad-input` for what is not of the type, with its path, what was met and what was wanted.
 */
export function toNode(
  type: WitType,
  value: WitValue,
  name: string,
  handle: ConvertHandle,
  failed: (cause: unknown) => void = () => undefined,
): WitValue {
  const convert = (of: WitType, part: WitValue, path: string): WitValue => {
    switch (of.kind) {
      case "own":
      case "borrow":
        return placed(path, () => handle(of, part));
      case "stream": {
        if (!canStream(part)) throw misfit(path, streamWanted(of.element), part);
        const item = (each: WitValue, step: string): WitValue =>
          element(of.element, each, path + step);
        return toWitStream(of.element, part, item, failed);
      }
      case "future": {
        const later = Promise.resolve(part).then((settled: unknown) =>
          element(of.element, settled, path),
        );
        later.catch(failed);
        return later;
      }
      default:
        return hasParts(of)
          ? mapParts(of, part, (next, inner, step) => convert(next, inner, path + step))
          : part;
    }
  };
  /** Of a stream or future, checked by itself: its turn comes when the rest has been sent. */
  const element = (of: WitType | undefined, item: WitValue, path: string): WitValue =>
    of === undefined ? undefined : copyValue(of, convert(of, item, path), path);
  return copyValue(type, convert(type, value, name), name);
}

/** `value` of the node for the program. Throws as {@link toNode}. */
export function fromNode(
  type: WitType,
  value: WitValue,
  name: string,
  handle: ConvertHandle,
): WitValue {
  const convert = (of: WitType, part: WitValue, path: string): WitValue => {
    switch (of.kind) {
      case "own":
      case "borrow":
        return placed(path, () => handle(of, part));
      case "stream": {
        const { element: inner } = of;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was checked as a whole
        return fromWitStream(inner, part as ReadableStream, (item, step) =>
          inner === undefined ? undefined : convert(inner, item, path + step),
        );
      }
      case "future": {
        const { element: inner } = of;
        const later = Promise.resolve(part).then((settled) =>
          inner === undefined ? undefined : convert(inner, settled, path),
        );
        later.catch(() => undefined); // heard by whoever awaits it; nobody has to
        return later;
      }
      default:
        return hasParts(of)
          ? mapParts(of, part, (next, inner, step) => convert(next, inner, path + step))
          : part;
    }
  };
  return convert(type, copyValue(type, value, name), name);
}

/** What to do with a stream of `element`, in words. */
function streamWanted(element: WitType | undefined): string {
  const of = element?.kind === "u8" ? "of Uint8Arrays" : "of single values";
  return `stream (a ReadableStream or an iterable ${of})`;
}

function placed<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new LatticeError("bad-input", `${path}: ${error.message}`);
  }
}

function misfit(path: string, wanted: string, met: unknown): LatticeError {
  return new LatticeError("bad-input", `${path}: ${new Misfit(wanted, met).message}`);
}
