/**
 * The resources that one instance of a guest makes elsewhere: it names itself with each call that makes some, and goes
 * back to where it got the first, so that it can use together what it has made.
 */
import type { Call, ImportCall, Results } from "../../core/call.ts";
import type { EntityId } from "../../core/ids.ts";
import type { FuncType } from "../../core/wit.ts";

import { asLatticeError } from "../../core/error.ts";
import { hasHandles, newSession, placeForCaller, placeGiven } from "../../interfaces/places.ts";

interface Session {
  readonly id: string;
  /** Where each target has made its resources for this session. */
  readonly places: Map<EntityId, string>;
}

export interface Sessions {
  /** Has `invoke` make `call` of a function of `type`, for the instance that `linkNames` stands for. */
  invoke(
    linkNames: ImportCall["linkNames"],
    type: FuncType | undefined,
    call: Call,
    invoke: (call: Call) => Promise<Results>,
  ): Promise<Results>;
}

export function createSessions(): Sessions {
  const known = new WeakMap<ImportCall["linkNames"], Session>();
  const sessionOf = (linkNames: ImportCall["linkNames"]): Session => {
    let session = known.get(linkNames);
    if (session === undefined) {
      known.set(linkNames, (session = { id: newSession(), places: new Map() }));
    }
    return session;
  };
  return {
    async invoke(linkNames, type, call, invoke) {
      if (type === undefined || !hasHandles(type)) return invoke(call);
      const { id: session, places } = sessionOf(linkNames);
      const { target } = call;
      const ask = async (at: string | undefined): Promise<Results> => {
        const results = await invoke({
          ...call,
          session,
          ...(at === undefined ? {} : { place: at }),
        });
        const place = placeGiven(type, call, results);
        if (place !== undefined) places.set(target, place);
        return results;
      };
      const named = placeForCaller(type, call);
      const before = named ?? places.get(target);
      try {
        return await ask(before);
      } catch (cause) {
        // All that was made there is gone, and what this call makes need not be there.
        if (asLatticeError(cause).code !== "gone" || before === undefined || named !== undefined) {
          throw cause;
        }
        places.delete(target);
        return ask(undefined);
      }
    },
  };
}
