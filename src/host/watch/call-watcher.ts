/** Follows each call from its beginning to its end, and makes of it what watchers see. */
import type { Call, ImportCall } from "../../core/call.ts";
import type { Clock } from "../../core/clock.ts";
import type { CallRecord } from "../../core/event.ts";
import type { EntityId } from "../../core/ids.ts";
import type { CallTimes, CallWay, WatchedCall } from "../../core/watched-calls.ts";
import type { FuncType, WitValue } from "../../core/wit.ts";
import type { CallWatcher, WatchedRun } from "../interceptors/tap.ts";
import type { CallBasket } from "./calls.ts";

import { asLatticeError } from "../../core/error.ts";
import { withoutSecrets } from "../../interfaces/secrets.ts";
import { shownArgs, shownResults, type ShownValues } from "../../interfaces/shown-values.ts";

/** Longest text of a failure, in UTF-16 units. */
const MOST_ERROR = 1000;

export function createCallWatcher(clock: Clock, baskets: ReadonlySet<CallBasket>): CallWatcher {
  const epochMs = clock.now() - clock.monotonic();
  /** Calls that run, by the id that calls within them name. */
  const open = new Map<string, { readonly seq: number; readonly at: number }>();
  /** Calls that went to the lattice and run, by the header that they went with: what comes back with it is within them. */
  const away = new Map<string, number>();
  let last = 0;

  const room = (): boolean => [...baskets].some((basket) => basket.room());
  const put = (call: WatchedCall): void => {
    for (const basket of baskets) basket.put(call);
  };
  const miss = (): void => {
    for (const basket of baskets) basket.miss();
  };
  const parentOf = ({ id, parent, probe, trace }: Call, way: CallWay): number | undefined => {
    // A call that is passed on to where its resources live keeps its id.
    if (probe !== undefined) return open.get(id)?.seq;
    if (parent !== undefined) return open.get(parent)?.seq;
    const header = way === "served" ? trace.get("traceparent") : undefined;
    return header === undefined ? undefined : away.get(header);
  };

  return {
    begin(call, way, startedMs) {
      if (!room()) {
        // Its end is not seen; it is counted now.
        miss();
        return undefined;
      }
      const seq = ++last;
      const parent = parentOf(call, way);
      const beganMs = call.arrivedMs ?? startedMs;
      const at = epochMs + beganMs;
      const own = { seq, at };
      if (!open.has(call.id)) open.set(call.id, own);
      const header = way === "outgoing" ? call.trace.get("traceparent") : undefined;
      if (header !== undefined && !away.has(header)) away.set(header, seq);
      const values = createValues(call.instance, call.func);
      const watch = createStopwatch(clock, startedMs, call.arrivedMs);
      const run: WatchedRun = {
        ...values.probe,
        ...watch.probe,
        ended(record) {
          if (open.get(call.id) === own) open.delete(call.id);
          if (header !== undefined && away.get(header) === seq) away.delete(header);
          put({
            seq,
            ...(parent === undefined ? {} : { parent }),
            ...facesOf(record),
            way,
            at,
            tookMs: clock.monotonic() - beganMs,
            times: watch.times(),
            ...values.shown(),
          });
        },
      };
      return run;
    },
    accompanied(record, parentId) {
      if (!room()) return miss();
      const parent = parentId === undefined ? undefined : open.get(parentId);
      put({
        seq: ++last,
        ...(parent === undefined ? {} : { parent: parent.seq }),
        ...facesOf(record),
        way: "companion",
        // Its worker has a clock of its own.
        at: Math.max(record.at, parent?.at ?? 0),
        tookMs: record.tookMs,
        times: { guestMs: record.tookMs },
      });
    },
    answering(request, source, type, run) {
      if (!room()) {
        miss();
        return run();
      }
      const began = clock.monotonic();
      const values = createValues(request.instance, request.func);
      if (type !== undefined) values.probe.given(type, request.args);
      const end = (more: Pick<WatchedCall, "outcome" | "error">): void => {
        const parent = request.parent === undefined ? undefined : open.get(request.parent);
        put({
          seq,
          ...(parent === undefined ? {} : { parent: parent.seq }),
          ...answeredFaces(request, source),
          way: "host",
          at: epochMs + began,
          tookMs: clock.monotonic() - began,
          times: {},
          ...more,
          ...values.shown(),
        });
      };
      const seq = ++last;
      try {
        const results = run();
        if (type !== undefined) values.probe.gave(type, results);
        end({ outcome: "ok" });
        return results;
      } catch (cause) {
        const { code, message } = asLatticeError(cause);
        end({ outcome: "failed", error: errorText(`${code}: ${message}`) });
        throw cause;
      }
    },
  };
}

