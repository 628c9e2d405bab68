/**
 * WASI 0.2 for the instances of a component: what is ambient elsewhere is empty here, and streams and HTTP lead to the host
 * worker.
 *
 * Classes are the same for all instances, because the glue compares what it gets with them; all that has state is made
 * anew for each.
 */
import type { WaitMode } from "../../channels/component.ts";
import type { IoStreams, RemoteFiles, Surround } from "../adapter.ts";
import type { GuestImports } from "../instantiate.ts";
import type { Later } from "../remote-streams.ts";
import type { Print } from "./cli.ts";
import type { Holder } from "./resource.ts";

import { ACTOR_GUEST } from "../../interfaces/actor-names.ts";
import { actorGuest } from "./actor-guest.ts";
import { cli } from "./cli.ts";
import { clocks } from "./clocks.ts";
import { filesystem } from "./filesystem.ts";
import { http } from "./http.ts";
import { INCOMING_HANDLER, incomingHandler } from "./incoming-handler.ts";
import { IoError } from "./io-error.ts";
import { InputStream, remoteInlet } from "./io-input.ts";
import { OutputStream, remoteOutlet } from "./io-output.ts";
import { poll, Pollable } from "./io-poll.ts";
import { random } from "./random.ts";
import { createStdio, type Stdio } from "./stdio.ts";

export interface WasiParts {
  readonly mode: WaitMode;
  /** The interfaces that the component imports, without version; others are not made. */
  readonly wanted: readonly string[];
  /** Names and values that guests are given. */
  readonly environment: ReadonlyMap<string, string>;
  /** Ceiling of what one function allocates. */
  readonly maxBytes: number;
  readonly print: Print;
}

type MakeImports = (holder: Holder, stdio: Stdio, files: RemoteFiles | undefined) => GuestImports;

/** How long a guest may poll what is always ready before others have a turn. */
const TURN_MS = 10;

/** Makes the surroundings of one instance. */
export function createWasi({ mode, wanted, environment, maxBytes, print }: WasiParts): Surround {
  const packages = new Set(wanted.map((name) => name.slice(0, name.indexOf("/"))));
  const shared = random(maxBytes);
  const breathe = mode === "jspi" ? turns() : () => undefined;
  const makers: Readonly<Record<string, MakeImports>> = {
    "wasi:cli": (holder, stdio) => cli(holder, print, stdio, environment),
    "wasi:clocks": clocks,
    "wasi:filesystem": (holder, _, files) => filesystem(holder, files),
    "wasi:http": http,
    "wasi:io": io,
    "wasi:random": () => shared,
  };
  return (life, streams, files) => {
    const holder: Holder = { life, streams, breathe };
    const stdio = createStdio(holder, maxBytes);
    const made = Object.assign(
      {},
      ...[...packages].map((name) => makers[name]?.(holder, stdio, files)),
    );
    const imports: Record<string, object> = {};
    for (const name of wanted) {
      const one: unknown = Reflect.get(made, name);
      if (typeof one === "object" && one !== null) imports[name] = one;
    }
    const adapters = new Map([
      [INCOMING_HANDLER, incomingHandler(holder)],
      [ACTOR_GUEST, actorGuest(stdio)],
    ]);
    return { imports, adapters, io: ioStreams(holder) };
  };
}

function io(holder: Holder): GuestImports {
  return {
    "wasi:io/error": { Error: IoError },
    "wasi:io/poll": { Pollable, poll: (list: readonly Pollable[]) => poll(holder, list) },
    "wasi:io/streams": { InputStream, OutputStream },
  };
}

/** For streams that other interfaces give. */
function ioStreams(holder: Holder): IoStreams {
  const errorOf = (thrown: unknown): IoError => new IoError(holder, thrown);
  return {
    input: (source) => new InputStream(holder, remoteInlet(source, errorOf)),
    output: (sink) => new OutputStream(holder, remoteOutlet(sink, errorOf)),
  };
}

/** Gives the event loop a turn once in {@link TURN_MS}: timers that fire at once cost milliseconds in a row. */
function turns(): () => Later<void> {
  let lastMs = performance.now();
  return () => {
    if (performance.now() - lastMs < TURN_MS) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        lastMs = performance.now();
        resolve();
      }, 0);
    });
  };
}
