/** Finds out what this page is to do: from its address, its fragment and the file beside it. */
import type { Credentials } from "../core/credentials.ts";
import type { PageSettings } from "./state/settings.ts";

import { messageOf } from "../core/error.ts";
import { readFragment } from "./state/credentials.ts";
import {
  hasSettings,
  readQuery,
  readSiteFile,
  withDemo,
  withProxy,
  withSite,
} from "./state/settings.ts";

export interface PageStart {
  readonly settings: PageSettings;
  readonly credentials: Credentials | undefined;
  /** Servers come from the site's own file: `npm start` on this machine. */
  readonly local: boolean;
}

/** Longest wait for a file that static hosting may not have. */
const SITE_FILE_TIMEOUT_MS = 3000;

/** Reads everything once. Credentials are wiped from the address bar before anything else happens. `query`: in place of the address's. */
export async function readStart(query: string = location.search): Promise<PageStart> {
  const { credentials, complaints } = takeCredentials();
  const asked = readQuery(query);
  const settings = { ...asked, complaints: [...complaints, ...asked.complaints] };
  const site = readSiteFile(await siteFile());
  if (settings.node.servers.length > 0) {
    return { settings: withProxy(settings, site), credentials, local: false };
  }
  if (site === undefined) return { settings, credentials, local: false };
  const merged = hasSettings(query) ? withSite(settings, site) : withDemo(settings, site);
  return { settings: merged, credentials, local: true };
}

export interface Taken {
  readonly credentials: Credentials | undefined;
  /** Sentences without a word of what was given. */
  readonly complaints: readonly string[];
}

/** Reads what the fragment gives, and wipes it. */
function takeCredentials(): Taken {
  try {
    const credentials = readFragment(location.hash);
    if (credentials !== undefined) wipeFragment();
    return { credentials, complaints: [] };
  } catch (thrown) {
    wipeFragment();
    const complaint = `The credentials in the address could not be read: ${messageOf(thrown)}.`;
    return { credentials: undefined, complaints: [complaint] };
  }
}

/** The same for what comes into the address while the page is open; `taken` hears only of what was meant as a credential. */
export function watchFragment(taken: (what: Taken) => void): void {
  const look = (): void => {
    const what = takeCredentials();
    if (what.credentials !== undefined || what.complaints.length > 0) taken(what);
  };
  addEventListener("hashchange", look);
  look();
}

function wipeFragment(): void {
  history.replaceState(history.state, "", `${location.pathname}${location.search}`);
}

/** The parsed file, or `undefined` where there is none: hosting may also answer with a page of its own. */
async function siteFile(): Promise<unknown> {
  try {
    // oxlint-disable-next-line no-restricted-globals -- the page's own file, not an image
    const response = await fetch(new URL("inlay.json", document.baseURI), {
      cache: "no-store",
      signal: AbortSignal.timeout(SITE_FILE_TIMEOUT_MS),
    });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined; // absent, or not JSON: then a person is asked where to join
  }
}
