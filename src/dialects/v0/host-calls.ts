/**
 * What actors call of their host: a provider by contract and link name, another actor by its key or its alias, or what
 * the host does itself (wasmCloud v0.82.0 `crates/runtime/src/actor/module/wasmbus.rs`, `crates/host/src/wasmbus/mod.rs`).
 * Whatever goes wrong is a text for the actor.
 */
import type { AnswerImport, Importer } from "../../core/dialect.ts";
import type { Log } from "../../core/log.ts";
import type { WitValue } from "../../core/wit.ts";
import type { BusTarget, Names } from "./bus-targets.ts";

import { asLatticeError, LatticeError, messageOf } from "../../core/error.ts";
import { DEFAULT_LINK } from "../../core/link.ts";
import { ACTOR_GUEST, actorWorld } from "../../interfaces/actor.ts";
import { builtinOf } from "./builtins.ts";
import { demandActor, demandCapability } from "./bus-targets.ts";

export interface HostCallsParts {
  readonly names: Names;
  readonly log: Log;
}

export function createHostCalls({ names, log }: HostCallsParts): AnswerImport {
  const world = actorWorld();
  const targetOf = (importer: Importer, binding: string, namespace: string): BusTarget => {
    const link = binding === "" ? DEFAULT_LINK : binding;
    const provider = names.linked(importer.id, namespace, link);
    if (provider !== undefined) {
      demandCapability(importer, namespace);
      return { target: provider, link };
    }
    return { target: demandActor(names, namespace), link: DEFAULT_LINK };
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
