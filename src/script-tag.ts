/**
 * The script tag, built as a classic script: joins the lattice that its data attributes name and starts their
 * components. It loads the library from beside itself, and shows nothing unless `data-badge` is there.
 */
import type * as Library from "./index.ts";
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
  const library: typeof Library = await import(
    /* @vite-ignore */ new URL("lib/index.js", src).href
  );
  const joining = library.startJoining(options);
  tellOf(joining);
  if (dataset["badge"] !== undefined) await showBadge(library, joining);
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
async function showBadge(library: typeof Library, joining: Joining): Promise<void> {
  if (document.readyState === "loading") {
    await new Promise((resolve) => {
      document.addEventListener("DOMContentLoaded", resolve, { once: true });
    });
  }
  const badge = new library.LatticeHostElement();
  badge.setAttribute("floating", "");
  badge.adopt(joining);
  document.body.append(badge);
}
