/**
 * A {@link Runtime} whose components are TypeScript functions: for tests of the engine and the protocols, where
 * what executes a component is not the subject.
 */
import type { Call, Callee, ImportCall, Importee } from "../../src/core/call.ts";
import type { SignedClaims } from "../../src/core/claims.ts";
import type {
  CompanionCall,
  Component,
  Pool,
  PoolLoad,
  Portable,
  RunOptions,
  Runtime,
  Witness,
} from "../../src/core/runtime.ts";
import type { WitValue, World } from "../../src/core/wit.ts";

import { LONGEST_TIMER_MS } from "../../src/core/clock.ts";
import type { Runner } from "../../src/runtime/runner.ts";
import { asLatticeError, LatticeError } from "../../src/core/error.ts";
import { digest, entityId } from "../../src/core/ids.ts";
import { createSource, until } from "../../src/core/view.ts";
import { copyParams, copyResults } from "../../src/interfaces/copies.ts";
import { openPool } from "../../src/runtime/pool.ts";
import { createResidents } from "../../src/runtime/residents.ts";
import { partsOf } from "../../src/wire/type-parts.ts";
import { recordLog } from "./log-recorder.ts";
import { realClock } from "./real-clock.ts";

type LocalFunctions = Readonly<Record<string, (...args: WitValue[]) => unknown>>;

/** Calls an import, as the guest that serves this call. */
export type Importing = (
  instance: string,
  func: string,
  ...args: WitValue[]
) => Promise<readonly WitValue[]>;

/** Drops a handle that this guest was given. */
export type Dropping = (instance: string, resource: string, handle: Uint8Array) => void;

export interface LocalComponent {
  readonly world: World;
  /** As if somebody had signed it. */
  readonly claims?: SignedClaims;
  /** 64 digits; default all 0. */
  readonly digest?: string;
  /** By `instance#func`; gives the result, or throws. */
  readonly functions: LocalFunctions;
  /** Functions that need imports; made for each call. */
  readonly guest?: (importing: Importing, call: Call, drop: Dropping) => LocalFunctions;
  /** Of a component that exports resources: the functions of one instance, to which resources are numbers. */
  readonly instance?: () => LocalInstance;
  /** Its guests never wait, so that it may run beside its callers; default false. */
  readonly portable?: boolean;
  /** Hears with what it is run. */
  readonly onRun?: (options: RunOptions) => void;
  /** Set by tests: why it has no worker any more. */
  readonly broken?: ReturnType<typeof createSource<LatticeError | undefined>>;
  /** Hears of the end of its pool. */
  readonly onEnd?: () => void;
  /** Hears of each call that comes to its own pool. */
  readonly onInvoke?: (call: Call) => void;
  /** Set by tests to take part in admission: what `load` says. */
  readonly load?: ReturnType<typeof createSource<PoolLoad>>;
}

/** An instance in which resources may live. */
export interface LocalInstance {
  readonly functions: LocalFunctions;
  drop(slot: number): void;
}

