/** Where calls with handles of resources have to go: the place that the handles name. */
import type { Call } from "../core/call.ts";
import type { FuncType, WitValue, World } from "../core/wit.ts";

import { LatticeError } from "../core/error.ts";
import { isOwn, ownHandles, seeParams, seeResults } from "../wire/own-handles.ts";
import { randomId, readHandle } from "../wire/resource-handle.ts";
import { partsOf, type Handle } from "../wire/type-parts.ts";

/**
 * The place of the exporter's own handles among the arguments of `call`, by its `world`; `undefined` if there are none.
 *
 * @throws {LatticeError} `bad-input` if they name more than one.
 */
export function placeOf(world: World, call: Call): string | undefined {
  const type = world.exports.get(call.instance)?.get(call.func);
  if (type === undefined || !ownHandles(type).taken) return undefined;
  return onlyPlace(type, call, isOwn);
}

/** The same for a caller, who has the exporter's handles under the name of the interface, or in WIT text under none. */
export function placeForCaller(type: FuncType, call: Call): string | undefined {
  return partsOf(type).handles ? onlyPlace(type, call, theirs(call)) : undefined;
}

/** The place of a handle that the exporter has given among `results`. */
export function placeGiven(
  type: FuncType,
  call: Pick<Call, "instance">,
  results: readonly WitValue[],
): string | undefined {
  let place: string | undefined;
  seeResults(type, results, theirs(call), (_, value) => (place ??= readHandle(value)?.place));
  return place;
}

/** Whether `handle` leads to `place`. */
export function isHandleOf(place: string, handle: Uint8Array): boolean {
  return readHandle(handle)?.place === place;
}

/** The name of a new session, as {@link Call.session} has it. */
export const newSession: () => string = randomId;

/** Whether a call of the function has to do with resources of its exporter, as a caller sees its type. */
export function hasHandles(type: FuncType): boolean {
  return partsOf(type).handles;
}

function theirs({ instance }: Pick<Call, "instance">): (handle: Handle) => boolean {
  return ({ of }) => of === undefined || of === instance;
}

function onlyPlace(
  type: FuncType,
  { instance, func, args }: Call,
  meant: (handle: Handle) => boolean,
): string | undefined {
  let found: string | undefined;
  seeParams(type, args, meant, (_, value) => {
    const place = readHandle(value)?.place;
    if (place === undefined) return;
    if (found !== undefined && found !== place) {
      throw new LatticeError(
        "bad-input",
        `${instance}#${func} was given handles that do not go together: some that live in different nodes`,
      );
    }
    found = place;
  });
  return found;
}
