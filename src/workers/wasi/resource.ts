/**
 * Resources as the glue wants them: objects of classes that are dropped by `Symbol.dispose`, must not be dropped before
 * their children, and trap the guest when it breaks a rule.
 */
import type { Life } from "../life.ts";
import type { Later, RemoteStreams } from "../remote-streams.ts";

import { LatticeError } from "../../core/error.ts";

/** The component instance that holds resources. */
export interface Holder {
  readonly life: Life;
  readonly streams: RemoteStreams;
  /** Lets others have the worker now and then: a guest that polls what is always ready would never give way. */
  readonly breathe: () => Later<void>;
}

/** Ends the call and the instance, as an `unreachable` of the guest would. */
export function trap({ life }: Holder, rule: string): never {
  const reason = new LatticeError("guest-trapped", `the component trapped: ${rule}`);
  // The glue makes an `err` of what is thrown where a function has one, and may hang where it has none.
  life.fail(reason);
  throw reason;
}

/** As the glue spells it, for browsers that lack the symbol. */
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("dispose");

export class Resource {
  readonly holder: Holder;
  readonly #parent: Resource | undefined;
  #children = 0;
  #gone = false;

  constructor(holder: Holder, parent?: Resource) {
    this.holder = holder;
    this.#parent = parent;
    if (parent !== undefined) parent.#children++;
  }

  /** Ends the handle: it is dropped, or consumed by a function. Traps while there are children. */
  release(): void {
    if (this.#gone) return;
    if (this.#children > 0) {
      trap(this.holder, "it dropped or gave away a resource before what it had made from it");
    }
    this.#gone = true;
    if (this.#parent !== undefined) this.#parent.#children--;
  }

  /** Called by the glue when the guest drops its handle. */
  [DISPOSE](): void {
    if (this.#gone) return;
    this.release();
    this.dropped();
  }

  /** What follows when a handle is dropped that no function has consumed. */
  dropped(): void {}
}

/**
 * `kind` as one guest has it: its constructor calls pass `holder` first, and `statics` stand in for static functions
 * that need it too. The prototype stays the same for all instances; the glue compares by it.
 */
export function constructible<T extends object>(
  kind: T,
  holder: Holder,
  statics: Readonly<Record<string, unknown>> = {},
): T {
  return new Proxy(kind, {
    construct(target, args: unknown[]): object {
      holder.life.touched = true;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only classes are passed
      return Reflect.construct(target as new (...args: unknown[]) => object, [holder, ...args]);
    },
    get: (target, key): unknown =>
      typeof key === "string" && Object.hasOwn(statics, key)
        ? statics[key]
        : Reflect.get(target, key),
  });
}
