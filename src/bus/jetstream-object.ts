/** How an object lies in a stream: subjects, and the entry that describes it (ADR-20; nats.go v1.31 `object.go`). Pure. */
import { LatticeError } from "../core/error.ts";
import { digest } from "../core/ids.ts";
import type { ObjectInfo } from "../core/objects.ts";
import { fieldOf, numberOf, parseJson, textOf, toJson } from "./jetstream-json.ts";

/** What describes an object; `nuid` names its chunks. */
export interface ObjectEntry extends ObjectInfo {
  readonly nuid: string;
}

/** As all clients cut objects, unless they are told otherwise. */
export const CHUNK_BYTES: number = 128 * 1024;

/** Of a hostile entry no more is believed than that many messages. */
const MOST_CHUNKS = 1_000_000;
const DIGEST = "SHA-256=";

export const chunkSubject = (bucket: string, nuid: string): string => `$O.${bucket}.C.${nuid}`;

export const entrySubject = (bucket: string, name: string): string =>
  `$O.${bucket}.M.${toBase64Url(new TextEncoder().encode(name))}`;

/** What a client stores under {@link entrySubject}. */
export function entryOf(
  bucket: string,
  { name, nuid, sizeBytes, chunks, digest: hex }: ObjectEntry,
  { now, chunkBytes }: { readonly now: number; readonly chunkBytes: number },
): Uint8Array {
  return toJson({
    name,
    options: { max_chunk_size: chunkBytes },
    bucket,
    nuid,
    size: sizeBytes,
    mtime: new Date(now).toISOString(),
    chunks,
    digest: DIGEST + toBase64Url(fromHex(hex)),
  });
}

/** The entry of what was deleted. */
export function deletedEntryOf(
  bucket: string,
  { name, nuid }: ObjectEntry,
  now: number,
): Uint8Array {
  const mtime = new Date(now).toISOString();
  return toJson({ name, bucket, nuid, size: 0, mtime, chunks: 0, digest: "", deleted: true });
}

/** @throws {LatticeError} `bad-message`; `unsupported` for links. */
export function readEntry(data: Uint8Array): ObjectEntry | undefined {
  const entry = parseJson(data);
  if (fieldOf(entry, "deleted") === true) return undefined;
  const name = textOf(entry, "name");
  const link = fieldOf(fieldOf(entry, "options"), "link");
  if (link !== undefined && link !== null) {
    throw new LatticeError("unsupported", `object ${JSON.stringify(name)} is a link to another`);
  }
  const told = textOf(entry, "digest");
  const nuid = textOf(entry, "nuid");
  const [sizeBytes, chunks] = [numberOf(entry, "size"), numberOf(entry, "chunks")];
  const sound =
    Number.isSafeInteger(sizeBytes) &&
    Number.isSafeInteger(chunks) &&
    sizeBytes >= chunks &&
    chunks >= (sizeBytes === 0 ? 0 : 1) &&
    chunks <= MOST_CHUNKS &&
    /^[\w-]+$/.test(nuid);
  const hex = told.startsWith(DIGEST) ? toHex(told.slice(DIGEST.length)) : "";
  if (!sound || hex.length !== 64) {
    throw new LatticeError(
      "bad-message",
      `object ${JSON.stringify(name)} is described as no client describes one`,
    );
  }
  return { name, nuid, sizeBytes, chunks, digest: digest(hex) };
}

/** With padding, as nats.go has it. */
function toBase64Url(bytes: Uint8Array): string {
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_");
}

/** Empty for what is not base64url; older clients leave the padding out. */
function toHex(base64Url: string): string {
  try {
    const letters = atob(base64Url.replaceAll("-", "+").replaceAll("_", "/"));
    return Array.from(letters, (each) => each.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  } catch {
    return "";
  }
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
