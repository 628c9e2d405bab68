/** A component worker as a runner: its calls, what its guests import, and its end when it is silent for too long. */
import type { AnswerWriter, SharedAnswer } from "../channels/shared-answer.ts";
import type {
  ComponentHostMethods,
  ComponentMethods,
  ComponentSetup,
  GuestImport,
} from "../channels/component.ts";
import type { Call, ImportCall, Importee } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { WitValue } from "../core/wit.ts";
import type { Runner } from "./runner.ts";
import type { WorkerSupply } from "./worker-supply.ts";

import { compact } from "../channels/port.ts";
import { answer, remote } from "../channels/rpc.ts";
import { createAnswerWriter, createSharedAnswer, isBlocked } from "../channels/shared-answer.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { createWatchdog } from "./watchdog.ts";

export interface ComponentWorkerParts {
  readonly setup: Omit<ComponentSetup, "answers">;
  readonly supply: WorkerSupply;
  readonly imports: Importee;
  readonly clock: Clock;
  readonly log: Log;
}

/** From a fresh worker to a first instance; large components take seconds to compile in some browsers. */
const PREPARE_DEADLINE_MS = 60_000;

interface Running {
  readonly call: Call;
  /** Made when the guest imports something; aborts when nobody waits for that any more. */
  gone?: AbortController;
  imported: number;
  /** Each call has an instance of its own, so what an instance chooses lasts for a call. */
  readonly linkNames: Map<string, string>;
}

/** Resolves when the worker has an instance ready. */
export async function openComponentWorker(
  parts: ComponentWorkerParts,
  signal: AbortSignal,
): Promise<Runner> {
  const { setup, supply, clock, log } = parts;
  const worker = supply.take();
  const dead = new AbortController();
  const running = new Map<number, Running>();
  const answers = setup.mode === "atomics" ? createSharedAnswer() : undefined;
  const component = remote<ComponentMethods>(worker.port, dead.signal);
  let lastId = 0;

  const end = (reason: LatticeError): void => {
    if (dead.signal.aborted) return;
    watchdog.rest();
    worker.terminate();
    dead.abort(reason);
    for (const { gone } of running.values()) gone?.abort(reason);
  };
  const watchdog = createWatchdog({
    clock,
    ping: () => {
      // A worker that is lost meanwhile is dealt with by its own event.
      component.ping().then(
        () => watchdog.heard(),
        () => undefined,
      );
    },
    excused: () => answers !== undefined && isBlocked(answers),
    bark: (silentMs) => end(silence(setup.name, silentMs)),
  });
  const importing = (request: GuestImport): Promise<readonly WitValue[]> => {
    watchdog.heard();
    const entry = running.get(request.callId);
    if (entry === undefined) throw outsideOfCalls(setup.name, request);
    // The worker is not trusted to ask for what its component imports only.
    if (setup.imports.get(request.instance)?.has(request.func) !== true) {
      throw new LatticeError(
        "denied",
        `${setup.name} does not import ${request.instance}#${request.func}`,
      );
    }
    return parts.imports.invoke(importCall(entry, request));
  };
  answer(worker.port, hostMethods(importing, answers, setup.name, log), dead.signal);
  const onLost = (): void => end(asLatticeError(worker.lost.reason));
  worker.lost.addEventListener("abort", onLost, { once: true });
  if (worker.lost.aborted) onLost();

  const aborted = (): void => end(asLatticeError(signal.reason));
  const cancelDeadline = clock.after(PREPARE_DEADLINE_MS, () => end(slowStart(setup.name)));
  signal.addEventListener("abort", aborted, { once: true });
  try {
    signal.throwIfAborted();
    await component.prepare(answers === undefined ? setup : { ...setup, answers });
  } catch (cause) {
    end(asLatticeError(cause));
    throw cause;
  } finally {
    cancelDeadline();
    signal.removeEventListener("abort", aborted);
  }
  return {
    lost: dead.signal,
    end,
    async invoke(call) {
      const id = ++lastId;
      const entry: Running = { call, imported: 0, linkNames: new Map() };
      running.set(id, entry);
      watchdog.watch();
      try {
        const args = call.args.map(compact);
        return await component.call({ id, instance: call.instance, func: call.func, args });
      } finally {
        running.delete(id);
        watchdog.heard();
        if (running.size === 0) watchdog.rest();
        entry.gone?.abort(new LatticeError("aborted", "the call has ended"));
      }
    },
    cancel(call) {
      for (const [id, entry] of running) {
        if (entry.call !== call) continue;
        const reason = new LatticeError("aborted", "nobody waits for the call any more");
        entry.gone?.abort(reason);
        // A worker that blocks hears nothing; it has this one call only.
        if (setup.mode === "atomics") end(reason);
        // One that is lost meanwhile has ended the call too.
        else component.cancel(id).catch(() => undefined);
        return;
      }
    },
  };
}

function hostMethods(
  importing: (request: GuestImport) => Promise<readonly WitValue[]>,
  answers: SharedAnswer | undefined,
  component: string,
  log: Log,
): ComponentHostMethods {
  const writer: AnswerWriter | undefined =
    answers === undefined ? undefined : createAnswerWriter(answers);
  return {
    imported: async (request) => importing(request),
    async importedShared(request) {
      try {
        const value = await importing(request);
        writer?.write({ tag: "done", value });
      } catch (thrown) {
        const { code, message } = asLatticeError(thrown);
        writer?.write({ tag: "failed", code, message });
      }
    },
    nextPart: async () => writer?.next(),
    async printed({ stream, text, dropped }) {
      const missing = dropped === 0 ? {} : { dropped };
      log.info("guest.printed", { component, stream, text, ...missing });
    },
    async complained(error) {
      log.warn("guest.complained", { component, error });
    },
  };
}

function importCall(entry: Running, { instance, func, args }: GuestImport): ImportCall {
  const { call } = entry;
  entry.gone ??= new AbortController();
  entry.imported++;
  return {
    id: `${call.id}.${entry.imported}`,
    source: call.target,
    linkNames: entry.linkNames,
    instance,
    func,
    args,
    trace: call.trace,
    signal: entry.gone.signal,
  };
}

function outsideOfCalls(name: string, { instance, func }: GuestImport): LatticeError {
  return new LatticeError("aborted", `${name} imported ${instance}.${func} outside of a call`);
}

function silence(name: string, silentMs: number): LatticeError {
  return new LatticeError("worker-lost", `the worker of ${name} was silent for ${silentMs} ms`);
}

function slowStart(name: string): LatticeError {
  return new LatticeError(
    "worker-lost",
    `the worker of ${name} was not ready within ${PREPARE_DEADLINE_MS} ms`,
  );
}
