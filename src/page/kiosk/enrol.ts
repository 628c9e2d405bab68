/** Who this kiosk is by what its address says now, and what it was told once. Secrets leave the address at once. */
import type { Credentials } from "../../core/credentials.ts";
import type { KeptCredentials } from "../state/enrolment.ts";

import { forgetEnrolment, keepEnrolment, keptEnrolment } from "../../enrolment.ts";
import { browserKey } from "../../index.ts";
import { asEnrolment, credentialsFor, enrolmentOf, readEnrolment } from "../state/enrolment.ts";
import { readQuery } from "../state/settings.ts";

export interface Enrolled {
  /** What the page is to do: the address's query, else the one that was kept. */
  readonly query: string;
  /** What the node is to show its servers, made anew for each try. */
  credentials(): Promise<Credentials | undefined>;
  /** False if a reload would lose the credentials of this start. */
  readonly lasting: boolean;
  readonly complaint: string | undefined;
}

/** Reads and wipes the address before anything is awaited. */
export async function enrol(): Promise<Enrolled> {
  const reading = readEnrolment(location.hash);
  const given = new URLSearchParams(location.search);
  const forget = given.has("forget");
  given.delete("forget");
  const asked = given.size === 0 ? "" : `?${given.toString()}`;
  if (reading.meant || forget) history.replaceState(null, "", `${location.pathname}${asked}`);

  let complaint = reading.complaint;
  const safely = async <T>(doing: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch {
      complaint ??= `This browser's storage did not let the kiosk ${doing} its enrolment.`;
      return undefined;
    }
  };
  if (forget) await safely("forget", forgetEnrolment);
  let kept = asEnrolment(await safely("read", keptEnrolment));
  let stored = false;
  if (reading.keep) {
    kept = enrolmentOf(asked, reading);
    const value = kept;
    await safely("keep", async () => {
      await keepEnrolment(value);
      stored = true;
    });
  }
  const query = asked === "" ? (kept?.query ?? "") : asked;
  const { servers } = readQuery(query).node;
  const own = reading.credentials;
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
  };
}

async function usable(kept: KeptCredentials | undefined): Promise<Credentials | undefined> {
  if (kept === undefined || !("browserKey" in kept)) return kept;
  const key = await browserKey();
  return kept.jwt === undefined ? { key } : { key, jwt: kept.jwt };
}
