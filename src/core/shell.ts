/**
 * The shell: the files by which the site's own pages open without a network. What a build says of them (`version.json`), and
 * what its pages and its service worker tell each other.
 *
 * A worker of one build meets pages and caches of others, so everything here is read with care and changed by addition only.
 */

/** `version.json` beside the pages. */
export interface ShellVersion {
  /** Of the package. */
  readonly version: string;
  /** Changes with any file of the shell. */
  readonly build: string;
  /** Paths from the site's root and what they must be (`sha256-…`), fetched together. */
  readonly files: Readonly<Record<string, string>>;
  /** Large ones that are kept once something has needed them. */
  readonly later: Readonly<Record<string, string>>;
}

/** Which builds are kept, and which one opens. */
export interface ShellState {
  /** What opens. */
  readonly current?: string;
  /** What opened before, complete in its cache: the way back. */
  readonly previous?: string;
  /** The current build has yet to show that it serves. */
  readonly trial?: Trial;
  /** A kiosk has it that builds are staged: other pages leave them alone. */
  readonly kiosk?: true;
  /** Builds that were tried and did not serve, and when that was found, in milliseconds since the epoch. */
  readonly refused: readonly { readonly build: string; readonly at: number }[];
}

export interface Trial {
  /** By then a page of it has to say `keep`, in milliseconds since the epoch. */
  readonly until: number;
  /** How often it was opened. */
  readonly opened: number;
}

export type ShellRequest =
  /** Fetch all files of that build, which `version.json` must name. */
  | { readonly type: "stage"; readonly build: string }
  /** Open that build from now on, and go back unless it is kept in time. */
  | { readonly type: "try"; readonly build: string; readonly withinMs: number }
  /** Open that build, which is staged, where no kiosk has a say. */
  | { readonly type: "adopt"; readonly build: string }
  /** The page of that build serves; said by a kiosk. */
  | { readonly type: "keep"; readonly build: string }
  | { readonly type: "state" };

/** Sent through the port that came with the request. */
export type ShellReply =
  | { readonly ok: true; readonly state: ShellState }
  | { readonly ok: false; readonly error: string };

const BUILD = /^[\w-]{8,64}$/;
/** No address with a scheme, no way up, no query. */
const PATH = /^(?!\/)(?!.*(?:\.\.|\/\/))[\w./-]+$/;
const HASH = /^sha256-[A-Za-z0-9+/]{43}=$/;
const MOST_FILES = 500;

/** `value` as a version, or `undefined` if it is something else: a host may answer any address with a page of its own. */
export function readShellVersion(value: unknown): ShellVersion | undefined {
  if (!isRecord(value)) return undefined;
  const { version, build } = value;
  const files = readFiles(value["files"]);
  const later = readFiles(value["later"]);
  if (typeof version !== "string" || typeof build !== "string" || !BUILD.test(build)) {
    return undefined;
  }
  return files === undefined || later === undefined ? undefined : { version, build, files, later };
}

function readFiles(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > MOST_FILES) return undefined;
  const files = new Map<string, string>();
  for (const [path, hash] of entries) {
    if (!PATH.test(path) || typeof hash !== "string" || !HASH.test(hash)) return undefined;
    files.set(path, hash);
  }
  return Object.fromEntries(files);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
