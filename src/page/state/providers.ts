/** What is said of an in-page provider. */
import type { ProviderView } from "../../core/node-state.ts";

/** Its state in a word, and the state whose look it takes. */
export function providerWord({ state, accepting, health }: ProviderView): {
  readonly word: string;
  readonly look: "starting" | "running" | "stopping" | "failed" | "full";
} {
  switch (state.phase) {
    case "starting":
      return { word: "Starting", look: "starting" };
    case "stopping":
      return { word: "Stopping", look: "stopping" };
    case "failed":
      return { word: "Failed", look: "failed" };
    case "running":
      if (health?.healthy === false) return { word: "Unhealthy", look: "failed" };
      return accepting
        ? { word: "Running", look: "running" }
        : { word: "Takes no calls now", look: "full" };
  }
}

export function healthWords(health: ProviderView["health"]): string {
  if (health === undefined) return "health is looked at soon";
  const words = health.message === undefined ? "" : `: ${health.message}`;
  return `${health.healthy ? "healthy" : "not healthy"}${words}`;
}
