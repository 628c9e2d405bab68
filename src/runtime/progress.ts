/** The steps of loading as a stream that only goes forward: what is tried again, or found elsewhere, tells nothing twice. */
import type { LoadProgress, LoadStage } from "../core/workload.ts";

const ORDER: readonly LoadStage[] = [
  "resolve",
  "fetch",
  "verify",
  "transpile",
  "compile",
  "subscribe",
];

/** `tell`, without what was told already: no earlier stage, and of one stage only more bytes, or a total that is new. */
export function forward(tell: (progress: LoadProgress) => void): (progress: LoadProgress) => void {
  let last: LoadProgress | undefined;
  return (given) => {
    const next = within(given);
    if (last !== undefined && !follows(last, next)) return;
    last = next;
    tell(next);
  };
}

function follows(last: LoadProgress, next: LoadProgress): boolean {
  const steps = ORDER.indexOf(next.stage) - ORDER.indexOf(last.stage);
  if (steps !== 0) return steps > 0;
  const more = (next.bytes ?? 0) - (last.bytes ?? 0);
  return more > 0 || (more === 0 && last.totalBytes === undefined && next.totalBytes !== undefined);
}

/** A body may be longer than was announced, which is an error soon, and no progress. */
function within(progress: LoadProgress): LoadProgress {
  const { bytes, totalBytes } = progress;
  if (bytes === undefined || totalBytes === undefined || bytes <= totalBytes) return progress;
  return { ...progress, bytes: totalBytes };
}
