/** How much of a volume is used, and how much of all volumes of a host together. */

/** Bytes of files by their length, and entries of directories. */
export interface Amount {
  readonly bytes: number;
  readonly entries: number;
}

export interface Meter {
  readonly used: Amount;
  /** False, and nothing is taken, if that is more than there is room for; amounts below zero give back. */
  take(amount: Amount): boolean;
}

/** What is taken here is taken of `whole` as well. */
export function createMeter(limit: Amount, whole?: Meter): Meter {
  let used: Amount = { bytes: 0, entries: 0 };
  return {
    get used() {
      return used;
    },
    take({ bytes, entries }) {
      const next = { bytes: used.bytes + bytes, entries: used.entries + entries };
      // What gives back is never refused.
      if (bytes > 0 && next.bytes > limit.bytes) return false;
      if (entries > 0 && next.entries > limit.entries) return false;
      if (whole?.take({ bytes, entries }) === false) return false;
      used = next;
      return true;
    },
  };
}
