/** A component worker as a runner: its calls, what its guests import, and its end when it is silent for too long. */
import type { AnswerWriter, SharedAnswer } from "../channels/shared-answer.ts";
import type {
  CompanionFailure,
  CompanionReport,
  ComponentHostMethods,
  ComponentMethods,
  ComponentSetup,
  GuestImport,
  GuestNews,
  GuestSaid,
  GuestWait,
} from "../channels/component.ts";
import type { Log } from "../core/log.ts";
import type { WitValue } from "../core/wit.ts";
import type { GuestRun, GuestRunParts, KeptInstance } from "./guest-run.ts";
import type { Runner } from "./runner.ts";
import type { WorkerSupply } from "./worker-supply.ts";

import { bigBuffers } from "../channels/port.ts";
import { answer, remote, transferring } from "../channels/rpc.ts";
import { createAnswerWriter, createSharedAnswer, isBlocked } from "../channels/shared-answer.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { createCompanions } from "./companions.ts";
import { createGuestLife } from "./guest-life.ts";
import { createGuestRun } from "./guest-run.ts";
import { PortableComponent } from "./portable.ts";
import { createWatchdog } from "./watchdog.ts";

export interface ComponentWorkerParts extends GuestRunParts {
  readonly setup: Omit<ComponentSetup, "answers">;
  readonly supply: WorkerSupply;
}

/** From a fresh worker to a first instance; large components take seconds to compile in some browsers. */
const PREPARE_DEADLINE_MS = 60_000;

