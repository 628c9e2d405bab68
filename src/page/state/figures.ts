/** Figures as people read them: durations, sizes, times of day, counts, digests. */

/** `0.42 ms`, `12.3 ms`, `431 ms`, `2.40 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** `812 B`, `61.8 KiB`, `3.2 MiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** `12 408`: thin spaces, the same in every language. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

/** Calls in a second: `0`, `0.4`, `48`, `5 120`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0";
  return perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond));
}

/** `14:03:09.218` of local time. */
export function timeOfDay(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** First and last digits of a long id or digest. */
export function short(text: string, head = 8, tail = 4): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/**
 * Place of a duration on a scale of decades from 0.1 ms to 10 s, 0 to 1. Fixed, so that a bar drawn now means the
 * same as one drawn a minute ago.
 */
export function onScale(ms: number): number {
  const decades = Math.log10(Math.max(ms, 0.1) / 0.1);
  return Math.min(1, Math.max(0.02, decades / 5));
}
