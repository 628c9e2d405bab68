/** The configuration of the provider and of its links, read. Names are taken in any case; unknown ones are ignored. */
import type { Values } from "../../core/facts.ts";

import { LatticeError } from "../../core/error.ts";

/** Of the provider. */
export interface Settings {
  /** Bytes that all entries may take, 64 for each besides its texts and value. `max-bytes`, 256 MiB. */
  readonly maxBytes: number;
  /** Bytes that one value may have. `max-value-bytes`, 8 MiB. */
  readonly maxValueBytes: number;
  /** Buckets that there are; absent: any. `buckets`, names between commas. */
  readonly buckets: ReadonlySet<string> | undefined;
  /** Callers that do not say who they are, and so have no link, are refused. `require-link`, false. */
  readonly requireLink: boolean;
}

/** Of a link to the provider. */
export interface CallerSettings {
  /** The bucket that the caller's calls go to, whichever it opens. `bucket`. */
  readonly bucket: string | undefined;
  /** `access`: `read-write` or `read-only`. */
  readonly readOnly: boolean;
}

/** Of a link from the provider to a component that watches. */
export interface WatchSettings {
  /** The bucket that is watched. `bucket`, the unnamed one. */
  readonly bucket: string;
  /** Keys by what is told of them. `watch`: `SET@key,DEL@key`, as wasmCloud's Redis provider has it. */
  readonly set: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
}

const MIB = 1024 * 1024;

/** @throws {LatticeError} `bad-input` for a value that cannot be read. */
export function readSettings(config: Values): Settings {
  const of = reader(config);
  const buckets = of("buckets");
  return {
    maxBytes: byteCount("max-bytes", of("max-bytes"), 256 * MIB),
    maxValueBytes: byteCount("max-value-bytes", of("max-value-bytes"), 8 * MIB),
    buckets:
      buckets === undefined
        ? undefined
        : new Set(buckets.split(",").map((name) => bucketName(name.trim()))),
    requireLink: oneOf("require-link", of("require-link"), ["false", "true"]) === "true",
  };
}

/** @throws {LatticeError} as {@link readSettings}. */
export function readCallerSettings(config: Values): CallerSettings {
  const of = reader(config);
  const bucket = of("bucket");
  return {
    bucket: bucket === undefined ? undefined : bucketName(bucket),
    readOnly: oneOf("access", of("access"), ["read-write", "read-only"]) === "read-only",
  };
}

/** @throws {LatticeError} as {@link readSettings}. */
export function readWatchSettings(config: Values): WatchSettings {
  const of = reader(config);
  const watched = { SET: new Set<string>(), DEL: new Set<string>() };
  for (const entry of (of("watch") ?? "").split(",").map((each) => each.trim())) {
    if (entry === "") continue;
    const [, what, key] = /^(SET|DEL)\s*@\s*(.+)$/i.exec(entry) ?? [];
    const keys = what?.toUpperCase() === "SET" ? watched.SET : watched.DEL;
    if (what === undefined || key === undefined) {
      throw new LatticeError("bad-input", `watch "${entry}" must be SET@key or DEL@key`);
    }
    keys.add(key);
  }
  return { bucket: bucketName(of("bucket") ?? ""), set: watched.SET, deleted: watched.DEL };
}

/**
 * The bucket that `name` means: `0` is the unnamed one. Hosts of wasmCloud 1.x take a bucket's name for a number where a
 * watcher is told of it, and its Redis provider says `0` (`crates/runtime/src/component/keyvalue.rs` @ v1.9.2).
 */
export function bucketName(name: string): string {
  return name === "0" ? "" : name;
}

/** The name by which a watcher is told of a bucket. */
export function toldName(bucket: string): string {
  return bucket === "" ? "0" : bucket;
}

function reader(config: Values): (name: string) => string | undefined {
  const lower = new Map([...config].map(([name, value]) => [name.toLowerCase(), value.trim()]));
  return (name) => lower.get(name);
}

function byteCount(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const count = Number(value);
  if (/^\d+$/.test(value) && count > 0 && Number.isSafeInteger(count)) return count;
  throw new LatticeError("bad-input", `${name} "${value}" must be a number of bytes above 0`);
}

function oneOf(name: string, value: string | undefined, values: readonly [string, string]): string {
  const found = value?.toLowerCase() ?? values[0];
  if (values.includes(found)) return found;
  throw new LatticeError("bad-input", `${name} "${found}" must be ${values.join(" or ")}`);
}