/** Resolves when the worker has an instance ready. */
export async function openComponentWorker(
  parts: ComponentWorkerParts,
  signal: AbortSignal,
): Promise<Runner> {
  const { setup, supply, clock, log } = parts;
  const worker = supply.take();
  const dead = new AbortController();
  const running = new Map<number, GuestRun>();
  const kept = new Map<number, KeptInstance>();
  /** Why running calls were given up. */
  const cancelled = new Map<GuestRun, LatticeError>();
  const answers = setup.mode === "atomics" ? createSharedAnswer() : undefined;
  const component = remote<ComponentMethods>(worker.port, dead.signal);
  let lastId = 0;

  const end = (reason: LatticeError): void => {
    if (dead.signal.aborted) return;
    watchdog.rest();
    worker.terminate();
    dead.abort(reason);
    for (const run of running.values()) run.close(reason);
    for (const { life } of kept.values()) life.end();
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
  const companions = createCompanions({
    name: setup.name,
    worker: component,
    runOf: (callId) => running.get(callId),
    dead: dead.signal,
  });
  /** What no worker of ours says ends this one. */
  const trusting = (hear: () => void): void => {
    try {
      hear();
    } catch (thrown) {
      end(asLatticeError(thrown));
    }
  };
  const runOf = (callId: number, what: string): GuestRun => {
    watchdog.heard();
    const run = running.get(callId);
    if (run !== undefined) return run;
    throw new LatticeError("aborted", `${setup.name} ${what} outside of a call`);
  };
  const keep = (number: number): KeptInstance => {
    const known = kept.get(number) ?? { number, life: createGuestLife(parts.imports, parts.files) };
    kept.set(number, known);
    return known;
  };
  const guests: GuestSide = {
    import: (request) =>
      runOf(request.callId, `imported ${request.instance}.${request.func}`).import(request),
    wait: (wait) => runOf(wait.callId, "waited").wait(wait),
    hear(callId, said) {
      watchdog.heard();
      const run = running.get(callId);
      // Without a call it has crossed with its end, unless a destructor says it.
      if (run !== undefined) trusting(() => run.hear(said));
      else if (said.tag === "drop") for (const { life } of kept.values()) life.dropped(said.handle);
      else if (said.tag === "close") {
        for (const { life } of kept.values()) life.files?.close(said.file);
      }
    },
    hearCompanions(report) {
      watchdog.heard();
      trusting(() => companions.hear(report));
    },
    forsaken(failure) {
      watchdog.heard();
      return companions.fail(failure);
    },
    nameOf: (companion) =>
      (companion === undefined ? undefined : companions.nameOf(companion)) ?? setup.name,
  };
  answer(worker.port, hostMethods(guests, answers, log), dead.signal);
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
  const drop = async (resident: number, slot?: number): Promise<void> => {
    if (slot === undefined) {
      kept.get(resident)?.life.end();
      kept.delete(resident);
    }
    // A destructor is the guest's code as well.
    watchdog.watch();
    try {
      await component.drop(resident, slot);
    } finally {
      watchdog.heard();
      if (running.size === 0) watchdog.rest();
    }
  };
  return {
    lost: dead.signal,
    end,
    invoke(call, resident) {
      const id = ++lastId;
      const run = createGuestRun(
        id,
        call,
        parts,
        resident === undefined ? undefined : keep(resident),
      );
      running.set(id, run);
      watchdog.watch();
      const serve = async (): Promise<boolean> => {
        let reason: LatticeError | undefined;
        /** It ended well just when it was given up: the worker keeps the instance, but what that had open is closed. */
        let crossed = false;
        try {
          const { results, report, times } = await component.call(run.request());
          call.probe?.answered(times);
          if (report !== undefined) trusting(() => companions.hear(report));
          const late = cancelled.get(run);
          crossed = resident !== undefined && late !== undefined;
          if (crossed) throw late;
          run.conclude(results);
        } catch (thrown) {
          reason = asLatticeError(thrown);
          run.fail(reason);
        } finally {
          running.delete(id);
          watchdog.heard();
          if (running.size === 0) watchdog.rest();
          cancelled.delete(run);
          run.close(reason);
          // The worker has ended its instance, and makes another one under this number.
          if (reason !== undefined && resident !== undefined) kept.delete(resident);
          if (crossed && resident !== undefined) drop(resident).catch(() => undefined);
        }
        return reason === undefined;
      };
      return { results: run.results, ended: serve() };
    },
    ...(setup.mode === "jspi"
      ? {
          accompany: (portable, witness) =>
            portable instanceof PortableComponent && !dead.signal.aborted
              ? companions.accompany(portable, witness)
              : undefined,
        }
      : {}),
    vitals: () => component.vitals(),
    drop,
    cancel(call) {
      for (const [id, run] of running) {
        if (run.call !== call) continue;
        const reason = new LatticeError("aborted", "nobody waits for the call any more");
        cancelled.set(run, reason);
        run.close(reason);
        // A worker that blocks hears nothing; it has this one call only.
        if (setup.mode === "atomics") end(reason);
        // One that is lost meanwhile has ended the call too.
        else component.cancel(id).catch(() => undefined);
        return;
      }
    },
  };
}

/** What the worker asks for its guests. */
interface GuestSide {
  import(request: GuestImport): Promise<readonly WitValue[]>;
  wait(wait: GuestWait): Promise<GuestNews>;
  hear(callId: number, said: GuestSaid): void;
  hearCompanions(report: CompanionReport): void;
  forsaken(failure: CompanionFailure): Promise<readonly WitValue[]>;
  /** Of a companion, or of the component itself. */
  nameOf(companion: number | undefined): string;
}

function hostMethods(
  guests: GuestSide,
  answers: SharedAnswer | undefined,
  log: Log,
): ComponentHostMethods {
  const writer: AnswerWriter | undefined =
    answers === undefined ? undefined : createAnswerWriter(answers);
  const share = async (ask: () => Promise<unknown>): Promise<void> => {
    try {
      const value = await ask();
      writer?.write({ tag: "done", value });
    } catch (thrown) {
      const { code, message } = asLatticeError(thrown);
      writer?.write({ tag: "failed", code, message });
    }
  };
  return {
    imported: async (request) => guests.import(request),
    importedShared: (request) => share(() => guests.import(request)),
    said: async (callId, said) => guests.hear(callId, said),
    async awaited(wait) {
      const news = await guests.wait(wait);
      return transferring(
        news,
        news.flatMap(([, each]) => (each.tag === "bytes" ? bigBuffers(each) : [])),
      );
    },
    awaitedShared: (wait) => share(() => guests.wait(wait)),
    nextPart: async () => writer?.next(),
    async printed({ stream, text, dropped, companion }) {
      const missing = dropped === 0 ? {} : { dropped };
      const component = guests.nameOf(companion);
      log.info("guest.printed", { component, stream, text, ...missing });
    },
    accompanied: async (report) => guests.hearCompanions(report),
    forsaken: async (failure) => guests.forsaken(failure),
    async complained(error) {
      log.warn("guest.complained", { component: guests.nameOf(undefined), error });
    },
  };
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
