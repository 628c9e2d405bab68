/** The state of the node for its page: gathered at once, told not too often. */
import type { NodeSetup } from "../../channels/node.ts";
import type { NodeView } from "../../host/view.ts";

import { createNodeView } from "../../host/view.ts";
import { VERSION } from "../../version.ts";

/** The page hears of changes at most this often, but of a new phase at once. */
const SHOW_EVERY_MS = 100;
/** The same for what is urgent. */
const HURRY_EVERY_MS = 50;

/** `tell` is called with the view when the page is to hear of it. */
export function createShownState(setup: NodeSetup, tell: (view: NodeView) => void): NodeView {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: string | undefined;
  let shownMs = -Infinity;
  /** What the timer waits for must not wait longer. */
  let hurried = false;
  const show = (): void => {
    clearTimeout(timer);
    timer = undefined;
    hurried = false;
    shownMs = performance.now();
    shown = view.facts.phase;
    tell(view);
  };
  const view = createNodeView({
    initial: {
      phase: "connecting",
      error: undefined,
      hostId: undefined,
      friendlyName: setup.name,
      lattice: setup.lattice ?? "default",
      version: VERSION,
      bridge: undefined,
      labels: setup.labels ?? {},
      control: { phase: "connecting" },
      rpc: { phase: "connecting" },
      users: {},
      facts: { phase: "reading" },
      sharing: false,
    },
    now: () => performance.timeOrigin + performance.now() - setup.timeOrigin,
    changed(urgent = false) {
      if (view.facts.phase !== shown) return show();
      if (!urgent) {
        timer ??= setTimeout(show, SHOW_EVERY_MS);
      } else if (!hurried) {
        const waitMs = shownMs + HURRY_EVERY_MS - performance.now();
        if (waitMs <= 0) return show();
        clearTimeout(timer);
        timer = setTimeout(show, waitMs);
        hurried = true;
      }
    },
  });
  return view;
}
