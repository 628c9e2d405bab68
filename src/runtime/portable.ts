/** Running components as the workers of others take them: what the host holds without looking inside. */
import type { ComponentSetup } from "../channels/component.ts";
import type { Portable } from "../core/runtime.ts";
import type { Interface, World } from "../core/wit.ts";

import { partsOf } from "../wire/type-parts.ts";

/** A class, for the runtime tells its own from others by it. */
export class PortableComponent implements Portable {
  readonly setup: ComponentSetup;
  /** How long one of its calls may take. */
  readonly deadlineMs: number;
  readonly #functions: ReadonlyMap<string, Interface>;

  /** `setup` is one whose guests never wait, and `world` the component's own. */
  constructor(setup: ComponentSetup, world: World, deadlineMs: number) {
    // One instance answers all calls, in turn.
    this.setup = { ...setup, stock: 1 };
    this.deadlineMs = deadlineMs;
    this.#functions = world.exports;
  }

  serves(instance: string, func: string): boolean {
    const type = this.#functions.get(instance)?.get(func);
    const known = this.setup.exports.get(instance)?.get(func);
    if (type === undefined || known === undefined || known.refused !== undefined) return false;
    const { handles, streams } = partsOf(type);
    // What stands for an interface speaks with the host.
    return !handles && !streams && !this.setup.adapted.has(instance);
  }
}
