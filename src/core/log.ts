/** Logging as a port: an event name and fields, never a sentence built by hand, never a secret. */

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = Readonly<Record<LogLevel, (event: string, fields?: LogFields) => void>>;

/** One line of the log, as views show it. */
export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that hands each entry to `write`. */
export function createLog(now: () => number, write: (entry: LogEntry) => void): Log {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void =>
      write({ at: now(), level, event, fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
