/** A view of what is made of the states of another one. */
import type { View } from "../../core/view.ts";

/** What `of` makes of each state of `view`: once for each that somebody looks at. */
export function mapped<T, U>(view: View<T>, of: (state: T) => U): View<U> {
  let last: { readonly state: T; readonly made: U } | undefined;
  const make = (state: T): U => {
    if (last === undefined || !Object.is(last.state, state)) last = { state, made: of(state) };
    return last.made;
  };
  return {
    peek: () => make(view.peek()),
    subscribe: (listener, signal) => view.subscribe((state) => listener(make(state)), signal),
  };
}
