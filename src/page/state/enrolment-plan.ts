/**
 * What a kiosk does of what its address asks, and what only after a person has pressed a button: a link is not the will of
 * whoever owns the kiosk. Without a person no link deletes or replaces an enrolment, and none has the key of this browser
 * sign what a server sends that it was not enrolled with: such a server could pass on the nonce of the true one.
 */
import type { Enrolment, FragmentReading } from "./enrolment.ts";

import { credentialsFor, enrolmentOf } from "./enrolment.ts";
import { readQuery } from "./settings.ts";

export interface Asked {
  /** Of the address, without `forget`. */
  readonly query: string;
  readonly forget: boolean;
  readonly reading: FragmentReading;
  readonly kept: Enrolment | undefined;
  /** This browser has a key already, which some server may know. */
  readonly hasKey: boolean;
}

export type EnrolmentPlan =
  /** What the address asks changes nothing that a person would have to know of. */
  | { readonly kind: "start" }
  /** Keep this, and start with it. */
  | { readonly kind: "keep"; readonly enrolment: Enrolment }
  /** Start as enrolled, and ask. `enrolment`: what is kept when a person allows it; none: the kept one is deleted. */
  | { readonly kind: "ask"; readonly words: string; readonly enrolment?: Enrolment };

/** Longest list of servers in the question, in characters. */
const LONGEST = 160;

export function planOf({ query, forget, reading, kept, hasKey }: Asked): EnrolmentPlan {
  const { credentials, keep } = reading;
  const wanted = enrolmentOf(query, reading);
  const byKey = credentials !== undefined && "browserKey" in credentials;
  if (!keep && !byKey) {
    return forget && kept !== undefined
      ? { kind: "ask", words: "This address asks this kiosk to forget its enrolment." }
      : { kind: "start" };
  }
  const keptKey = credentialsFor(kept, wanted.servers);
  const signsAlready = keptKey !== undefined && "browserKey" in keptKey;
  const same = kept !== undefined && JSON.stringify(kept) === JSON.stringify(wanted);
  const replaces = kept !== undefined && ((keep && !same) || forget);
  if (replaces || (byKey && (hasKey || kept !== undefined) && !signsAlready)) {
    return { kind: "ask", words: question(wanted, byKey), enrolment: wanted };
  }
  return keep ? { kind: "keep", enrolment: wanted } : { kind: "start" };
}

function question({ query, servers }: Enrolment, byKey: boolean): string {
  const named = servers.map((each) => each.replace(/[?#].*$/s, "")).join(", ");
  const whom = named === "" ? "this site's own server" : named;
  const shown = whom.length > LONGEST ? `${whom.slice(0, LONGEST)}…` : whom;
  const how = byKey ? ", by the key of this browser" : "";
  const runs = readQuery(query).components.length;
  const what = runs === 0 ? "" : `, to run ${runs === 1 ? "a component" : `${runs} components`}`;
  return `This address asks to enrol this kiosk with ${shown}${how}${what}.`;
}
