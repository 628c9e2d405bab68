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
import { asLatticeError, LatticeError } from "../../src/core/error.ts";
import { digest, entityId } from "../../src/core/ids.ts";
import { createSource, until } from "../../src/core/view.ts";
import { copyParams, copyResults } from "../../src/interfaces/copies.ts";
import { partsOf } from "../../src/wire/type-parts.ts";

type LocalFunctions = Readonly<Record<string, (...args: WitValue[]) => unknown>>;

/** Calls an import, as the guest that serves this call. */
export type Importing = (
  instance: string,
  func: string,
  ...args: WitValue[]
) => Promise<readonly WitValue[]>;

export interface LocalComponent {
  readonly world: World;
  /** As if somebody had signed it. */
  readonly claims?: SignedClaims;
  /** 64 digits; default all 0. */
  readonly digest?: string;
  /** By `instance#func`; gives the result, or throws. */
  readonly functions: LocalFunctions;
  /** Functions that need imports; made for each call. */
  readonly guest?: (importing: Importing, call: Call) => LocalFunctions;
  /** Its guests never wait, so that it may run beside its callers; default false. */
  readonly portable?: boolean;
  /** Hears of each call that comes to its own pool. */
  readonly onInvoke?: (call: Call) => void;
  /** Set by tests to take part in admission: what `load` says. */
  readonly load?: ReturnType<typeof createSource<PoolLoad>>;
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
    run: (options: RunOptions) => Promise.resolve(poolOf(component, options)),
  };
}

/** What a worker does of this: a guest that has chosen links asks its host, all others ask a companion first. */
function importingOf(imports: Importee, call: Call, companions: LocalCompanions): Importing {
  const linkNames = new Map<string, string>();
  let count = 0;
  return async (instance, func, ...args) => {
    const { trace, signal } = call;
    const id = `${call.id}.${++count}`;
    const request = { id, source: call.target, linkNames, instance, func, args, trace, signal };
    const answer = linkNames.size > 0 ? undefined : companions.get(`${instance}#${func}`);
    return answer === undefined ? imports.invoke(request) : answer(request);
  };
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
    const began = performance.now();
    const done = (): CompanionCall => {
      const { id, source, trace, signal } = request;
      const tookMs = performance.now() - began;
      return { id, source, instance, func, trace, signal, at: Date.now(), tookMs };
    };
    try {
      const call = { ...request, args, target: entityId("target"), link: "default" };
      const nothing = (): Promise<never> => Promise.reject(new Error("it imports nothing"));
      const own = { ...functions, ...guest?.(nothing, call) }[`${instance}#${func}`];
      const result = own?.(...args);
      const results = copyResults(type, type.result === undefined ? [] : [result]);
      witness.ended(done());
      return results;
    } catch (thrown) {
      return witness.failed(done(), asLatticeError(thrown));
    }
  }
}

function poolOf(
  component: LocalComponent,
  { imports, limits: { callDeadlineMs } }: RunOptions,
): Pool {
  const { functions, guest, load: given, world } = component;
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
    const own = guest?.(importingOf(imports, call, companions), call);
    const run = own?.[`${instance}#${func}`] ?? functions[`${instance}#${func}`];
    if (run === undefined) throw new LatticeError("not-found", `no ${instance}#${func}`);
    shift(1);
    try {
      const result = await Promise.race([run(...args), rejected(signal)]);
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
    ...(component.portable === true ? { portable: new LocalPortable(component) } : { accompany }),
    invoke,
    resize: () => undefined,
    async drained(signal) {
      await until(load, ({ running }) => running === 0, signal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Rejects with the signal's reason when it aborts. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
