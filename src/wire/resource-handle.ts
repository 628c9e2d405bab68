/**
 * The bytes of handles that Inlay nodes give out for resources of their components, by which others find where these live.
 *
 * wRPC leaves both open: a handle is a `list<u8>` which only its maker reads (bytecodealliance/wrpc `SPEC.md`), and the
 * drop of one has no name on the wire. A handle is five bytes that tell ours from others, 16 that say where the
 * resource lives, and 16 random ones, without which nobody can use it.
 */
export interface ResourceHandle {
  /** 32 hex digits: one run of one component in one node. */
  readonly place: string;
  /** 32 hex digits that nobody guesses. */
  readonly id: string;
}

/** `\0inl` and the version of this form: no text that others use for handles begins so. */
const MAGIC = Uint8Array.of(0x00, 0x69, 0x6e, 0x6c, 0x01);
const ID_BYTES = 16;
/** All handles are as long. */
export const HANDLE_BYTES = 37;

export function writeHandle({ place, id }: ResourceHandle): Uint8Array {
  const bytes = new Uint8Array(HANDLE_BYTES);
  bytes.set(MAGIC);
  for (const [index, pair] of (`${place}${id}`.match(/../g) ?? []).entries()) {
    bytes[MAGIC.length + index] = Number.parseInt(pair, 16);
  }
  return bytes;
}

/** `undefined` for what no Inlay node has made. */
export function readHandle(bytes: unknown): ResourceHandle | undefined {
  if (!isResourceHandle(bytes)) return undefined;
  const place = MAGIC.length + ID_BYTES;
  return { place: hexOf(bytes.subarray(MAGIC.length, place)), id: hexOf(bytes.subarray(place)) };
}

export function isResourceHandle(bytes: unknown): bytes is Uint8Array {
  return (
    bytes instanceof Uint8Array &&
    bytes.length === HANDLE_BYTES &&
    MAGIC.every((byte, index) => bytes[index] === byte)
  );
}

/** 128 random bits as a place, an id or a session has them. */
export function randomId(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

/** True for what {@link randomId} could have given. */
export function isRandomId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
