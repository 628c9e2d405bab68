/**
 * The token within a signed module or component, and the hash of all else in it
 * (wasmCloud v0.82.0 `crates/wascap/src/wasm.rs`).
 *
 * The hash is that of the module rebuilt without its tokens, with the length of each section in its shortest form, and
 * with what is nested in a component rebuilt in the same way.
 */
import { LatticeError } from "../core/error.ts";

export interface ModuleClaims {
  /** The token; absent from a module that nobody has signed. */
  readonly token: string | undefined;
  /** What the signer has hashed. */
  readonly hashed: Uint8Array;
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const CUSTOM = 0;
/** Sections of a component that are whole modules and components. */
const NESTED: ReadonlySet<number> = new Set([1, 4]);
/** Of signers since 0.9, at the top only; of earlier ones, also within what is nested. */
const CURRENT = "wasmcloud_jwt";
const LEGACY = "jwt";
/** Components within components; tools make two or three levels. */
const MAX_DEPTH = 32;

/** @throws {LatticeError} `bad-image` for what is no sequence of sections. */
export function readModuleClaims(wasm: Uint8Array): ModuleClaims {
  const found: string[] = [];
  const parts: Uint8Array[] = [];
  strip(wasm, 0, parts, found);
  return { token: found[0], hashed: joined(parts) };
}

/** Pushes what stays of `wasm` to `parts`, and tokens to `found`. */
function strip(wasm: Uint8Array, depth: number, parts: Uint8Array[], found: string[]): void {
  if (depth > MAX_DEPTH) throw malformed(`components within components, ${MAX_DEPTH} deep`);
  if (wasm.length < 8 || MAGIC.some((byte, at) => wasm[at] !== byte)) {
    throw malformed("it does not begin as WebAssembly does");
  }
  const component = wasm[6] === 1;
  parts.push(wasm.subarray(0, 8));
  for (let at = 8; at < wasm.length;) {
    const id = wasm[at] ?? 0;
    const { value: size, next } = readLength(wasm, at + 1);
    const end = next + size;
    if (end > wasm.length) throw malformed("a section ends behind the file");
    const body = wasm.subarray(next, end);
    at = end;
    if (id === CUSTOM) {
      const token = tokenIn(body, depth);
      if (token !== undefined) {
        found.push(token);
        continue;
      }
    }
    if (component && NESTED.has(id)) {
      const inner: Uint8Array[] = [];
      strip(body, depth + 1, inner, found);
      const length = inner.reduce((sum, each) => sum + each.length, 0);
      parts.push(Uint8Array.of(id, ...shortest(length)), ...inner);
    } else {
      parts.push(Uint8Array.of(id, ...shortest(size)), body);
    }
  }
}

function tokenIn(body: Uint8Array, depth: number): string | undefined {
  const { value: length, next } = readLength(body, 0);
  const name = utf8(body.subarray(next, next + length));
  const isToken = name === LEGACY || (name === CURRENT && depth === 0);
  return isToken ? (utf8(body.subarray(next + length)) ?? "") : undefined;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function readLength(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) throw malformed("it ends within a length");
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
  throw malformed("a length has more than five bytes");
}

/** Unsigned LEB128 without padding. */
function shortest(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function malformed(why: string): LatticeError {
  return new LatticeError("bad-image", `no WebAssembly: ${why}`);
}
