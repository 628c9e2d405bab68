/** `wasi:http/types.fields`: headers and trailers. Names keep their order and case, and are found in any case. */
import type { Holder } from "./resource.ts";
import type { Result } from "./results.ts";

import { isFieldValue, isForbidden, isToken } from "./http-syntax.ts";
import { Resource, trap } from "./resource.ts";
import { err, OK, ok } from "./results.ts";

export type Entry = readonly [name: string, value: Uint8Array];

export type HeaderError = {
  readonly tag: "invalid-syntax" | "forbidden" | "immutable";
};

/**
 * Most bytes of names and values that one object takes: they lie outside of the guest's memory and its limit. The
 * default of wasmtime.
 */
const MAX_FIELDS_BYTES = 128 * 1024;

export class Fields extends Resource {
  #entries: readonly Entry[];
  readonly #mutable: boolean;

  /** Fields with a parent show what it has and cannot be changed. */
  constructor(holder: Holder, entries: readonly Entry[] = [], parent?: Resource) {
    super(holder, parent);
    this.#entries = entries;
    this.#mutable = parent === undefined;
  }

  /** The static function, for one guest. */
  static fromList(holder: Holder, entries: readonly Entry[]): Result<Fields, HeaderError> {
    for (const [name, value] of entries) {
      const wrong = wrongName(name) ?? wrongValues([value]);
      if (wrong !== undefined) return wrong;
    }
    const fields = new Fields(holder);
    fields.#replace(entries);
    return ok(fields);
  }

  /** What it holds, for those who take it over. */
  static entriesOf(fields: Fields): readonly Entry[] {
    return fields.#entries;
  }

  get(name: string): readonly Uint8Array[] {
    return valuesOf(this.#entries, name);
  }

  has(name: string): boolean {
    return this.#entries.some(named(name));
  }

  set(name: string, values: readonly Uint8Array[]): Result<undefined, HeaderError> {
    return (
      wrongName(name) ??
      wrongValues(values) ??
      this.#change((entries) => [
        ...entries.filter((entry) => !named(name)(entry)),
        ...values.map((value): Entry => [name, value]),
      ])
    );
  }

  delete(name: string): Result<undefined, HeaderError> {
    return wrongName(name) ?? this.#change((all) => all.filter((entry) => !named(name)(entry)));
  }

  append(name: string, value: Uint8Array): Result<undefined, HeaderError> {
    return (
      wrongName(name) ?? wrongValues([value]) ?? this.#change((all) => [...all, [name, value]])
    );
  }

  entries(): readonly Entry[] {
    return this.#entries;
  }

  clone(): Fields {
    return new Fields(this.holder, this.#entries);
  }

  #change(change: (entries: readonly Entry[]) => readonly Entry[]): Result<undefined, HeaderError> {
    if (!this.#mutable) return err({ tag: "immutable" });
    this.#replace(change(this.#entries));
    return OK;
  }

  #replace(entries: readonly Entry[]): void {
    const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    if (bytes > MAX_FIELDS_BYTES) {
      trap(this.holder, `its fields have ${bytes} bytes; ${MAX_FIELDS_BYTES} are the most`);
    }
    this.#entries = entries;
  }
}

export function valuesOf(entries: readonly Entry[], name: string): readonly Uint8Array[] {
  return entries.filter(named(name)).map(([, value]) => value);
}

function named(name: string): (entry: Entry) => boolean {
  const lower = name.toLowerCase();
  return ([other]) => other.toLowerCase() === lower;
}

function wrongName(name: string): Result<never, HeaderError> | undefined {
  if (!isToken(name)) return err({ tag: "invalid-syntax" });
  return isForbidden(name) ? err({ tag: "forbidden" }) : undefined;
}

function wrongValues(values: readonly Uint8Array[]): Result<never, HeaderError> | undefined {
  return values.every(isFieldValue) ? undefined : err({ tag: "invalid-syntax" });
}
