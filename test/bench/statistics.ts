/** Figures from samples. */

/** The value below which the share `of` of all samples lies; of sorted or unsorted samples, at least one. */
export function quantile(samples: readonly number[], of: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))];
  if (value === undefined) throw new Error("no samples");
  return value;
}

/** With an even number of samples, the mean of the middle two. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  if (low === undefined || high === undefined) throw new Error("no samples");
  return (low + high) / 2;
}

/** What the JSON file keeps of a handful of samples. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: number;
}

export function summarize(samples: readonly number[]): Summary {
  return {
    median: round(median(samples)),
    min: round(Math.min(...samples)),
    max: round(Math.max(...samples)),
    samples: samples.length,
  };
}

/** Three digits after the point: more is noise. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
