/** Keeps the components of a kiosk running: what could not be started, or has broken, is started again with growing pauses. */
import type { LatticeNode, View } from "../../index.ts";
import type { ComponentSetting } from "../state/attributes.ts";

import { until } from "../../core/view.ts";
import { pauseMs } from "../state/pauses.ts";
import { pause } from "./pause.ts";

/** For each node that joins, until it leaves. What the lattice stops stays stopped. */
export function keepStarted(
  node: View<LatticeNode | undefined>,
  components: readonly ComponentSetting[],
): void {
  let life: AbortController | undefined;
  node.subscribe((joined) => {
    life?.abort();
    if (joined === undefined) return;
    life = new AbortController();
    const { signal } = life;
    for (const component of components) {
      void keepOne(joined, component, signal).catch(() => undefined); // the node has left
    }
  });
}

async function keepOne(
  node: LatticeNode,
  { id, image }: ComponentSetting,
  signal: AbortSignal,
): Promise<never> {
  const phaseOf = (): string | undefined =>
    node.view.peek().workloads.find((each) => each.id === id)?.state.phase;
  for (let failures = 0; ; failures++) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      await node.start({ id, image });
      failures = 0;
      // oxlint-disable-next-line no-await-in-loop -- until it breaks
      await until(node.view, () => phaseOf() === "failed", signal);
    } catch {
      signal.throwIfAborted(); // else the node's log has why
    }
    // oxlint-disable-next-line no-await-in-loop -- the pause between
    await pause(pauseMs(failures, Math.random), signal);
  }
}
