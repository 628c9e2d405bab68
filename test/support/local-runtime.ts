/**
 * A {@link Runtime} whose components are TypeScript functions: for tests of the engine and the protocols, where
 * what executes a component is not the subject.
 */
import type { Call, Callee, Importee } from "../../src/core/call.ts";
import type { SignedClaims } from "../../src/core/claims.ts";
import type { Component, Pool, PoolLoad, RunOptions, Runtime } from "../../src/core/runtime.ts";
import type { WitValue, World } from "../../src/core/wit.ts";

import { LONGEST_TIMER_MS } from "../../src/core/clock.ts";
import { LatticeError } from "../../src/core/error.ts";
import { digest } from "../../src/core/ids.ts";
import { createSource, until } from "../../src/core/view.ts";

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
  /** By `instance#func`; gives the result, or throws. */
  readonly functions: LocalFunctions;
  /** Functions that need imports; made for each call. */
  readonly guest?: (importing: Importing, call: Call) => LocalFunctions;
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
    digest: digest("0".repeat(64)),
    sizeBytes: 0,
    world: component.world,
    claims: component.claims,
    run: (options: RunOptions) => Promise.resolve(poolOf(component, options)),
  };
}

function importingOf(imports: Importee, call: Call): Importing {
  const linkNames = new Map<string, string>();
  let count = 0;
  return (instance, func, ...args) => {
    const { trace, signal } = call;
    const id = `${call.id}.${++count}`;
    const source = call.target;
    return imports.invoke({ id, source, linkNames, instance, func, args, trace, signal });
  };
}

function poolOf(
  { functions, guest, load: given, world }: LocalComponent,
  { imports, limits: { callDeadlineMs } }: RunOptions,
): Pool {
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
    const own = guest?.(importingOf(imports, call), call);
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
  return {
    load,
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
