/**
 * Exports that look different to the lattice than to the guest: `wasi:http/incoming-handler`, which takes resources, is
 * served as `wrpc:http/incoming-handler`, which takes records with streams.
 */
import type { FileMethods, MountSetup } from "../channels/files.ts";
import type { WitValue } from "../core/wit.ts";
import type { GuestImports } from "./instantiate.ts";
import type { Life } from "./life.ts";
import type { Later, RemoteSink, RemoteSource, RemoteStreams } from "./remote-streams.ts";

/** A call of an adapted export. */
export interface AdaptedCall {
  /** Of the interface that the lattice sees. */
  readonly func: string;
  /** Streams and futures are handles for {@link RemoteStreams}. */
  readonly args: readonly WitValue[];
  /**
   * Gives the results while the guest function goes on: the instance stays busy until the adapter returns, and streams in
   * the results live until then. Only once; what the adapter returns afterwards does not count.
   */
  readonly respond: (results: readonly WitValue[]) => void;
}

/**
 * Serves `call` with the functions of the guest's interface, as the glue gives them: named in camelCase, giving promises
 * under JSPI, throwing an `err` as an error with a `payload`. Gives the results, unless it has responded.
 *
 * What it throws ends the call; a guest that traps is for it to pass on.
 */
export type ExportAdapter = (
  guest: GuestInterface,
  call: AdaptedCall,
) => Later<readonly WitValue[] | undefined>;

/** An interface of the guest, as the glue exports it. */
export type GuestInterface = Readonly<Record<string, GuestFunction>>;

export type GuestFunction = (...args: readonly unknown[]) => unknown;

/** What one instance gets of WASI, and its adapters, which share its resources. */
export interface Surroundings {
  /** By interface without version. */
  readonly imports: GuestImports;
  /** By the full name of the interface that the lattice sees. */
  readonly adapters: ReadonlyMap<string, ExportAdapter>;
  /** Absent if this WASI has no streams of peers. */
  readonly io?: IoStreams;
}

/** Makes resources of `wasi:io/streams`, for what other interfaces give. */
export interface IoStreams {
  /** An `input-stream`. */
  input(source: RemoteSource): object;
  /** An `output-stream`. */
  output(sink: RemoteSink): object;
}

/** Files of the host, for one instance. */
export interface RemoteFiles {
  readonly mounts: readonly MountSetup[];
  /** Posts at once, also if nobody waits for the answer; what is asked later is answered later. */
  ask<Name extends keyof FileMethods>(
    func: Name,
    ...args: Parameters<FileMethods[Name]>
  ): Later<ReturnType<FileMethods[Name]>>;
  close(file: number): void;
}

/** Makes the surroundings of one instance; `files` are absent if it has none. */
export type Surround = (life: Life, streams: RemoteStreams, files?: RemoteFiles) => Surroundings;
