/** What is said of forged calls and of the watch for them. */
import type { WatchState } from "../../core/alarm.ts";
import type { NodeState } from "../../core/node-state.ts";

import { count, short } from "./figures.ts";

/** Which check a call failed, by its name in an alarm. */
const CHECKS: Readonly<Partial<Record<string, string>>> = {
  "host-id": "It names no host.",
  token: "It has no readable signature.",
  expired: "Its signature has expired.",
  early: "Its signature is not in force yet.",
  signature: "Its signature is wrong.",
  issuer: "A cluster that is not trusted has signed it.",
  meta: "Its signature is about no call.",
  target: "It was signed for another target or operation.",
  origin: "It was signed for another caller.",
  hash: "It was signed with another argument.",
  id: "Its signature is that of another call.",
  subject: "It was sent to somebody else than it is for.",
  replay: "It is a copy of an earlier call.",
};

export function checkWords(check: string): string {
  return CHECKS[check] ?? `It failed the check “${check}”.`;
}

/** `wasmbus://wasmcloud/httpserver/default/VABC…` without its scheme, and keys by their ends. */
export function partyWords(url: string): string {
  const words = url
    .replace(/^wasmbus:\/\//, "")
    .replaceAll(/[A-Z][A-Z2-7]{55}/g, (key) => short(key, 6, 4));
  return words === "" ? "nobody" : words;
}

/** Absent where nobody watches. */
export function watchWords(watch: WatchState): string | undefined {
  const { phase, genuine, forged, unverified, unchecked } = watch;
  if (phase === "off") return undefined;
  if (phase === "denied") {
    return "These credentials do not let this tab see the calls of others: only those that come to it are checked.";
  }
  const seen = count(genuine + forged + unverified);
  const blind = unverified === 0 ? "" : `, ${count(unverified)} could not be read`;
  const missed =
    unchecked === 0 ? "" : `, and ${count(unchecked)} went by unchecked: too many came at once`;
  return `Of ${seen} calls in the lattice, ${count(forged)} ${forged === 1 ? "was" : "were"} forged${blind}${missed}.`;
}

/** Whether there is anything to show. */
export function hasSafety({ watch, alarms }: Pick<NodeState, "watch" | "alarms">): boolean {
  return watch.phase !== "off" || alarms.length > 0;
}
