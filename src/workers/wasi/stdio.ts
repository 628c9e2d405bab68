/**
 * Standard input and output of one instance. While it carries out an operation as 0.82 has them for components, that is the
 * argument and the result; otherwise there is nothing to read, and what is printed goes to the log.
 */
import type { Holder } from "./resource.ts";

import { trap } from "./resource.ts";

export interface Stdio {
  /** As `wasi:cli/environment` gives them. */
  readonly arguments: readonly string[];
  /** What is next of the argument, at most `maxBytes` of it; `undefined` at its end. */
  read(maxBytes: number): Uint8Array | undefined;
  /** Takes a part of the result over; false if nobody waits for one. Traps when it would be too long. */
  write(bytes: Uint8Array): boolean;
  /** An operation begins. */
  begin(args: readonly string[], argument: Uint8Array): void;
  /** It has ended, with this result. */
  end(): Uint8Array;
}

const EMPTY = new Uint8Array(0);

export function createStdio(holder: Holder, maxBytes: number): Stdio {
  let args: readonly string[] = [];
  let rest: Uint8Array = EMPTY;
  let written: Uint8Array[] | undefined;
  let length = 0;
  return {
    get arguments() {
      return args;
    },
    read(most) {
      if (rest.length === 0) return undefined;
      const part = rest.subarray(0, most);
      rest = rest.subarray(part.length);
      return part;
    },
    write(bytes) {
      if (written === undefined) return false;
      length += bytes.length;
      if (length > maxBytes) trap(holder, `it wrote more than ${maxBytes} bytes to its output`);
      written.push(bytes);
      return true;
    },
    begin(given, argument) {
      args = given;
      rest = argument;
      written = [];
      length = 0;
    },
    end() {
      const result = new Uint8Array(length);
      let at = 0;
      for (const part of written ?? []) {
        result.set(part, at);
        at += part.length;
      }
      args = [];
      rest = EMPTY;
      written = undefined;
      return result;
    },
  };
}
