/**
 * Staged reloads: when the site has a new build, its files are fetched while the old one serves; then the node drains and the
 * page reloads into the new build, which has to join in time. If it does not, the service worker opens the old build again.
 */
import type { ShellVersion } from "../../core/shell.ts";
import type { Session } from "../session.ts";
import type { Shell } from "../shell.ts";

import { until } from "../../core/view.ts";
import { registerShell, stateOf } from "../shell.ts";
import { pause } from "./pause.ts";

export interface Updates {
  readonly shell: Shell;
  readonly session: Session;
  readonly everyMs: number | undefined;
  readonly trialMs: number;
  /** Whether a reload would come back as what this page is, and is not too soon. */
  readonly mayReload: () => boolean;
  /** Drains the node and reloads. */
  readonly reload: () => Promise<never>;
  /** The newest build was tried, and did not serve. */
  readonly onRefused: (refused: boolean) => void;
}

/** A node that has joined has to stay so for as long before its build counts as one that serves. */
const STEADY_MS = 5_000;
/** A build that did not serve may have been tried while the lattice was away. */
const REFUSED_FOR_MS = 6 * 3_600_000;
/** Screens that were switched on together must not all ask, drain and reload together. */
const JITTER = 0.25;

/** Until `signal` aborts. */
export async function keepUpdated(parts: Updates, signal: AbortSignal): Promise<void> {
  const { shell, session, everyMs } = parts;
  const staging = await registerShell();
  await lookBack(parts, await shell.latest());
  void settleIn(parts, signal).catch(() => undefined); // the page is about to go
  if (everyMs === undefined) return;
  for (;;) {
    const jitter = 1 - JITTER + Math.random() * 2 * JITTER;
    // oxlint-disable-next-line no-await-in-loop -- the pause between two looks
    await pause(everyMs * jitter, signal);
    // oxlint-disable-next-line no-await-in-loop -- a look
    const latest = await shell.latest();
    if (latest === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- a look
    if ((await lookBack(parts, latest)) || latest.build === shell.build) continue;
    // A kiosk that has trouble already would blame the new build for it.
    if (session.view.peek().phase !== "joined" || !parts.mayReload()) continue;
    // oxlint-disable-next-line no-await-in-loop -- a look
    if (!staging || (await stage(parts, latest.build))) await parts.reload();
  }
}

/** Says whether the newest build that the site has was tried and refused. */
async function lookBack(
  { shell, onRefused }: Updates,
  latest: ShellVersion | undefined,
): Promise<boolean> {
  const state = stateOf(await shell.ask({ type: "state" }));
  const refused = state?.refused.find(({ build }) => build === latest?.build);
  const still = refused !== undefined && Date.now() - refused.at < REFUSED_FOR_MS;
  onRefused(still);
  return still;
}

/** True if the service worker opens `build` from now on. */
async function stage({ shell, trialMs }: Updates, build: string): Promise<boolean> {
  const staged = await shell.ask({ type: "stage", build });
  if (staged?.ok !== true) return false; // half of a deployment, or the site went away: the next look tells
  const tried = await shell.ask({ type: "try", build, withinMs: trialMs });
  return tried?.ok === true;
}

/** Says that this page's build serves, once it does. */
async function settleIn({ shell, session }: Updates, signal: AbortSignal): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    await until(session.view, ({ phase }) => phase === "joined", signal);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await pause(STEADY_MS, signal);
    if (session.view.peek().phase !== "joined") continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await shell.ask({ type: "keep", build: shell.build });
    return;
  }
}
