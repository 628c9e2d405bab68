/** Who this kiosk is by what its address says now, and what it was told once. Secrets leave the address at once. */
import type { Credentials } from "../../core/credentials.ts";
import type { Enrolment, KeptCredentials } from "../state/enrolment.ts";

import { forgetEnrolment, hasUserKey, keepEnrolment, keptEnrolment } from "../../enrolment.ts";
import { browserKey } from "../../index.ts";
import { planOf } from "../state/enrolment-plan.ts";
import { asEnrolment, credentialsFor, readEnrolment } from "../state/enrolment.ts";
import { readQuery } from "../state/settings.ts";

export interface Enrolled {
  /** What the page is to do: the address's query, else the one that was kept. */
  readonly query: string;
  /** What the node is to show its servers, made anew for each try. */
  credentials(): Promise<Credentials | undefined>;
  /** False if a reload would lose the credentials of this start. */
  readonly lasting: boolean;
  readonly complaint: string | undefined;
  /** What the address asks and a person has to allow. */
  readonly question: Question | undefined;
}

export interface Question {
  readonly words: string;
  /** Does it, and starts the page anew. Rejects if storage does not take it. */
  allow(): Promise<void>;
}

/** Reads and wipes the address before anything is awaited. */
export async function enrol(): Promise<Enrolled> {
  const reading = readEnrolment(location.hash);
  const given = new URLSearchParams(location.search);
  const forget = given.has("forget");
  given.delete("forget");
  const asked = given.size === 0 ? "" : `?${given.toString()}`;
  if (reading.meant || forget) goTo(asked);

  let complaint = reading.complaint;
  const safely = async <T>(doing: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch {
      complaint ??= `This browser's storage did not let the kiosk ${doing} its enrolment.`;
      return undefined;
    }
  };
  let kept = asEnrolment(await safely("read", keptEnrolment));
  const hasKey = (await safely("read", hasUserKey)) ?? false;
  const plan = planOf({ query: asked, forget, reading, kept, hasKey });
  let stored = false;
  if (plan.kind === "keep") {
    kept = plan.enrolment;
    await safely("keep", async () => {
      await keepEnrolment(plan.enrolment);
      stored = true;
    });
  }
  const asking = plan.kind === "ask";
  // As enrolled, also after a reload: nothing of what is asked has been allowed.
  const refused = asking && kept !== undefined;
  if (refused) goTo("");
  const query = asked === "" || refused ? (kept?.query ?? "") : asked;
  const { servers } = readQuery(query).node;
  const own = asking ? undefined : reading.credentials;
  if (own === undefined && kept?.credentials !== undefined) {
    if (credentialsFor(kept, servers) === undefined) {
      complaint ??= "The kept credential is for other servers: enrol this kiosk again for these.";
    }
  }
  return {
    query,
    credentials: async () => usable(own ?? credentialsFor(kept, servers)),
    lasting: own === undefined || stored,
    complaint,
    question: asking
      ? { words: plan.words, allow: async () => allow(plan.enrolment, asked) }
      : undefined,
  };
}

async function allow(enrolment: Enrolment | undefined, asked: string): Promise<void> {
  await (enrolment === undefined ? forgetEnrolment() : keepEnrolment(enrolment));
  goTo(asked);
  location.reload();
}

/**
 * Takes a credential out of the address of a kiosk that runs already, where it would stay for all to read. It is not used:
 * who a kiosk is, is decided when it starts. `told` hears a sentence about it.
 */
export function wipeLateEnrolments(told: (complaint: string) => void): void {
  const look = (): void => {
    if (!readEnrolment(location.hash).meant) return;
    goTo(location.search);
    told(
      "An enrolment came with the address while this kiosk ran, and was not used: open it in a new tab.",
    );
  };
  addEventListener("hashchange", look);
  look();
}

function goTo(query: string): void {
  history.replaceState(null, "", `${location.pathname}${query}`);
}

async function usable(kept: KeptCredentials | undefined): Promise<Credentials | undefined> {
  if (kept === undefined || !("browserKey" in kept)) return kept;
  const key = await browserKey();
  return kept.jwt === undefined ? { key } : { key, jwt: kept.jwt };
}
