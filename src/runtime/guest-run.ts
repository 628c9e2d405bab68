/**
 * One call while its guest runs: what it imports, its streams, and its results, which may come before its end.
 *
 * The worker is not trusted: it is answered what its component imports, and nothing once the call is over.
 */
import type {
  ComponentSetup,
  GuestCall,
  GuestImport,
  GuestNews,
  GuestSaid,
  GuestWait,
} from "../channels/component.ts";
import type { Call, ImportCall, Importee, Results } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Release } from "../core/memory.ts";
import type { CompanionCall } from "../core/runtime.ts";
import type { FuncType, WitValue, World } from "../core/wit.ts";
import type { FileServer } from "./files/file-server.ts";
import type { GuestLife } from "./guest-life.ts";
import type { GuestStreams } from "./guest-streams.ts";

import { flowing } from "../core/call.ts";
import { FILES } from "../channels/files.ts";
import { compact } from "../channels/port.ts";
import { asLatticeError, LatticeError } from "../core/error.ts";
import { errOf } from "./import-errors.ts";
import { createGuestLife } from "./guest-life.ts";
import { createGuestStreams } from "./guest-streams.ts";
import { partsOf } from "../wire/type-parts.ts";

export interface GuestRunParts {
  readonly setup: Pick<ComponentSetup, "name" | "imports">;
  /** As the lattice sees the component. */
  readonly world: World;
  readonly imports: Importee;
  /** For the component's mounts. */
  readonly files?: FileServer | undefined;
  readonly clock: Clock;
  readonly release: Release;
  readonly log: Log;
}

type NamedFunction = Pick<GuestImport, "instance" | "func">;

export interface GuestRun {
  readonly call: Call;
  readonly results: Promise<Results>;
  /** What the worker is told. */
  request(): GuestCall;
  import(request: Omit<GuestImport, "callId">): Promise<readonly WitValue[]>;
  /** A call of `func` that a companion has answered during this one. */
  accompanied(func: NamedFunction, at: number, tookMs: number): CompanionCall;
  /** The same for one that it has failed: `tell` gives or throws what {@link import} would. */
  forsaken(
    func: NamedFunction,
    at: number,
    tookMs: number,
    tell: (call: CompanionCall) => readonly WitValue[],
  ): Promise<readonly WitValue[]>;
  /** Throws `denied` for what no worker of ours says. */
  hear(said: GuestSaid): void;
  wait(wait: GuestWait): Promise<GuestNews>;
  /** The guest function has returned. */
  conclude(results: readonly WitValue[]): void;
  fail(reason: LatticeError): void;
  /** Nobody answers the guest any more, and its unfinished streams break off; without a reason after a good end. */
  close(reason?: LatticeError): void;
}

/** An instance that stays after the call: its number in the worker, and its life. */
export interface KeptInstance {
  readonly number: number;
  readonly life: GuestLife;
}

