/**
 * What a kiosk keeps over its own reloads: how often it has reloaded itself and why, and what it has counted. A page that
 * reloads itself whenever something is wrong could do nothing else all day: each reload has to wait longer than the one before.
 */

export type ReloadReason = "memory" | "version";

export interface Ledger {
  /** When it reloaded itself, in milliseconds since the epoch, oldest first; the last ones. */
  readonly reloads: readonly { readonly at: number; readonly reason: ReloadReason }[];
  readonly tally: Tally;
  /** The host id of the node before the reload. */
  readonly hostId?: string;
}

/** Over all nodes of this kiosk since its tab was opened. */
export interface Tally {
  readonly answered: number;
  /** Failed, refused, or under way in a worker that was lost. */
  readonly lost: number;
  /** Nodes that were made after the first. */
  readonly restarts: number;
}

export const EMPTY_LEDGER: Ledger = {
  reloads: [],
  tally: { answered: 0, lost: 0, restarts: 0 },
};

const HOUR_MS = 3_600_000;
/** The pause before the second reload within a day, the third, and so on. */
const PAUSES_MS = [60_000, 300_000, 900_000, HOUR_MS, 6 * HOUR_MS];
const DAY_MS = 24 * HOUR_MS;
const MOST_KEPT = 20;

/** The time before which the page must not reload itself, in milliseconds since the epoch; in the past: it may. */
export function mayReloadFrom({ reloads }: Ledger, now: number): number {
  // A clock that was set back makes reloads of the future: they count as of now.
  const recent = reloads.map(({ at }) => Math.min(at, now)).filter((at) => at > now - DAY_MS);
  const last = recent.at(-1);
  if (last === undefined) return 0;
  return last + (PAUSES_MS[Math.min(recent.length, PAUSES_MS.length) - 1] ?? 0);
}

export function withReload(ledger: Ledger, reason: ReloadReason, at: number): Ledger {
  return { ...ledger, reloads: [...ledger.reloads, { at, reason }].slice(-MOST_KEPT) };
}

/** From the text that storage gave; empty if that is something else. */
export function readLedger(text: string | null): Ledger {
  const value = parsed(text);
  if (!isRecord(value)) return EMPTY_LEDGER;
  const reloads: unknown[] = Array.isArray(value["reloads"]) ? value["reloads"] : [];
  const tally = isRecord(value["tally"]) ? value["tally"] : {};
  const { hostId } = value;
  return {
    reloads: reloads.filter(isReload).slice(-MOST_KEPT),
    tally: {
      answered: countOf(tally["answered"]),
      lost: countOf(tally["lost"]),
      restarts: countOf(tally["restarts"]),
    },
    ...(typeof hostId === "string" ? { hostId } : {}),
  };
}

function isReload(value: unknown): value is Ledger["reloads"][number] {
  if (!isRecord(value)) return false;
  const { at, reason } = value;
  return typeof at === "number" && (reason === "memory" || reason === "version");
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined; // another program's word under our name
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
