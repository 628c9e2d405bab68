/** The labels of a host: what auctions and spreads choose by. */
import type { Labels } from "../core/command.ts";

import { LatticeError } from "../core/error.ts";
import { checkTexts } from "./bounds.ts";

export interface LabelTable {
  all(): Labels;
  /** @throws {LatticeError} `bad-input` for a key under `hostcore.`, which tells what the host is, and for too many letters. */
  put(key: string, value: string): void;
  remove(key: string): "removed" | "absent";
  /** True if each of `constraints` stands here with exactly that value. */
  satisfy(constraints: Labels): boolean;
}

export function createLabels(initial: Labels): LabelTable {
  const labels = new Map(initial);
  return {
    all: () => new Map(labels),
    put(key, value) {
      if (key.toLowerCase().startsWith("hostcore.")) {
        throw new LatticeError("bad-input", "hostcore.* labels cannot be set dynamically");
      }
      checkTexts("labels", new Map([...labels, [key, value]]));
      labels.set(key, value);
    },
    remove: (key) => (labels.delete(key) ? "removed" : "absent"),
    satisfy: (constraints) => [...constraints].every(([key, value]) => labels.get(key) === value),
  };
}
