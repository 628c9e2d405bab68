/**
 * What a kiosk was told once and keeps: where it joins, and by which credential. In IndexedDB, so that it is on no screen,
 * in no address and in no request; whoever can run scripts on this origin, or read the browser's profile, can read it.
 */
import { openDatabase, read, remove, write } from "./storage/idb.ts";

export { hasUserKey } from "./storage/keys.ts";

const NAME = "enrolment";

/** What was kept, for its reader to judge; `undefined`: nothing. */
export async function keptEnrolment(): Promise<unknown> {
  const database = await openDatabase();
  try {
    return await read(database, "keys", NAME);
  } finally {
    database.close();
  }
}

/** In the place of what was kept before. `value` must be of the kind that structured clones take. */
export async function keepEnrolment(value: unknown): Promise<void> {
  const database = await openDatabase();
  try {
    await write(database, "keys", NAME, value);
  } finally {
    database.close();
  }
}

export async function forgetEnrolment(): Promise<void> {
  const database = await openDatabase();
  try {
    await remove(database, "keys", NAME);
  } finally {
    database.close();
  }
}
