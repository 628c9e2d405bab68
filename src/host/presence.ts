/** Whether this node is there for others: in its components' queue groups, and in those of the whole lattice. */
import type { View } from "../core/view.ts";

import { createSource } from "../core/view.ts";

export interface Presence {
  /** False while the node keeps out of all queue groups: frozen, or leaving. */
  readonly present: View<boolean>;
  /** Whether it may answer for the whole lattice: present, shown, and allowed to. */
  readonly available: View<boolean>;
  setPresent(present: boolean): void;
  setShown(shown: boolean): void;
}

export function createPresence(shareWork: boolean): Presence {
  const present = createSource(true);
  const available = createSource(shareWork);
  let shown = true;
  const decide = (): void => available.set(shareWork && shown && present.peek());
  return {
    present,
    available,
    setPresent(value) {
      present.set(value);
      decide();
    },
    setShown(value) {
      shown = value;
      decide();
    },
  };
}
