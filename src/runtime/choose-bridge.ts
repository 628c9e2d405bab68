/** The way in which guests wait in this browser, chosen before there is any guest. */
import type { Bridge } from "../core/node-state.ts";

import { LatticeError } from "../core/error.ts";

/** What decides about a bridge. */
export interface BridgeFeatures {
  /** JavaScript Promise Integration: `WebAssembly.Suspending` and `promising`. */
  readonly jspi: boolean;
  /** Shared memory between workers: the page is cross-origin isolated. */
  readonly isolated: boolean;
}

/** The features of the realm that asks; workers of a page have the page's. */
export function bridgeFeatures(): BridgeFeatures {
  return {
    jspi: "Suspending" in WebAssembly && "promising" in WebAssembly,
    isolated: "crossOriginIsolated" in globalThis && globalThis.crossOriginIsolated,
  };
}

/**
 * The bridge to use: the best one for `auto`, else the wanted one.
 *
 * @throws {LatticeError} `unsupported` if the wanted one is not to be had here.
 */
export function chooseBridge(
  wanted: Bridge | "auto",
  features: BridgeFeatures = bridgeFeatures(),
): Bridge {
  const { jspi, isolated } = features;
  if (wanted === "auto") return jspi ? "jspi" : isolated ? "atomics" : "sync";
  if (wanted === "jspi" && !jspi) {
    throw new LatticeError("unsupported", `the bridge "jspi" needs ${NEEDS.jspi}`);
  }
  if (wanted === "atomics" && !isolated) {
    throw new LatticeError("unsupported", `the bridge "atomics" needs ${NEEDS.isolated}`);
  }
  return wanted;
}

/** What each bridge needs, in words. */
export const NEEDS: Readonly<Record<"jspi" | "isolated", string>> = {
  jspi: "a browser with JavaScript Promise Integration (Chrome 137, Firefox 153, Safari 27 or newer)",
  isolated: "a cross-origin isolated page (served with COOP and COEP headers)",
};
