/**
 * How much a command may make this host keep and tell. What is kept is told in events, inventories and answers to pings,
 * and what is above a server's largest payload reaches nobody: a host with too many labels could not be seen any more.
 */
import type { Annotations, Labels } from "../core/command.ts";

import { LatticeError } from "../core/error.ts";

/** Keys and values of a set of labels or annotations, all together. */
const MOST_LETTERS = 65_536;
/** Longer references are no addresses that a registry or a web server takes. */
const MOST_REFERENCE_LETTERS = 4096;
/** Each name costs a request to the lattice's store. */
const MOST_CONFIG_NAMES = 256;

interface Kept {
  readonly image: string;
  readonly annotations: Annotations;
  readonly configNames?: readonly string[];
}

/** @throws {LatticeError} `bad-input` for a workload or provider with more than a host takes. */
export function checkKept({ image, annotations, configNames = [] }: Kept): void {
  if (image.length > MOST_REFERENCE_LETTERS) {
    throw tooMany("image reference", image.length, MOST_REFERENCE_LETTERS, "characters");
  }
  checkTexts("annotations", annotations);
  if (configNames.length > MOST_CONFIG_NAMES) {
    throw tooMany("configuration", configNames.length, MOST_CONFIG_NAMES, "names");
  }
}

/** @throws {LatticeError} `bad-input` for more letters than {@link MOST_LETTERS}. */
export function checkTexts(what: string, texts: Labels): void {
  let letters = 0;
  for (const [key, value] of texts) letters += key.length + value.length;
  if (letters > MOST_LETTERS) throw tooMany(what, letters, MOST_LETTERS, "characters");
}

function tooMany(what: string, met: number, most: number, unit: string): LatticeError {
  return new LatticeError("bad-input", `${what} of ${met} ${unit}: ${most} at most`);
}
