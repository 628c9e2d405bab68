/**
 * `wasmcloud:bus/lattice` of 0.82: a component chooses whom calls of an interface go to from now on, by a link name or to an actor.
 * The choice is the instance's own (wasmCloud v0.82.0 `crates/runtime/src/actor/component/bus.rs`).
 *
 * The handle of a `target-interface` is the name of the interface without version: `wasi:keyvalue/eventual`.
 */
import type { AnswerImport } from "../../core/dialect.ts";
import type { Names } from "./bus-targets.ts";

import { LatticeError } from "../../core/error.ts";
import { handleOf, nameOf } from "../../interfaces/import-mapping.ts";
import { listOf, stringOf } from "../../interfaces/parts.ts";
import { demandActor, targetEntity } from "./bus-targets.ts";

/** Without version: later ones have other functions. */
export const BUS_LATTICE = "wasmcloud:bus/lattice";

/** Static functions by the interface that each names. */
const NAMED: ReadonlyMap<string, string> = new Map(
  [
    "wasi:blobstore/blobstore",
    "wasi:keyvalue/atomic",
    "wasi:keyvalue/eventual",
    "wasi:logging/logging",
    "wasmcloud:messaging/consumer",
    "wasi:http/outgoing-handler",
  ].map((name) => [`[static]target-interface.${name.replaceAll(/[:/]/g, "-")}`, name]),
);

export function createBusLattice(names: Names): AnswerImport {
  return async ({ func, args }, importer) => {
    const named = NAMED.get(func);
    if (named !== undefined) return [handleOf(named)];
    if (func === "[constructor]target-interface") {
      const [namespace, pkg, name] = args.map(stringOf);
      return [handleOf(`${namespace}:${pkg}/${name}`)];
    }
    if (func !== "set-target") {
      throw new LatticeError("import-unmet", `this host does not offer ${BUS_LATTICE}#${func}`);
    }
    const [target, handles] = args;
    const meant = targetEntity(target);
    importer.direct(
      listOf(handles).map(nameOf),
      "link" in meant ? meant : { target: () => demandActor(names, meant.actor) },
    );
    return [];
  };
}
