/**
 * WASI 0.2 for one instance: command line, clocks, random, io, and a filesystem without any directory.
 *
 * Nothing ambient: no arguments, environment, input, network or files; what a guest prints goes to the host's log. The
 * resource classes are the shim's, because the glue checks what it gets against them; all that has state is made anew
 * for each instance.
 */
import type { GuestLine } from "../channels/component.ts";
import type { Surround } from "./adapter.ts";
import type { Bridge } from "./bridge/bridge.ts";
import type { GuestImports } from "./instantiate.ts";
import type { Life } from "./life.ts";
import type { Pollable } from "./pollable.ts";

import * as cli from "@bytecodealliance/preview2-shim/cli";
import { types } from "@bytecodealliance/preview2-shim/filesystem";
import { error, poll, streams } from "@bytecodealliance/preview2-shim/io";
import { LatticeError } from "../core/error.ts";
import { pollableAt } from "./pollable.ts";
import { createLineSplitter } from "./printed.ts";

export interface WasiParts {
  readonly bridge: Bridge;
  /** The interfaces that the component imports, without version; others are not made. */
  readonly wanted: readonly string[];
  /** Ceiling of what one function allocates. */
  readonly maxBytes: number;
  readonly print: (stream: GuestLine["stream"], text: string) => void;
}

/** Most bytes that the browser's generator gives at once. */
const RANDOM_PART_BYTES = 65_536;
const NS_PER_MS = 1_000_000;

/** Whose pollables are waited for; unlisted ones are always ready. */
type Owners = WeakMap<Pollable, Life>;

/** Makes the imports of one instance. Create one maker per worker: it changes how the shim's pollables wait. */
export function createWasi({ bridge, wanted, maxBytes, print }: WasiParts): Surround {
  const owners: Owners = new WeakMap();
  const block = function (this: Pollable): unknown {
    const life = owners.get(this);
    return life === undefined ? undefined : bridge.block(life, this);
  };
  // The glue calls methods of the class itself, so that waiting cannot be changed on a subclass.
  Object.defineProperty(poll.Pollable.prototype, "block", { value: block });
  const shared: GuestImports = {
    "wasi:clocks/wall-clock": WALL_CLOCK,
    "wasi:filesystem/preopens": { getDirectories: () => [] },
    "wasi:filesystem/types": types,
    "wasi:io/error": error,
    "wasi:io/streams": streams,
    ...randomOf(maxBytes),
  };
  const own: Readonly<Record<string, (life: Life) => object>> = {
    "wasi:clocks/monotonic-clock": (life) => monotonicClock(life, owners),
    "wasi:io/poll": (life) => ({
      Pollable: poll.Pollable,
      poll: (list: readonly Pollable[]) => bridge.poll(life, list),
    }),
  };
  return (life) => {
    const imports: Record<string, object> = {};
    let commandLine: GuestImports | undefined;
    for (const name of wanted) {
      const one = shared[name] ?? own[name]?.(life);
      if (one !== undefined) imports[name] = one;
      else if (name.startsWith("wasi:cli/")) commandLine ??= commandLineOf(life, print);
    }
    return { imports: { ...imports, ...commandLine }, adapters: new Map() };
  };
}

function commandLineOf(life: Life, print: WasiParts["print"]): GuestImports {
  const stdout = createLineSplitter((text) => print("stdout", text));
  const stderr = createLineSplitter((text) => print("stderr", text));
  life.atEnd(() => stdout.flush());
  life.atEnd(() => stderr.flush());
  const made = cli.createCli({ stdout, stderr });
  return {
    "wasi:cli/environment": made.environment,
    "wasi:cli/exit": made.exit,
    "wasi:cli/stdin": made.stdin,
    "wasi:cli/stdout": made.stdout,
    "wasi:cli/stderr": made.stderr,
    "wasi:cli/terminal-input": made.terminalInput,
    "wasi:cli/terminal-output": made.terminalOutput,
    "wasi:cli/terminal-stdin": made.terminalStdin,
    "wasi:cli/terminal-stdout": made.terminalStdout,
    "wasi:cli/terminal-stderr": made.terminalStderr,
  };
}

function monotonicClock(life: Life, owners: Owners): object {
  const at = (atMs: number): Pollable => {
    const pollable = pollableAt(atMs);
    owners.set(pollable, life);
    return pollable;
  };
  return {
    now: () => BigInt(Math.floor(performance.now() * NS_PER_MS)),
    resolution: () => BigInt(NS_PER_MS),
    subscribeInstant: (instant: bigint) => at(Number(instant) / NS_PER_MS),
    subscribeDuration: (duration: bigint) => at(performance.now() + Number(duration) / NS_PER_MS),
  };
}

const WALL_CLOCK = {
  now() {
    const ms = Date.now(); // the guest's own clock; `performance` stands still while the machine sleeps
    return {
      seconds: BigInt(Math.floor(ms / 1000)),
      nanoseconds: (ms % 1000) * NS_PER_MS,
    };
  },
  resolution: () => ({ seconds: 0n, nanoseconds: NS_PER_MS }),
};

function randomOf(maxBytes: number): GuestImports {
  const bytes = (length: bigint): Uint8Array => {
    if (length > BigInt(maxBytes)) {
      throw new LatticeError(
        "guest-trapped",
        `the component asked for ${length} random bytes; its memory takes ${maxBytes}`,
      );
    }
    const filled = new Uint8Array(Number(length));
    for (let at = 0; at < filled.length; at += RANDOM_PART_BYTES) {
      crypto.getRandomValues(filled.subarray(at, at + RANDOM_PART_BYTES));
    }
    return filled;
  };
  const u64 = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  return {
    "wasi:random/random": { getRandomBytes: bytes, getRandomU64: u64 },
    "wasi:random/insecure": { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
    "wasi:random/insecure-seed": {
      insecureSeed: () => [u64(), u64()],
      getInsecureSeed: () => [u64(), u64()],
    },
  };
}
