/** What the address of a kiosk says of how it looks after itself. What is absent or out of range has a default. */

export interface KioskSettings {
  /** The host worker is given up after this silence. */
  readonly watchdogMs: number;
  /** How often the site is asked for a new version; `undefined`: never. */
  readonly updateEveryMs: number | undefined;
  /** How long a new version may take until it has joined. */
  readonly trialMs: number;
  /** Memory of the page above which it reloads. */
  readonly memoryBytes: number;
}

interface Range {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

const MIB = 2 ** 20;
const WATCHDOG: Range = { name: "watchdog", least: 1, most: 3600, usual: 15 };
const UPDATES: Range = { name: "updates", least: 1, most: 86_400, usual: 300 };
/** A service worker is given five minutes for one event, and the trial is one. */
const TRIAL: Range = { name: "trial", least: 5, most: 240, usual: 90 };
const MEMORY: Range = { name: "memory", least: 64, most: 65_536, usual: 2048 };

/** Reads `?watchdog=S&updates=S&trial=S&memory=MIB`; `updates=off` asks for no new versions. */
export function readKioskSettings(query: string): KioskSettings {
  const given = new URLSearchParams(query);
  const numberOf = ({ name, least, most, usual }: Range): number => {
    const text = given.get(name) ?? "";
    const value = text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : usual;
  };
  return {
    watchdogMs: numberOf(WATCHDOG) * 1000,
    updateEveryMs: given.get("updates") === "off" ? undefined : numberOf(UPDATES) * 1000,
    trialMs: numberOf(TRIAL) * 1000,
    memoryBytes: numberOf(MEMORY) * MIB,
  };
}
