/** What serves a call within an instance: the guest's own function, or an adapter of its interface, with values of the waist. */
import type { ComponentSetup, FunctionSetup, Gives, GuestCall } from "../channels/component.ts";
import type { WitValue } from "../core/wit.ts";
import type { Instance } from "./instances.ts";
import type { GuestExports } from "./instantiate.ts";
import type { Later } from "./remote-streams.ts";

import { classOf, exportOf, interfaceOf, resultsOf, resultsOfThrown } from "./instantiate.ts";
import { after } from "./remote-streams.ts";
import { paramTypes, resultTypes } from "./resources.ts";

/** What serves `call`: the guest's function, or an adapter of its interface. `undefined` if there is no such thing. */
export function serverOf(
  setup: ComponentSetup,
  { exports, adapters, resources }: Instance,
  { instance, func, args }: GuestCall,
  { gives, type }: FunctionSetup,
  respond: (results: readonly WitValue[]) => void,
): (() => Later<readonly WitValue[]>) | undefined {
  const behind = setup.adapted.get(instance);
  if (behind === undefined) {
    const own = exportOf(exports, instance, func);
    if (own === undefined || type === undefined)
      return own && (() => attempt(() => own(...args), gives));
    // Those that it uses of its other interfaces have no class in this one.
    const ownClass = (resource: string): ReturnType<typeof classOf> =>
      classOf(exports, instance, resource) ?? onlyClassOf(setup, exports, resource);
    return () => {
      const given = (): unknown => own(...resources.in(args, paramTypes(type), ownClass));
      const outcome = attempt(given, gives);
      return after(outcome, (results) => resources.out(results, resultTypes(type)));
    };
  }
  const adapter = adapters.get(instance);
  const guest = interfaceOf(exports, behind);
  if (adapter === undefined || guest === undefined) return undefined;
  // Its results have the form of the waist already.
  return () => attempt(() => adapter(guest, { func, args, respond }), "results");
}

/** The class of a resource of that name, if the guest has one only. */
function onlyClassOf(
  setup: ComponentSetup,
  exports: GuestExports,
  resource: string,
): ReturnType<typeof classOf> {
  const [only, other] = [...setup.exports.keys()].flatMap(
    (instance) => classOf(exports, instance, resource) ?? [],
  );
  return other === undefined ? only : undefined;
}

/** The results of `run`, at once or later, with a thrown `err` turned back into a value. */
function attempt(run: () => unknown, gives: Gives | "results"): Later<readonly WitValue[]> {
  try {
    const value = run();
    if (!(value instanceof Promise)) return resultsOf(value, gives);
    return value.then(
      (later: unknown) => resultsOf(later, gives),
      (thrown: unknown) => resultsOfThrown(thrown, gives),
    );
  } catch (thrown) {
    return resultsOfThrown(thrown, gives);
  }
}
