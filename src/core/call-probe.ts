/** What those who watch calls are told while one runs, past what its record has. Nobody watches: there is no probe. */
import type { FuncType, WitValue } from "./wit.ts";

/** Of one call in its guest, as the guest's worker measures it, in milliseconds. */
export interface GuestTimes {
  /** From the guest's function to its end, waiting included. */
  readonly ranMs: number;
  /** Of it: waiting for what the guest imports. */
  readonly waitedMs: number;
}

export interface CallProbe {
  /** The values that the call is made with. They are looked at now, as far as they are there: no stream is read. */
  given(type: FuncType, args: readonly WitValue[]): void;
  /** The same of what it gives. */
  gave(type: FuncType, results: readonly WitValue[]): void;
  /** It waits in line from now on. */
  queued(): void;
  /** An instance has it from now on. */
  begun(): void;
  /** Its worker has answered; `times` where that has measured. */
  answered(times: GuestTimes | undefined): void;
  /** Counts the time that `run` takes, and gives what it gives. */
  timed<T>(what: Coding, run: () => T): T;
}

export type Coding = "encode" | "decode";

/** What `run` gives, measured if somebody watches. */
export function timed<T>(probe: CallProbe | undefined, what: Coding, run: () => T): T {
  return probe === undefined ? run() : probe.timed(what, run);
}
