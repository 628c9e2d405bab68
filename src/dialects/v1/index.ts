/** The wasmCloud 1.x dialect: control interface v1, events, and wRPC over NATS. */
import type { Call, Callee, Results } from "../../core/call.ts";
import type { Dialect, DialectParts } from "../../core/dialect.ts";

import { later } from "../../core/later.ts";
import { createSource } from "../../core/view.ts";
import { obeyLattice } from "../obedience.ts";
import { createAnnouncer } from "./announcer.ts";
import { censusWords } from "./census-words.ts";
import { createFacts } from "./facts/facts.ts";
import { controlRoutes } from "./routes.ts";
import { askForSupplement } from "./supplement.ts";

/** Speaks 1.x until `signal` aborts. */
export function createV1(parts: DialectParts, signal: AbortSignal): Dialect {
  const { lattice, host } = parts;
  const rpc = later(parts.clock, "calls over the lattice", async () => {
    const { createRpc } = await import("./rpc.ts");
    return createRpc(parts, signal);
  });
  const observing = later(parts.clock, "what other hosts tell", () => import("./observe.ts"));
  const facts = createFacts(parts);
  const sharing = createSource(false);
  return {
    generation: "v1",
    facts,
    sharing,
    obey: (commands, until) =>
      obeyLattice(
        parts,
        {
          table: controlRoutes(lattice, host),
          host: commands,
          facts: facts.status,
          words: censusWords(lattice),
          sharing,
        },
        until,
      ),
    announce: createAnnouncer(parts),
    async observe(hear, until) {
      const { observe } = await observing(until);
      return observe(parts, hear, until);
    },
    supplement: (labels, until) => askForSupplement(parts, labels, until),
    attend: async (desk, until) => (await rpc(until)).attend(desk, until),
    serve: async (served, until) => (await rpc(until)).serve(served, until),
    reach(target, world) {
      let callee: Callee | undefined;
      const find = async (call: Call): Promise<Results> => {
        callee ??= (await rpc(call.signal)).reach(target, world);
        return callee.invoke(call);
      };
      return { invoke: (call) => callee?.invoke(call) ?? find(call) };
    },
    drop(...handle) {
      // Where that cannot be told, time ends the resource.
      void rpc().then(
        (loaded) => loaded.drop(...handle),
        () => undefined,
      );
    },
  };
}
