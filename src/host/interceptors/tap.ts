/**
 * Where those who watch calls come in. While nobody does, `watcher` is absent, and a call costs the look whether that is so.
 */
import type { Call, ImportCall } from "../../core/call.ts";
import type { CallProbe } from "../../core/call-probe.ts";
import type { CallRecord } from "../../core/event.ts";
import type { EntityId } from "../../core/ids.ts";
import type { CallWay } from "../../core/watched-calls.ts";
import type { FuncType, WitValue } from "../../core/wit.ts";

export interface CallTap {
  watcher: CallWatcher | undefined;
}

/** One call that is watched. */
export interface WatchedRun extends CallProbe {
  /** It has ended, streams included. */
  ended(record: CallRecord): void;
}

export interface CallWatcher {
  /** A call begins, at `startedMs` of the clock that never goes back. `undefined` if there is no room for it. */
  begin(call: Call, way: CallWay, startedMs: number): WatchedRun | undefined;
  /** A call that a companion has answered within the call `parent`. */
  accompanied(record: CallRecord, parent: string | undefined): void;
  /** What `run` gives: the host's own answer to what `source` imports. */
  answering(
    request: ImportCall,
    source: EntityId,
    type: FuncType | undefined,
    run: () => readonly WitValue[],
  ): readonly WitValue[];
}
