/**
 * The script tag, built as a classic script: joins the lattice that its data attributes name and starts their
 * components. It loads the library from beside itself, and shows nothing unless `data-badge` is there.
 */
import type * as Library from "./index.ts";
import type * as Join from "./join.ts";
import type { Joining, LatticeNode } from "./join.ts";

import { readComponents } from "./page/state/attributes.ts";
import { callsSince } from "./page/state/calls.ts";
import { joinOptions } from "./page/state/tag-options.ts";

/** What the tag leaves behind for the page's own scripts. */
export interface InlayGlobal {
  /** Rejects when the node could not join. */
  readonly node: Promise<LatticeNode>;
}

declare global {
  interface Window {
    inlay?: InlayGlobal;
  }
}

// Only a classic script that is just running is `currentScript`; anything later would be null.
const script = document.currentScript;
if (script instanceof HTMLScriptElement) window.inlay = { node: run(script) };

async function run({ src, dataset }: HTMLScriptElement): Promise<LatticeNode> {
  const options = joinOptions(dataset);
  const components = readComponents(dataset["component"] ?? "");
  // The element is most of the library, and only a badge needs it.
  const { startJoining }: typeof Join = await import(
    /* @vite-ignore */ new URL("lib/join.js", src).href
  );
  const joining = startJoining(options);
  tellOf(joining);
  if (dataset["badge"] !== undefined) await showBadge(src, joining);
  const node = await joining.joined;
  for (const component of components) node.start(component).catch(reportError);
  return node;
}

function tellOf({ view }: Joining): void {
  let before = view.peek();
  const tell = (type: string, detail: unknown): boolean =>
    document.dispatchEvent(new CustomEvent(type, { detail }));
  view.subscribe((state) => {
    const fresh = callsSince(before.calls, state.calls);
    before = state;
    tell("inlay-state", state);
    for (const call of fresh) tell("inlay-call", call);
  });
}

/** A script in the head may be here before the body is. */
async function showBadge(src: string, joining: Joining): Promise<void> {
  const { LatticeHostElement }: typeof Library = await import(
    /* @vite-ignore */ new URL("lib/index.js", src).href
  );
  if (document.readyState === "loading") {
    await new Promise((resolve) => {
      document.addEventListener("DOMContentLoaded", resolve, { once: true });
    });
  }
  const badge = new LatticeHostElement();
  badge.setAttribute("floating", "");
  badge.adopt(joining);
  document.body.append(badge);
}
