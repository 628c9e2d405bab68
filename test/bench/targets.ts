/** What the project wants of the figures. A target that is missed is told, and never fails the run. */
import type { CompositionRow } from "./composition.ts";
import type { Results } from "./results.ts";

export interface Verdict {
  readonly target: string;
  readonly wanted: string;
  readonly found: number;
  readonly met: boolean;
}

/** The smallest payload shows the cost of a call, the larger ones that of bytes. */
const CALL_BYTES = 64;
const SIGNED_PER_SECOND = 1_500;

export function judge({
  bodies,
  calls,
  composition,
  coldStarts,
  embedded,
  joining,
  signed,
}: Results): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  const most = (target: string, found: number | undefined, limit: number, unit: string): void => {
    if (found === undefined) return;
    verdicts.push({ target, wanted: `at most ${limit}${unit}`, found, met: found <= limit });
  };
  const least = (target: string, found: number | undefined, limit: number): void => {
    if (found === undefined) return;
    verdicts.push({ target, wanted: `at least ${limit}`, found, met: found >= limit });
  };
  const greet = calls?.find((row) => row.candidate === "wrpc greet" && row.bytes === CALL_BYTES);
  most(`wRPC p50 / raw echo p50, ${CALL_BYTES} B`, greet?.p50Ratio, 1.6, "");
  least(`wRPC calls/s / raw echo, ${CALL_BYTES} B`, greet?.throughputRatio, 0.4);
  const invocations = signed?.find((row) => row.candidate === "signed echo");
  if (invocations !== undefined) {
    const { perSecond, throughputRatio } = invocations;
    // Either will do: a machine that is busy is slow at everything.
    if (perSecond >= SIGNED_PER_SECOND) {
      least("signed calls/s", perSecond, SIGNED_PER_SECOND);
    } else {
      least("signed calls/s / raw echo", throughputRatio, 0.25);
    }
  }
  for (const { stage, longestMs } of embedded ?? []) {
    most(`longest task of a web app's own thread, ${stage}`, longestMs, 50, " ms");
  }
  const routeOf = (name: CompositionRow["route"]): CompositionRow | undefined =>
    composition?.find(({ route }) => route === name);
  const [here, within, there] = [routeOf("one tab"), routeOf("one workload"), routeOf("two tabs")];
  most("component to component in one tab, p50", here?.p50Us, 150, " us");
  if (here !== undefined && there !== undefined) {
    least("the same, one at a time, rate / rate over NATS", there.p50Us / here.p50Us, 10);
    least(
      "the same, many guests, calls/s / calls/s over NATS",
      here.perSecond / there.perSecond,
      10,
    );
  }
  if (here !== undefined && within !== undefined && there !== undefined) {
    const what = "component to component in one workload";
    most(`${what}, p50 / p50 in one tab`, within.p50Us / here.p50Us, 1.5, "");
    least(`${what}, rate / rate over NATS`, there.p50Us / within.p50Us, 10);
  }
  for (const { way, peakMb } of bodies ?? []) {
    most(`20 MB of HTTP ${way}, the browser's memory above start`, peakMb, 60, " MB");
  }
  const realistic = coldStarts?.find(({ component }) => component === "realistic");
  most("1 MB from cache, tab loaded again", realistic?.reloadedMs.median, 60, " ms");
  most("1 MB from cache, same tab", realistic?.againMs.median, 60, " ms");
  const near = joining?.find(({ place }) => place === "loopback");
  most("page open to joined, first visit", near?.firstVisitMs.median, 400, " ms");
  most("page open to joined, later visits", near?.laterVisitMs.median, 400, " ms");
  return verdicts;
}
