/** What a view is: a module of its own, loaded when it is first opened. */
import type { TemplateResult } from "lit";
import type { LatticeNode, NodeState } from "../../index.ts";
import type { PageActions } from "../session.ts";
import type { ViewId } from "../state/views.ts";

/** What a view shows and may ask for. */
export interface ViewContext {
  readonly state: NodeState;
  /** Present while the page is a member of a lattice. */
  readonly node: LatticeNode | undefined;
  readonly actions: PageActions | undefined;
}

/** What the module of a view gives: its elements are defined by then. */
export interface ViewModule {
  readonly view: (context: ViewContext) => TemplateResult;
}

/** Views that are loaded when they are opened; the first one is the page's own. */
export const VIEW_MODULES: Readonly<Record<Exclude<ViewId, "tab">, () => Promise<ViewModule>>> = {
  topology: () => import("./topology.ts"),
  components: () => import("./components.ts"),
  calls: () => import("./calls.ts"),
  rates: () => import("./rates.ts"),
  links: () => import("./links.ts"),
  log: () => import("./log.ts"),
  safety: () => import("./safety.ts"),
};
