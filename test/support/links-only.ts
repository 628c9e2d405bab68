/** A lattice that keeps links and nothing else. */
import type { Facts } from "../../src/core/facts.ts";

import { createSource } from "../../src/core/view.ts";

export function factsWith(links: Facts["links"]): Facts {
  const nothing = (): Promise<never> => Promise.reject(new Error("this lattice keeps links only"));
  return {
    status: createSource({ phase: "live" }),
    links,
    claims: createSource(new Map()),
    follow: () => Promise.resolve(),
    putLink: nothing,
    removeLink: nothing,
    learn: () => undefined,
    introduce: () => Promise.resolve(),
    putConfig: nothing,
    removeConfig: nothing,
    readConfig: nothing,
    followConfig: nothing,
  };
}
