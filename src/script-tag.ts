/**
 * The script tag, built as a classic script: joins the lattice that its data attributes name and starts their
 * components. It loads the library from beside itself, and shows nothing unless `data-badge` is there.
 */
import type * as Library from "./index.ts";
import type * as Join from "./join.ts";
import type { Joining, LatticeNode } from "./join.ts";

import { installPinned } from "./channels/pinned.ts";
import { readComponents } from "./page/state/attributes.ts";
import { callsSince } from "./page/state/calls.ts";
import { joinOptions } from "./page/state/tag-options.ts";

/** What the tag leaves behind for the page's own scripts. */
export interface InlayGlobal {
  /** Rejects when the node could not join. */
  readonly node: Promise<LatticeNode>;
}

/** The build's files and what they must be, by their paths from this one; and those that joining begins with. */
declare const INLAY_FILES: Readonly<Record<string, string>>;
declare const INLAY_FIRST: readonly string[];

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
  const load = loaderOf(src);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the same build
  const { startJoining } = (await load("lib/join.js")) as typeof Join;
  const joining = startJoining(options);
  tellOf(joining);
  if (dataset["badge"] !== undefined) await showBadge(load, joining);
  const node = await joining.joined;
  for (const component of components) node.start(component).catch(reportError);
  return node;
}

type Load = (path: string) => Promise<unknown>;

/**
 * Files of another origin run only if they are those of this build. The page's own server may give what it likes: it could
 * change the page as well, and its workers have policies of their own.
 */
function loaderOf(src: string): Load {
  const at = (path: string): string => new URL(path, src).href;
  if (new URL(src).origin === location.origin) return (path) => import(/* @vite-ignore */ at(path));
  const files = Object.entries(INLAY_FILES).map(([path, hash]) => [at(path), hash]);
  const pinned = installPinned(Object.fromEntries(files));
  for (const path of INLAY_FIRST) pinned.warm(at(path));
  return (path) => pinned.load(at(path));
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
async function showBadge(load: Load, joining: Joining): Promise<void> {
  await load("lib/index.js");
  if (document.readyState === "loading") {
    await new Promise((resolve) => {
      document.addEventListener("DOMContentLoaded", resolve, { once: true });
    });
  }
  // By its name: the page may have a copy of the library of its own, and then that one's element is the registered one.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the library registers
  const badge = document.createElement("lattice-host") as Library.LatticeHostElement;
  badge.setAttribute("floating", "");
  badge.adopt(joining);
  document.body.append(badge);
}
