/** Shows the values of calls to whoever watches those. Where nobody does, a call passes as it is. */
import type { Callee } from "../../core/call.ts";
import type { World } from "../../core/wit.ts";

/** `callee`, whose functions are those of the exports of `worlds`; the first that has a function has its types. */
export function shown(worlds: readonly World[], callee: Callee): Callee {
  return {
    async invoke(call) {
      const { probe, instance, func } = call;
      if (probe === undefined) return callee.invoke(call);
      const [type] = worlds.flatMap((world) => world.exports.get(instance)?.get(func) ?? []);
      if (type === undefined) return callee.invoke(call);
      probe.given(type, call.args);
      const results = await callee.invoke(call);
      probe.gave(type, results);
      return results;
    },
  };
}
