/** The transpile worker, started when it is needed and ended when it idles: its memory never shrinks. */
import type { TranspileMethods, TranspileRequest, Transpiled } from "../channels/transpile.ts";
import type { Spawn } from "../channels/spawn.ts";
import type { Cancel, Clock } from "../core/clock.ts";

import { transferring } from "../channels/port.ts";
import { remote } from "../channels/rpc.ts";
import { scriptAddress } from "../channels/spawn.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import core from "../../node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.core.wasm?url";
import core2 from "../../node_modules/@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.core2.wasm?url";
// oxlint-disable-next-line import/default -- the bundler gives the address of the worker
import transpileWorker from "../workers/transpile.worker.ts?worker&url";

export interface Transpiler {
  /** One at a time; others wait. Takes a copy of the bytes. Throws `bad-image`. */
  transpile(request: TranspileRequest, signal: AbortSignal): Promise<Transpiled>;
  end(): void;
}

/** A component of 12 MB takes less than a second; this is for slow machines and hostile bytes. */
const DEADLINE_MS = 60_000;
const IDLE_MS = 5_000;

interface Running {
  readonly methods: TranspileMethods;
  end(reason: LatticeError): void;
  readonly ended: AbortSignal;
}

export function createTranspiler(
  clock: Clock,
  { base, spawn }: { readonly base: string | undefined; readonly spawn: Spawn },
): Transpiler {
  let worker: Running | undefined;
  let idle: Cancel | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const current = (): Running => {
    idle?.();
    if (worker === undefined || worker.ended.aborted) worker = start(spawn, base);
    return worker;
  };
  const run = async (request: TranspileRequest, signal: AbortSignal): Promise<Transpiled> => {
    signal.throwIfAborted();
    if (closed) throw new LatticeError("closed", "the runtime has ended");
    const running = current();
    const end = (reason: LatticeError): void => running.end(reason);
    const cancelDeadline = clock.after(DEADLINE_MS, () =>
      end(
        new LatticeError(
          "bad-image",
          `the component took longer than ${DEADLINE_MS} ms to prepare`,
        ),
      ),
    );
    const aborted = (): void => end(asLatticeError(signal.reason, "aborted"));
    signal.addEventListener("abort", aborted, { once: true });
    try {
      const bytes = request.bytes.slice();
      return await running.methods.transpile(transferring({ ...request, bytes }, [bytes.buffer]));
    } finally {
      cancelDeadline();
      signal.removeEventListener("abort", aborted);
      idle = clock.after(IDLE_MS, () => end(new LatticeError("closed", "nothing to transpile")));
    }
  };
  return {
    transpile(request, signal) {
      const turn = last.then(() => run(request, signal));
      last = turn.catch(() => undefined); // its caller hears of it
      return turn;
    },
    end() {
      closed = true;
      idle?.();
      worker?.end(new LatticeError("closed", "the runtime has ended"));
    },
  };
}

function start(spawn: Spawn, base: string | undefined): Running {
  const ended = new AbortController();
  const end = (reason: LatticeError): void => {
    worker.terminate();
    ended.abort(reason);
  };
  const files = new URLSearchParams({
    core: scriptAddress(core, undefined),
    core2: scriptAddress(core2, undefined),
  });
  const worker = spawn(`${transpileWorker}#${files.toString()}`, {
    name: "inlay transpiler",
    base,
    onLost: end,
  });
  const methods = remote<TranspileMethods>(worker.port, ended.signal);
  return { methods, end, ended: ended.signal };
}
