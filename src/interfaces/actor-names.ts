/** The interfaces of actors by name, for those who need no types of them. */
import type { Call } from "../core/call.ts";

/** What calls an actor: `call(operation, argument)`. */
export const ACTOR_GUEST = "wasmbus:actor/guest";
/** What an actor calls: `call(binding, namespace, operation, argument)`. */
export const ACTOR_HOST = "wasmbus:actor/host";

/** Longest operation that is shown, in UTF-16 units. */
const MOST_SHOWN = 200;

/** What is called, as people know it: of an actor the operation, since it has but one function; of anything else the function. */
export function shownFunction({
  instance,
  func,
  args,
}: Pick<Call, "instance" | "func" | "args">): string {
  const [operation] = args;
  if (instance !== ACTOR_GUEST || typeof operation !== "string") return func;
  return operation.slice(0, MOST_SHOWN);
}
