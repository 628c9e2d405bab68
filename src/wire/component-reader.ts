/**
 * A cursor over the bytes of a WebAssembly binary, component or core module.
 *
 * Whatever the bytes are, it ends in a value or in a {@link LatticeError} `bad-image` that names the byte.
 */
import { LatticeError } from "../core/error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the first eight bytes say. */
export type Layer = "component" | "module";

/** First bytes of files that people hand over by mistake. */
const LOOK_ALIKES: readonly (readonly [looksLike: string, start: readonly number[]])[] = [
  ["gzip?", [0x1f, 0x8b]],
  ["zip?", [0x50, 0x4b]],
  ["ELF?", [0x7f, 0x45, 0x4c, 0x46]],
];

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** Of the component model before 1.0: design/mvp/Binary.md, "Component Definitions". */
const COMPONENT_VERSION = 0x0d;

export class ComponentReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.end = end;
    this.#at = start;
  }

  /** The byte that is read next. */
  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.end;
  }

  fail(message: string): never {
    throw new LatticeError("bad-image", message);
  }

  byte(): number {
    const byte = this.#at < this.end ? this.bytes[this.#at] : undefined;
    if (byte === undefined) return this.#failAtEnd();
    this.#at += 1;
    return byte;
  }

  /** The next byte, which is read again. */
  peek(): number {
    const byte = this.byte();
    this.#at -= 1;
    return byte;
  }

  u32(): number {
    const start = this.#at;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    return this.fail(`the number at byte ${start} runs past 32 bits`);
  }

  /** Signed LEB128 of 33 bits: an index if not negative, else the code of a type. */
  s33(): number {
    const start = this.#at;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (7 * (i + 1));
    }
    return this.fail(`the number at byte ${start} runs past 33 bits`);
  }

  name(): string {
    const start = this.#at;
    const text = this.take(this.u32());
    try {
      return utf8.decode(text);
    } catch (cause) {
      throw new LatticeError("bad-image", `the name at byte ${start} is not UTF-8`, { cause });
    }
  }

  /** The next `length` bytes, without a copy. */
  take(length: number): Uint8Array {
    const start = this.#at;
    this.skip(length);
    return this.bytes.subarray(start, this.#at);
  }

  skip(length: number): void {
    if (length > this.end - this.#at) this.#failAtEnd();
    this.#at += length;
  }

  /** A reader of the next `length` bytes, which this one passes over. */
  within(length: number): ComponentReader {
    const start = this.#at;
    this.skip(length);
    return new ComponentReader(this.bytes, start, this.#at);
  }

  list<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.u32(); left > 0; left--) items.push(read());
    return items;
  }

  optional<T>(read: () => T): T | undefined {
    const start = this.#at;
    const flag = this.byte();
    if (flag > 1) this.fail(`byte ${start} is ${hex(flag)}, and must be 00 or 01`);
    return flag === 1 ? read() : undefined;
  }

  /** Passes over magic, version and layer. */
  preamble(): Layer {
    const start = this.#at;
    const head = this.bytes.subarray(start, Math.min(start + 8, this.end));
    if (head.length === 0) this.fail("these bytes are no WebAssembly: there are none");
    if (MAGIC.some((byte, i) => i < head.length && head[i] !== byte)) {
      this.fail(`these bytes are no WebAssembly: they start with ${describeStart(head)}`);
    }
    this.take(4);
    const version = this.byte() + 256 * this.byte();
    const layer = this.byte() + 256 * this.byte();
    if (version === 1 && layer === 0) return "module";
    if (version === COMPONENT_VERSION && layer === 1) return "component";
    return this.fail(
      `this WebAssembly has version ${version} of layer ${layer}; known are components of version ${COMPONENT_VERSION} and core modules of version 1`,
    );
  }

  #failAtEnd(): never {
    if (this.end === this.bytes.length) {
      return this.fail(`the WebAssembly binary is truncated at byte ${this.end}`);
    }
    return this.fail(`the section that ends at byte ${this.end} ends inside a definition`);
  }
}

/** `7f`: a byte as people look it up. */
export function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function describeStart(head: Uint8Array): string {
  const start = head.subarray(0, 4);
  const bytes = Array.from(start, hex).join(" ");
  const known = LOOK_ALIKES.find(([, magic]) => magic.every((byte, i) => start[i] === byte));
  if (known !== undefined) return `${bytes} (${known[0]})`;
  return start.every(isText) ? `${bytes} (text?)` : bytes;
}

function isText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
