/** WASI 0.2 as each component worker has it itself: which interfaces, and which of their functions make guests wait. */
import type { World } from "../core/wit.ts";

import { parseInterfaceName, withoutVersion } from "../core/wit.ts";
import { partsOf } from "../wire/type-parts.ts";

/** Streams wait only for peers: what guests print is taken at once. */
const STREAMS_OF_PEERS = [
  "[method]input-stream.blocking-read",
  "[method]input-stream.blocking-skip",
  "[method]output-stream.blocking-flush",
  "[method]output-stream.blocking-splice",
  "[method]output-stream.blocking-write-and-flush",
  "[method]output-stream.blocking-write-zeroes-and-flush",
];

/** Those of files wait for the host; where there are files, so do these, of all streams. */
const STREAMS_OF_FILES = [
  ...STREAMS_OF_PEERS,
  "[method]input-stream.read",
  "[method]input-stream.skip",
  "[method]output-stream.splice",
  "[method]output-stream.write",
  "[method]output-stream.write-zeroes",
];

/** What is known of an open file without its host is left out. */
const FILES = [
  "[method]descriptor.create-directory-at",
  "[method]descriptor.link-at",
  "[method]descriptor.metadata-hash-at",
  "[method]descriptor.open-at",
  "[method]descriptor.read",
  "[method]descriptor.readlink-at",
  "[method]descriptor.remove-directory-at",
  "[method]descriptor.rename-at",
  "[method]descriptor.set-size",
  "[method]descriptor.set-times",
  "[method]descriptor.set-times-at",
  "[method]descriptor.stat",
  "[method]descriptor.stat-at",
  "[method]descriptor.sync",
  "[method]descriptor.sync-data",
  "[method]descriptor.unlink-file-at",
  "[method]descriptor.write",
  "[method]directory-entry-stream.read-directory-entry",
];

/** Interfaces of any 0.2 version, with the functions that wait. */
const WASI: ReadonlyMap<string, readonly string[]> = new Map([
  ["wasi:cli/environment", []],
  ["wasi:cli/exit", []],
  ["wasi:cli/stderr", []],
  ["wasi:cli/stdin", []],
  ["wasi:cli/stdout", []],
  ["wasi:cli/terminal-input", []],
  ["wasi:cli/terminal-output", []],
  ["wasi:cli/terminal-stderr", []],
  ["wasi:cli/terminal-stdin", []],
  ["wasi:cli/terminal-stdout", []],
  ["wasi:clocks/monotonic-clock", []],
  ["wasi:clocks/wall-clock", []],
  ["wasi:filesystem/preopens", []],
  ["wasi:filesystem/types", FILES],
  ["wasi:http/outgoing-handler", []],
  ["wasi:http/types", []],
  ["wasi:io/error", []],
  ["wasi:io/poll", ["poll", "[method]pollable.block"]],
  ["wasi:io/streams", STREAMS_OF_PEERS],
  ["wasi:random/insecure", []],
  ["wasi:random/insecure-seed", []],
  ["wasi:random/random", []],
]);

/** With one of these a guest can have streams of peers. */
const BRINGS_PEERS: ReadonlySet<string> = new Set(["wasi:http/types"]);

/** True for an interface of WASI 0.2 that the worker itself answers. */
export function isWasi(name: string): boolean {
  return WASI.has(withoutVersion(name)) && isWasi02(name);
}

/** True for an interface name of some 0.2 release, or without version. */
export function isWasi02(name: string): boolean {
  const version = parseInterfaceName(name)?.version;
  return version === undefined || /^0\.2\.\d/.test(version);
}

/** Whether `world` does anything with files, if it is given some. */
export function hasFiles({ imports }: World): boolean {
  return [...imports].some(
    ([name, { size }]) =>
      size > 0 && withoutVersion(name) === "wasi:filesystem/types" && isWasi(name),
  );
}

/** The functions of the WASI interface `name` that make guests of `world` wait; `files`: if it is given some. */
export function waitingWasi(name: string, world: World, files = false): readonly string[] {
  const waiting = WASI.get(withoutVersion(name)) ?? [];
  if (waiting === FILES) return files ? waiting : [];
  if (waiting === STREAMS_OF_PEERS && files) return STREAMS_OF_FILES;
  if (waiting !== STREAMS_OF_PEERS) return waiting;
  return hasPeers(world) ? waiting : [];
}

function hasPeers({ imports }: World): boolean {
  return [...imports].some(([name, functions]) =>
    isWasi(name)
      ? BRINGS_PEERS.has(withoutVersion(name))
      : [...functions.values()].some((func) => partsOf(func).ioStreams),
  );
}
