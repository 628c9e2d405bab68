/** An interface with all that WIT has, and a program that serves it: for tests of served functions and typed clients. */
import { ComponentError } from "../../src/core/component-error.ts";
import type { ServedCall } from "../../src/typed/serve.ts";

export const SHOP_WIT = `
package demo:shop@0.1.0;

interface types {
  type sku = u64;
  enum color { red, dark-green }
  flags perms { can-read, can-write }
  record item {
    sku: sku,
    item-name: string,
    color: color,
    size: option<u8>,
    picture: list<u8>,
  }
  variant problem { sold-out, too-many(u32), other(string) }
}

interface shop {
  use types.{item, color, perms, problem};

  /// Keeps items under names.
  resource shelf {
    constructor(name: string);
    add: func(item: item) -> result<u32, problem>;
    items: func() -> list<item>;
    label: func() -> string;
    open: static func(name: string) -> result<shelf, problem>;
    merge: static func(first: shelf, second: borrow<shelf>) -> shelf;
  }

  echo: func(item: item, perms: perms, nested: option<option<string>>, tuple: tuple<u8, s64, char>)
    -> tuple<item, perms, option<option<string>>, tuple<u8, s64, char>>;
  price: func(color: color, count: u32) -> result<f64, problem>;
  parse: func(text: string) -> result<u32, string>;
  check: func(ok: bool) -> result;
  many: func() -> list<result<u8, string>>;
  numbers: func(values: list<u32>) -> list<u64>;
  note: func(text: string);
  notes: func() -> list<string>;
  who-calls: func() -> string;
  upper: func(texts: stream<string>) -> stream<string>;
  sum: func(bytes: stream<u8>) -> future<u32>;
  bytes: func(count: u32, size: u32) -> stream<u8>;
  later: func(value: future<u32>) -> future<result<u32, string>>;
  never: func() -> u32;
  shelves: func(names: list<string>) -> stream<shelf>;
}
`;

export const SHOP = "demo:shop/shop";

export interface Item {
  readonly sku: bigint;
  readonly itemName: string;
  readonly color: string;
  readonly size?: number | undefined;
  readonly picture: Uint8Array;
}

export const ITEM: Item = {
  sku: 18_446_744_073_709_551_615n,
  itemName: "Käse",
  color: "dark-green",
  size: undefined,
  picture: Uint8Array.of(1, 2, 3),
};

/** What happened to the program. */
export interface ShopRecord {
  readonly notes: string[];
  readonly ended: string[];
  /** Streams that were given up, and calls whose signals aborted. */
  readonly aborted: string[];
  readonly calls: ServedCall[];
}

export function shop() {
  const record: ShopRecord = { notes: [], ended: [], aborted: [], calls: [] };
  class Shelf {
    readonly name: string;
    readonly stock: Item[] = [];
    constructor(name: string) {
      this.name = name;
    }
    static async open(name: string): Promise<Shelf> {
      if (name === "") throw new ComponentError({ tag: "other", val: "no name" });
      return new Shelf(name);
    }
    static merge(first: Shelf, second: Shelf): Shelf {
      const merged = new Shelf(`${first.name} and ${second.name}`);
      merged.stock.push(...first.stock, ...second.stock);
      return merged;
    }
    add(item: Item): number {
      if (this.stock.length === 2) throw { tag: "too-many", val: 2 };
      return this.stock.push(item);
    }
    items(): readonly Item[] {
      return this.stock;
    }
    async label(): Promise<string> {
      return this.name;
    }
    [Symbol.dispose](): void {
      record.ended.push(this.name);
    }
  }
  const program = {
    Shelf,
    echo: (...args: unknown[]) => args.slice(0, 4),
    price(color: string, count: number): number {
      if (color === "red") throw new ComponentError({ tag: "sold-out" });
      if (count > 10) throw { payload: { tag: "too-many", val: 10 } };
      if (count === 0) throw new RangeError("nothing costs nothing");
      return count * 1.5;
    },
    parse(text: string): number {
      const found = Number.parseInt(text, 10);
      if (Number.isNaN(found)) throw new TypeError(`"${text}" is no number`);
      return found;
    },
    check(ok: boolean): void {
      if (!ok) throw undefined;
    },
    many: () => [
      { tag: "ok", val: 7 },
      { tag: "err", val: "no" },
    ],
    numbers: (values: Uint32Array) => Array.from(values, BigInt),
    async note(text: string): Promise<void> {
      record.notes.push(text);
    },
    notes: () => record.notes,
    whoCalls(call: ServedCall): string {
      record.calls.push(call);
      return `${call.caller ?? "nobody"} by ${call.linkName}`;
    },
    async *upper(texts: AsyncIterable<string>) {
      for await (const text of texts) yield text.toUpperCase();
    },
    async sum(bytes: AsyncIterable<Uint8Array>): Promise<number> {
      let sum = 0;
      for await (const chunk of bytes) for (const byte of chunk) sum += byte;
      return sum;
    },
    async *bytes(count: number, size: number) {
      try {
        for (let n = 0; n < count; n++) yield new Uint8Array(size).fill(n);
      } finally {
        record.ended.push("bytes");
      }
    },
    later: async (value: Promise<number>) => ({ tag: "ok", val: (await value) + 1 }),
    never: ({ signal }: ServedCall) =>
      new Promise<number>(() => {
        record.notes.push("begun");
        signal.addEventListener("abort", () => record.aborted.push("never"), { once: true });
      }),
    *shelves(names: readonly string[]) {
      for (const name of names) yield new Shelf(name);
    },
  };
  return { record, program, Shelf };
}
