/** Takes HTTP requests for members of sets, by the serving end of 1.x's wRPC and the names of `ingress-names.ts`. */
import type { Dialect, DialectParts, Served } from "../../core/dialect.ts";
import type { EntityId } from "../../core/ids.ts";
import type { World } from "../../core/wit.ts";

import { LatticeError } from "../../core/error.ts";
import { later } from "../../core/later.ts";
import { createSource } from "../../core/view.ts";
import { hostTarget, ingressLattice, setTarget } from "./ingress-names.ts";

const HANDLER = /^wrpc:http\/incoming-handler@/;

/** Serves until `signal` aborts. */
export function createIngress(
  parts: DialectParts,
  signal: AbortSignal,
): NonNullable<Dialect["ingress"]> {
  const lattice = ingressLattice(parts.lattice);
  const rpc = later(parts.clock, "HTTP over the lattice", async () => {
    const { createRpc } = await import("../v1/rpc.ts");
    return createRpc({ ...parts, lattice }, signal);
  });
  return async (served, { set, hosts }, until) => {
    const exports = [...served.world.exports].filter(([instance]) => HANDLER.test(instance));
    if (exports.length === 0) {
      throw new LatticeError("unsupported", `${served.id} does not take HTTP requests`);
    }
    const world: World = { imports: new Map(), exports: new Map(exports) };
    const targets = new Set(
      hosts.flatMap((host) => [hostTarget(host), setTarget(set, host) ?? hostTarget(host)]),
    );
    const { serve } = await rpc(until);
    // All or none: what one of them cannot have leaves none of the others behind.
    const ended = new AbortController();
    const either = AbortSignal.any([until, ended.signal]);
    try {
      const places = await Promise.all(
        [...targets].map((target) => serve(at(target, world, served), either)),
      );
      const broken = createSource<LatticeError | undefined>(undefined);
      for (const place of places) {
        place.broken?.subscribe((reason) => broken.set(reason), until);
        // One that was refused meanwhile.
        broken.set(broken.peek() ?? place.broken?.peek());
      }
      return {
        async drain() {
          await Promise.all(places.map((place) => place.drain()));
        },
        broken,
      };
    } catch (cause) {
      ended.abort(cause);
      throw cause;
    }
  };
}

/** Under another name in the lattice, and under its own for whoever sees its calls. */
function at(target: EntityId, world: World, served: Served): Served {
  const { callee, accepting, deadlineMs } = served;
  return {
    id: target,
    world,
    callee,
    accepting,
    deadlineMs,
    intercept(callee) {
      const known = served.intercept(callee);
      return { invoke: (call) => known.invoke({ ...call, target: served.id }) };
    },
  };
}
