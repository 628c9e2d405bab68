/** What runs in a host, as one view: made anew when somebody looks, told of as often as anything changes. */
import type { Source, View } from "../../core/view.ts";
import type { Host } from "../host-parts.ts";
import type { Running } from "./watch.ts";

/** `changes` is set whenever something of the host has changed. */
export function runningOf(
  host: Pick<Host, "entries" | "providers">,
  changes: Source<object>,
): View<readonly Running[]> {
  const peek = (): readonly Running[] => [
    ...host
      .entries()
      .flatMap(({ spec: { id }, workload }): Running[] =>
        workload === undefined ? [] : [{ id, kind: "component", world: workload.component.world }],
      ),
    ...host
      .providers()
      .flatMap(({ request: { id }, provider }): Running[] =>
        provider === undefined ? [] : [{ id, kind: "provider", world: provider.world }],
      ),
  ];
  return {
    peek,
    subscribe: (listener, signal) => changes.subscribe(() => listener(peek()), signal),
  };
}
