/**
 * Long runs of forgeries: how many, how long they may take, and what is told of them. `INLAY_FORGERIES=1000000` makes a run
 * of a million, each of which can be made again by its number alone.
 */
import type { Check } from "../../src/dialects/v0/checks.ts";
import type { Invocation } from "../../src/dialects/v0/invocation.ts";
import type { Forgery } from "./wasmbus-cast.ts";
import type { Forger } from "./wasmbus-forger.ts";

import { readInvocation } from "../../src/dialects/v0/invocation.ts";
import { seeded } from "./wasmbus-forger.ts";

const wanted: string | undefined = process.env["INLAY_FORGERIES"];
export const FORGERIES: number = Number(wanted ?? 10_000);
if (!Number.isSafeInteger(FORGERIES) || FORGERIES < 1000) {
  throw new Error(`INLAY_FORGERIES is a number from 1000 on, met "${wanted}"`);
}

/** Milliseconds that a run may take: a machine that is busy with other things needs two for a forgery. */
export const TIME_LIMIT_MS: number = 60_000 + 8 * FORGERIES;

/** Every check; a run that never failed one of them has not tried. */
export const CHECKS: readonly Check[] = [
  "early",
  "expired",
  "hash",
  "host-id",
  "id",
  "issuer",
  "meta",
  "origin",
  "replay",
  "signature",
  "subject",
  "target",
  "token",
];

/** Number `index` of all forgeries. */
export function forgeryOf(forger: Forger, index: number): Promise<Forgery> {
  return forger.forge(seeded(index));
}

export function readable(data: Uint8Array): Invocation | undefined {
  try {
    return readInvocation(data);
  } catch {
    return undefined;
  }
}

/** Throws unless `check` is what had to be found wrong with it. */
export function demandCheck({ name, expected }: Forgery, index: number, check: Check): void {
  if (expected === "not genuine") return;
  const checks: readonly string[] = typeof expected === "string" ? [expected] : [...expected];
  if (checks.includes(check)) return;
  const said = checks.join(" or ");
  throw new Error(`${name} (forgery ${index}) failed "${check}", and not "${said}"`);
}

/** How many there were of each name. */
export interface Tally {
  add(name: string): void;
  readonly counts: Readonly<Record<string, number>>;
}

export function createTally(): Tally {
  const counts: Record<string, number> = {};
  return { counts, add: (name) => void (counts[name] = (counts[name] ?? 0) + 1) };
}

/** Of a long run, what was found; of a usual one nothing. */
export function report(who: string, found: object): void {
  if (wanted !== undefined) console.log(`${who}: ${JSON.stringify(found)}`);
}
