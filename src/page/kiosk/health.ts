/** Tells how a kiosk is: `inlay-health` on the document, and the labels `inlay.kiosk` and `inlay.kiosk-reasons` in the lattice. */
import type { LatticeNode, View } from "../../index.ts";
import type { Health } from "../state/kiosk-health.ts";

/** What passes within a moment is no news for a lattice. */
const SETTLED_MS = 2_000;

/** Gives the function that is told of each look, new or not. */
export function tellHealth(node: View<LatticeNode | undefined>): (health: Health) => void {
  let last: Health | undefined;
  /** What the present node's labels say. */
  let labelled = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  const label = async (): Promise<void> => {
    timer = undefined;
    const joined = node.peek();
    if (joined === undefined || last === undefined || textOf(last) === labelled) return;
    const { level, reasons } = last;
    labelled = textOf(last);
    await joined.label("inlay.kiosk", level === "ok" ? "ok" : "degraded");
    await joined.label("inlay.kiosk-reasons", reasons.join(" ") || undefined);
  };
  const plan = (): void => {
    timer ??= setTimeout(() => void label().catch(() => undefined), SETTLED_MS); // a node that has left is told by its own events
  };
  node.subscribe(() => {
    labelled = "";
    plan();
  });
  return (health) => {
    if (last !== undefined && textOf(last) === textOf(health)) return;
    last = health;
    document.dispatchEvent(new CustomEvent("inlay-health", { detail: health }));
    plan();
  };
}

function textOf({ level, reasons }: Health): string {
  return [level, ...reasons].join(" ");
}
