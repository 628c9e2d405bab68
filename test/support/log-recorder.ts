/** A log that keeps what it is told, for tests to read. */
import { createLog, type Log, type LogEntry } from "../../src/core/log.ts";

export interface LogRecorder {
  readonly log: Log;
  readonly entries: readonly LogEntry[];
  /** Resolves with the first entry of that event, also one of before. */
  readonly heard: (event: string) => Promise<LogEntry>;
}

export function recordLog(): LogRecorder {
  const entries: LogEntry[] = [];
  const waiting = new Map<string, (entry: LogEntry) => void>();
  return {
    entries,
    log: createLog(
      () => 0,
      (entry) => {
        entries.push(entry);
        waiting.get(entry.event)?.(entry);
      },
    ),
    heard(event) {
      const past = entries.find((entry) => entry.event === event);
      if (past !== undefined) return Promise.resolve(past);
      return new Promise((resolve) => waiting.set(event, resolve));
    },
  };
}
