/**
 * What actors call of their host: a provider by contract and link name, another actor by its key or its alias, or what
 * the host does itself (wasmCloud v0.82.0 `crates/runtime/src/actor/module/wasmbus.rs`, `crates/host/src/wasmbus/mod.rs`).
 * Whatever goes wrong is a text for the actor.
 */
import type { ImportCall, Results } from "../../core/call.ts";
import type { Importer } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { WitValue } from "../../core/wit.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { ACTOR_GUEST, actorWorld } from "../../interfaces/actor.ts";
import { builtinOf } from "./builtins.ts";

/** Who is meant by what actors write. */
export interface Names {
  /** The provider that `source` is linked to. */
  linked(source: EntityId, contract: string, link: string): EntityId | undefined;
  /** The actor with this key or alias. */
  actor(name: string): EntityId | undefined;
}

export interface HostCallsParts {
  readonly names: Names;
  readonly log: Log;
}

export type HostCalls = (call: ImportCall, importer: Importer) => Promise<Results>;

export function createHostCalls({ names, log }: HostCallsParts): HostCalls {
  const world = actorWorld();
  const targetOf = (
    { id, claims }: Importer,
    binding: string,
    namespace: string,
  ): { readonly target: EntityId; readonly link: string } => {
    const link = binding === "" ? DEFAULT_LINK : binding;
    const provider = names.linked(id, namespace, link);
    if (provider !== undefined) {
      if (claims === undefined || claims.capabilities?.includes(namespace) === true) {
        return { target: provider, link };
      }
      throw new LatticeError("denied", `the signed claims of ${id} do not list ${namespace}`);
    }
    const actor = names.actor(namespace);
    if (actor !== undefined) return { target: actor, link: DEFAULT_LINK };
    throw new LatticeError("link-missing", "unknown actor call alias");
  };
  return async ({ args, signal }, importer) => {
    const { binding, namespace, operation, argument } = readArgs(args);
    try {
      const builtin = builtinOf(namespace);
      if (builtin !== undefined) {
        return [{ tag: "ok", val: builtin(operation, argument, { id: importer.id, log }) }];
      }
      const { target, link } = targetOf(importer, binding, namespace);
      return await importer.call(target, link, world, ACTOR_GUEST, "call", [operation, argument]);
    } catch (cause) {
      const { code } = asLatticeError(cause);
      if (signal.aborted) throw cause; // nobody waits for it
      const problem = messageOf(cause);
      log.warn("import.failed", {
        workload: importer.id,
        link: binding,
        namespace,
        func: operation,
        code,
        problem,
      });
      return [{ tag: "err", val: problem }];
    }
  };
}

interface HostCall {
  readonly binding: string;
  readonly namespace: string;
  readonly operation: string;
  readonly argument: Uint8Array;
}

function readArgs([binding, namespace, operation, argument]: readonly WitValue[]): HostCall {
  if (
    typeof binding === "string" &&
    typeof namespace === "string" &&
    typeof operation === "string" &&
    argument instanceof Uint8Array
  ) {
    return { binding, namespace, operation, argument };
  }
  throw new LatticeError("bad-input", "an actor calls with three texts and bytes");
}