type Faces = Pick<
  WatchedCall,
  "id" | "source" | "target" | "instance" | "func" | "traceparent" | "outcome" | "error"
>;

function facesOf(record: CallRecord): Faces {
  const { id, source, target, instance, func, traceparent, outcome, error } = record;
  return {
    id,
    ...(source === undefined ? {} : { source }),
    target,
    instance,
    func,
    ...(traceparent === undefined ? {} : { traceparent }),
    outcome,
    ...(error === undefined ? {} : { error: errorText(error) }),
  };
}

function answeredFaces(
  { id, instance, func, trace }: ImportCall,
  source: EntityId,
): Pick<WatchedCall, "id" | "source" | "instance" | "func" | "traceparent"> {
  const traceparent = trace.get("traceparent");
  return { id, source, instance, func, ...(traceparent === undefined ? {} : { traceparent }) };
}

/** Guests and peers write what is in it. */
function errorText(error: string): string {
  const text = withoutSecrets(error.slice(0, 4 * MOST_ERROR));
  return text.length > MOST_ERROR ? `${text.slice(0, MOST_ERROR)}…` : text;
}

function createValues(
  instance: string,
  func: string,
): {
  readonly probe: Pick<WatchedRun, "given" | "gave">;
  shown(): Pick<WatchedCall, "args" | "result" | "cut">;
} {
  let args: ShownValues | undefined;
  let results: ShownValues | undefined;
  return {
    probe: {
      given(type: FuncType, values: readonly WitValue[]) {
        args = shownArgs(instance, func, type, values);
      },
      gave(type: FuncType, values: readonly WitValue[]) {
        results = shownResults(instance, func, type, values, args?.secret);
      },
    },
    shown() {
      const [result] = results?.values ?? [];
      return {
        ...(args === undefined ? {} : { args: args.values }),
        ...(result === undefined ? {} : { result: result.text }),
        ...(args?.cut === true || results?.cut === true ? { cut: true } : {}),
      };
    },
  };
}

function createStopwatch(
  clock: Clock,
  startedMs: number,
  arrivedMs: number | undefined,
): {
  readonly probe: Pick<WatchedRun, "queued" | "begun" | "answered" | "timed">;
  times(): CallTimes;
} {
  let queuedMs: number | undefined;
  let times: { -readonly [Part in keyof CallTimes]: CallTimes[Part] } = {};
  let begunMs: number | undefined;
  if (arrivedMs !== undefined) times.decodeMs = startedMs - arrivedMs;
  return {
    probe: {
      queued() {
        queuedMs = clock.monotonic();
      },
      begun() {
        begunMs = clock.monotonic();
        if (queuedMs !== undefined) times.queueMs = begunMs - queuedMs;
      },
      answered(guest) {
        if (begunMs === undefined) return;
        const all = clock.monotonic() - begunMs;
        if (guest === undefined) {
          times.workerMs = all;
          return;
        }
        // Each realm has a clock of its own.
        const guestMs = Math.min(guest.ranMs, all);
        times = {
          ...times,
          guestMs,
          waitedMs: Math.min(guest.waitedMs, guestMs),
          workerMs: all - guestMs,
        };
      },
      timed(what, run) {
        const began = clock.monotonic();
        try {
          return run();
        } finally {
          const part = what === "encode" ? "encodeMs" : "decodeMs";
          times[part] = (times[part] ?? 0) + clock.monotonic() - began;
        }
      },
    },
    times: () => times,
  };
}
