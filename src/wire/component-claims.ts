/**
 * The token that signs a component, in a custom section of it, and the bytes that it signs. Pure: nothing is checked here.
 *
 * Sections and order as in wasmCloud `crates/wascap/src/wasm.rs` @ v1.9.2: `wasmcloud_jwt` of the component itself, or
 * `jwt` wherever it stands; what is signed is the binary without any of them.
 */
import { concatBytes } from "./bytes.ts";
import { ComponentReader } from "./component-reader.ts";

export interface EmbeddedToken {
  readonly token: Uint8Array;
  /** The binary without its tokens, section by section, as the signer has seen it. */
  signed(): Uint8Array;
}

/** Components within components beyond which a binary is refused. */
const MAX_DEPTH = 100;

const PREAMBLE_BYTES = 8;
const CUSTOM = 0;
/** What stands in a component and is a binary itself; a core module has other sections of these numbers. */
const CORE_MODULE = 1;
const COMPONENT = 4;
const OWN_TOKEN = "wasmcloud_jwt";
const OLD_TOKEN = "jwt";

/** @throws {LatticeError} `bad-image` for damaged bytes. */
export function embeddedToken(bytes: Uint8Array): EmbeddedToken | undefined {
  const token = find(bytes, 0);
  return token && { token, signed: () => strip(bytes, 0) };
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
  /** What it is called and holds, if it is a custom section. */
  readonly custom: { readonly name: string; readonly data: Uint8Array } | undefined;
  /** Whether it is a component or a core module itself. */
  readonly nested: boolean;
}

function* sectionsOf(bytes: Uint8Array, depth: number): Iterable<Section> {
  const reader = new ComponentReader(bytes);
  if (depth > MAX_DEPTH) reader.fail(`components are nested deeper than ${MAX_DEPTH}`);
  const layer = reader.preamble();
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.take(reader.u32());
    const nested = layer === "component" && (id === CORE_MODULE || id === COMPONENT);
    yield { id, content, custom: id === CUSTOM ? customOf(content) : undefined, nested };
  }
}

function customOf(content: Uint8Array): Section["custom"] {
  const reader = new ComponentReader(content);
  const name = reader.name();
  return { name, data: content.subarray(reader.at) };
}

function find(bytes: Uint8Array, depth: number): Uint8Array | undefined {
  for (const { content, custom, nested } of sectionsOf(bytes, depth)) {
    if (custom?.name === OLD_TOKEN || (custom?.name === OWN_TOKEN && depth === 0)) {
      return custom.data;
    }
    const inner = nested ? find(content, depth + 1) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function strip(bytes: Uint8Array, depth: number): Uint8Array {
  const parts = [bytes.subarray(0, PREAMBLE_BYTES)];
  for (const { id, content, custom, nested } of sectionsOf(bytes, depth)) {
    if (custom?.name === OLD_TOKEN || custom?.name === OWN_TOKEN) continue;
    const kept = nested ? strip(content, depth + 1) : content;
    parts.push(Uint8Array.of(id, ...leb(kept.length)), kept);
  }
  return concatBytes(parts);
}

/** In the shortest form, as encoders write it. */
function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
}
