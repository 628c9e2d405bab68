/** The state as data attributes of `<html>`, which scripts and tests wait for. */
import type { NodeState } from "../../core/node-state.ts";

/** `undefined`: the attribute is absent. */
export interface DocumentState {
  readonly nodeState: string;
  readonly nodeError: string | undefined;
  readonly hostId: string | undefined;
}

export function documentState(state: NodeState): DocumentState {
  return { nodeState: state.phase, nodeError: state.error?.code, hostId: state.hostId };
}

/** Writes `state` to the data attributes of `element`. */
export function writeDocumentState(
  element: HTMLElement,
  state: DocumentState | Readonly<Record<string, string | undefined>>,
): void {
  for (const [key, value] of Object.entries(state)) {
    if (value === undefined) delete element.dataset[key];
    else if (element.dataset[key] !== value) element.dataset[key] = value;
  }
}