export function createGuestRun(
  id: number,
  call: Call,
  parts: GuestRunParts,
  kept?: KeptInstance,
): GuestRun {
  const { setup, world, imports, clock, log, release } = parts;
  /** Other calls have an instance of their own, so what that chooses lasts for a call. */
  const life = kept?.life ?? createGuestLife(imports, parts.files);
  const served = world.exports.get(call.instance)?.get(call.func);
  const streaming = served !== undefined && crosses(served);
  const settling = deferred<Results>();
  const ending = deferred<void>();
  let streams: GuestStreams | undefined;
  /** Aborts when nobody waits for imports any more. */
  let gone: AbortController | undefined;
  let imported = 0;
  let responded = false;
  let closed = false;

  const ownStreams = (): GuestStreams => (streams ??= createGuestStreams(clock, release));
  /** What the worker gives, with streams that flow on. */
  const given = (values: readonly WitValue[]): Results => {
    const over: Promise<unknown>[] = [];
    const results = streaming ? ownStreams().accept(values, over) : values;
    if (over.length === 0 && !responded) return results;
    const all = Promise.all([ending.promise, ...over]).then(() => undefined);
    return flowing(results, all);
  };
  const importCall = ({ instance, func, args }: Omit<GuestImport, "callId">): ImportCall => {
    gone ??= new AbortController();
    imported++;
    return {
      id: `${call.id}.${imported}`,
      parent: call.id,
      source: call.target,
      linkNames: life.linkNames,
      instance,
      func,
      args,
      trace: call.trace,
      signal: gone.signal,
    };
  };
  const typeOf = ({ instance, func }: NamedFunction): FuncType => {
    const type = world.imports.get(instance)?.get(func);
    if (type === undefined || setup.imports.get(instance)?.functions.has(func) !== true) {
      throw new LatticeError("denied", `${setup.name} does not import ${instance}#${func}`);
    }
    return type;
  };
  /** What `ask` gives, or its failure in a form that the guest can handle, if the function has one. */
  const orErr = async (
    type: FuncType,
    ask: () => Promise<readonly WitValue[]>,
  ): Promise<readonly WitValue[]> => {
    try {
      return await ask();
    } catch (thrown) {
      const reason = asLatticeError(thrown);
      const err = errOf(type, reason);
      if (err === undefined) throw thrown;
      return [err];
    }
  };
  const importOne: GuestRun["import"] = async (request) => {
    // Before anything is waited for, so that operations on files are done in the order in which they came.
    if (request.instance === FILES && life.files !== undefined) {
      // What the instance has open is closed, and nobody would close what it opens now.
      if (closed) throw new LatticeError("aborted", "the call has ended");
      return [life.files.answer(request.func, request.args)];
    }
    const type = typeOf(request);
    const streamed = crosses(type);
    const args = streamed ? ownStreams().accept(request.args) : request.args;
    life.taken(type, "params", args);
    return orErr(type, async () => {
      const results = await imports.invoke(importCall({ ...request, args }));
      life.given(type, "results", results);
      // What the results say of their own end cannot cross.
      return streamed ? ownStreams().lend([...results]) : [...results];
    });
  };
  const accompanied: GuestRun["accompanied"] = ({ instance, func }, at, tookMs) => {
    const { args: _, linkNames: __, ...own } = importCall({ instance, func, args: [] });
    return { ...own, at, tookMs };
  };
  return {
    call,
    results: settling.promise,
    request() {
      const args = call.args.map(compact);
      const { instance, func } = call;
      if (served !== undefined) life.given(served, "params", args);
      const resident = kept && { resident: kept.number };
      const timed = call.probe && { timed: true };
      const own = { id, ...resident, ...timed, instance, func };
      return { ...own, args: streaming ? ownStreams().lend(args) : args };
    },
    import: importOne,
    accompanied,
    forsaken: (func, at, tookMs, tell) =>
      orErr(typeOf(func), async () => tell(accompanied(func, at, tookMs))),
    hear(said) {
      if (said.tag === "respond") {
        if (responded) throw new LatticeError("denied", "the worker gives results twice");
        responded = true;
        settling.resolve(given(said.results));
      } else if (said.tag === "drop") {
        life.dropped(said.handle);
      } else if (said.tag === "close") {
        life.files?.close(said.file);
      } else if (said.tag === "start") {
        ownStreams().start(said.end, importOne(said.request));
      } else {
        ownStreams().hear(said);
      }
    },
    wait: ({ ends, forMs }) => ownStreams().wait(ends, forMs),
    conclude(results) {
      if (served !== undefined) life.taken(served, "results", results);
      if (!responded) settling.resolve(given(results));
      ending.resolve();
    },
    fail(reason) {
      settling.reject(reason);
      ending.reject(reason);
      if (!responded) return;
      const { code, message: error } = reason;
      const { instance, func } = call;
      log.warn("guest.failed-late", { component: setup.name, instance, func, code, error });
    },
    close(reason) {
      closed = true;
      if (kept === undefined || reason !== undefined) life.end();
      gone?.abort(reason ?? new LatticeError("aborted", "the call has ended"));
      streams?.close(
        reason ?? new LatticeError("incomplete", "the component ended before its stream did"),
      );
    },
  };
}

/** Whether streams or futures are among its values, which cross as handles. */
function crosses(type: FuncType): boolean {
  const { streams, ioStreams } = partsOf(type);
  return streams || ioStreams;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: LatticeError) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: LatticeError) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // heard by whoever waits for it, if anybody
  return { promise, resolve, reject };
}
