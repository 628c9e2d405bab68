/**
 * Calls of one client. It names itself with each call that has to do with resources, and goes back to where it got the first, so
 * that it can use together what it has made: as an instance of a component does (`host/outbound/sessions.ts`).
 */
import type { BegunCall } from "../channels/callee.ts";
import type { Call } from "../core/call.ts";
import type { EntityId } from "../core/ids.ts";
import type { FuncType, WitValue } from "../core/wit.ts";

import { asLatticeError } from "../core/error.ts";
import { seeParams, seeResults } from "../wire/own-handles.ts";
import { randomId, readHandle } from "../wire/resource-handle.ts";
import { partsOf } from "../wire/type-parts.ts";

/** Calls a function; values are as the node has them. */
export type Invoke = (
  instance: string,
  func: string,
  type: FuncType,
  args: readonly WitValue[],
) => Promise<readonly WitValue[]>;

export interface InvokeParts {
  readonly begin: (call: Call) => BegunCall;
  readonly target: EntityId;
  readonly link: string;
  /** Ends all calls. */
  readonly signal: AbortSignal;
}

const NO_TRACE: ReadonlyMap<string, string> = new Map();

export function createInvoke({ begin, target, link, signal }: InvokeParts): Invoke {
  const session = randomId();
  let place: string | undefined;
  return async (instance, func, type, args) => {
    const call: Call = {
      id: func, // the node has ids of its own
      source: undefined,
      target,
      link,
      instance,
      func,
      args,
      trace: NO_TRACE,
      signal,
    };
    const { handles, streams } = partsOf(type);
    if (!handles) return begin(call).results;
    let named = false;
    seeParams(type, args, every, () => (named = true));
    const ask = async (at: string | undefined): Promise<readonly WitValue[]> => {
      const ours = { ...call, session, ...(at === undefined ? {} : { place: at }) };
      const results = await begin(ours).results;
      let given: string | undefined;
      seeResults(type, results, every, (_, value) => (given ??= readHandle(value)?.place));
      place = given ?? place;
      return results;
    };
    // What its handles name is where it goes.
    const before = named ? undefined : place;
    try {
      return await ask(before);
    } catch (cause) {
      // All that was made there is gone, and what this call makes need not be there. What has flowed is not there twice.
      if (asLatticeError(cause).code !== "gone" || before === undefined || streams) throw cause;
      place = undefined;
      return ask(undefined);
    }
  };
}

const every = (): boolean => true;
