/** The log as a view keeps and shows it: lines gathered over many states, filtered, and as text for a file. */
import type { LogEntry, LogLevel } from "../../core/log.ts";

/** Lines that a view keeps; the oldest go. */
export const MOST_LINES = 10_000;

export const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export interface LogLine extends LogEntry {
  /** Grows by one with each line. */
  readonly seq: number;
}

/**
 * `kept` and what `entries`, the last lines of a node, have beyond it. A node shows its last 200: where more came between two
 * looks, those are not there to be kept.
 */
export function gather(kept: readonly LogLine[], entries: readonly LogEntry[]): readonly LogLine[] {
  const last = kept.at(-1);
  const known = last === undefined ? -1 : entries.findLastIndex((entry) => same(entry, last));
  const fresh = entries.slice(known + 1);
  if (fresh.length === 0) return kept;
  const from = (last?.seq ?? -1) + 1;
  return [...kept, ...fresh.map((entry, index) => ({ ...entry, seq: from + index }))].slice(
    -MOST_LINES,
  );
}

function same(one: LogEntry, other: LogEntry): boolean {
  return one.at === other.at && one.event === other.event && words(one) === words(other);
}

/** Lines of `level` and above that have all words of `text`; a word that begins with `-` must not be there. */
export function chosen(
  lines: readonly LogLine[],
  level: LogLevel,
  text: string,
): readonly LogLine[] {
  const least = LEVELS.indexOf(level);
  const terms = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    if (LEVELS.indexOf(line.level) < least) return false;
    if (terms.length === 0) return true;
    const whole = `${line.event} ${words(line)}`.toLowerCase();
    return terms.every((term) =>
      term.length > 1 && term.startsWith("-")
        ? !whole.includes(term.slice(1))
        : whole.includes(term),
    );
  });
}

/** `subject=… problem=…`, without what is not known. */
export function words({ fields }: LogEntry): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join("  ");
}

/** One line each: time in UTC, level, event, fields. */
export function logText(lines: readonly LogLine[]): string {
  return lines
    .map((line) =>
      `${new Date(line.at).toISOString()} ${line.level.padEnd(5)} ${line.event} ${words(line)}`.trimEnd(),
    )
    .join("\n");
}