/** Components by the reference they are loaded from; any other is `image-unavailable`. */
export function localRuntime(components: Readonly<Record<string, LocalComponent>>): Runtime {
  return {
    load({ reference }) {
      const component = components[reference];
      if (component === undefined) {
        return Promise.reject(
          new LatticeError("image-unavailable", `GET ${reference} answered 404 Not Found`),
        );
      }
      return Promise.resolve(prepared(component));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function prepared(component: LocalComponent): Component {
  return {
    digest: digest(component.digest ?? "0".repeat(64)),
    sizeBytes: 0,
    world: component.world,
    claims: component.claims,
    run: async (options: RunOptions) =>
      component.instance === undefined
        ? poolOf(component, options)
        : residentPool(component, component.instance, options),
  };
}

/** The pool of real components, with instances that are objects. */
function residentPool(
  { world }: LocalComponent,
  instance: () => LocalInstance,
  { maxInstances, limits, signal }: RunOptions,
): Promise<Pool> {
  const { log } = recordLog();
  return openPool({
    name: "component",
    maxInstances,
    limits,
    clock: realClock,
    log,
    residents: (freed) => createResidents({ name: "component", world, clock: realClock, freed }),
    open: () => Promise.resolve(localRunner(instance)),
    opening: signal,
    signal: new AbortController().signal,
  });
}

function localRunner(instance: () => LocalInstance): Runner {
  const dead = new AbortController();
  const kept = new Map<number, LocalInstance>();
  const run = async ({ instance: of, func, args }: Call, resident = 0): Promise<WitValue[]> => {
    const own = kept.get(resident) ?? instance();
    kept.delete(resident);
    const found = own.functions[`${of}#${func}`];
    if (found === undefined) throw new LatticeError("not-found", `no ${of}#${func}`);
    const result = await found(...args);
    if (resident !== 0) kept.set(resident, own);
    return [result];
  };
  return {
    lost: dead.signal,
    invoke(call, resident) {
      const results = run(call, resident);
      return {
        results,
        ended: results.then(
          () => true,
          () => false,
        ),
      };
    },
    cancel: () => undefined,
    async drop(resident, slot) {
      if (slot === undefined) kept.delete(resident);
      else kept.get(resident)?.drop(slot);
    },
    end: (reason) => dead.abort(reason),
  };
}

/** What a worker does of this: a guest that has chosen links asks its host, all others ask a companion first. */
function importingOf(
  imports: Importee,
  call: Call,
  companions: LocalCompanions,
): { readonly importing: Importing; readonly drop: Dropping } {
  const linkNames = new Map<string, string>();
  let count = 0;
  const importing: Importing = async (instance, func, ...args) => {
    const { trace, signal } = call;
    const id = `${call.id}.${++count}`;
    const made = { id, parent: call.id, source: call.target, linkNames, instance, func };
    const request = { ...made, args, trace, signal };
    const answer = linkNames.size > 0 ? undefined : companions.get(`${instance}#${func}`);
    return answer === undefined ? imports.invoke(request) : answer(request);
  };
  const drop: Dropping = (instance, resource, handle) =>
    imports.drop?.({ instance, resource, handle, linkNames });
  return { importing, drop };
}

type LocalCompanions = Map<string, (request: ImportCall) => readonly WitValue[]>;

/** Answers at once, as the glue of a component does whose guests never wait: values are copied in and out of it. */
class LocalPortable implements Portable {
  readonly #component: LocalComponent;

  constructor(component: LocalComponent) {
    this.#component = component;
  }

  serves(instance: string, func: string): boolean {
    const type = this.#component.world.exports.get(instance)?.get(func);
    if (type === undefined) return false;
    const { handles, streams } = partsOf(type);
    return !handles && !streams;
  }

  answer(request: ImportCall, witness: Witness): readonly WitValue[] {
    const { functions, guest, world } = this.#component;
    const { instance, func } = request;
    const type = world.exports.get(instance)?.get(func);
    if (type === undefined) throw new Error(`no ${instance}#${func}`);
    const args = copyParams(type, request.args);
    const done = (): CompanionCall => {
      const { id, parent, source, trace, signal } = request;
      const own = parent === undefined ? {} : { parent };
      // No time at all: a machine that is busy must not make these functions slow ones, which a companion is rid of.
      return { ...own, id, source, instance, func, trace, signal, at: Date.now(), tookMs: 0 };
    };
    try {
      const call = { ...request, args, target: entityId("target"), link: "default" };
      const nothing = (): Promise<never> => Promise.reject(new Error("it imports nothing"));
      const own = { ...functions, ...guest?.(nothing, call, () => undefined) }[
        `${instance}#${func}`
      ];
      const result = own?.(...args);
      const results = copyResults(type, type.result === undefined ? [] : [result]);
      witness.ended(done());
      return results;
    } catch (thrown) {
      return witness.failed(done(), asLatticeError(thrown));
    }
  }
}

function poolOf(component: LocalComponent, options: RunOptions): Pool {
  const { functions, guest, load: given, world, broken } = component;
  const { imports, limits } = options;
  const { callDeadlineMs } = limits;
  component.onRun?.(options);
  const companions: LocalCompanions = new Map();
  const load = given ?? createSource<PoolLoad>({ running: 0, waiting: 0, accepting: true });
  const shift = (by: number): void =>
    load.set({ ...load.peek(), running: load.peek().running + by });
  const invoke: Callee["invoke"] = async (call) => {
    const { instance, func, args } = call;
    const late = new AbortController();
    const timer = setTimeout(
      () => {
        late.abort(new LatticeError("deadline", `${func} did not end within ${callDeadlineMs} ms`));
      },
      Math.min(callDeadlineMs, LONGEST_TIMER_MS),
    );
    const signal = AbortSignal.any([call.signal, late.signal]);
    component.onInvoke?.(call);
    const { importing, drop } = importingOf(imports, call, companions);
    const own = guest?.(importing, call, drop);
    const run = own?.[`${instance}#${func}`] ?? functions[`${instance}#${func}`];
    if (run === undefined) throw new LatticeError("not-found", `no ${instance}#${func}`);
    shift(1);
    call.probe?.queued();
    call.probe?.begun();
    const began = performance.now();
    try {
      const result = await Promise.race([run(...args), rejected(signal)]);
      call.probe?.answered({ ranMs: performance.now() - began, waitedMs: 0 });
      const type = world.exports.get(instance)?.get(func)?.result;
      // `undefined` is also the none of a function that gives an option.
      if (result === undefined && type === undefined) return [];
      return [type?.kind === "future" ? Promise.resolve(result) : result];
    } finally {
      clearTimeout(timer);
      shift(-1);
    }
  };
  const accompany: Pool["accompany"] = (portable, witness) => {
    if (!(portable instanceof LocalPortable)) return undefined;
    const names: string[] = [];
    return {
      lost: new AbortController().signal,
      entrust(instance, func) {
        names.push(`${instance}#${func}`);
        companions.set(`${instance}#${func}`, (request) => portable.answer(request, witness));
      },
      async dismiss() {
        for (const name of names) companions.delete(name);
      },
    };
  };
  return {
    load,
    ...(broken === undefined ? {} : { broken }),
    ...(component.portable === true ? { portable: new LocalPortable(component) } : { accompany }),
    invoke,
    resize: () => undefined,
    async drained(signal) {
      await until(load, ({ running }) => running === 0, signal);
    },
    async [Symbol.asyncDispose]() {
      component.onEnd?.();
    },
  };
}

/** Rejects with the signal's reason when it aborts. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
