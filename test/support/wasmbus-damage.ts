/** A message as the wire or somebody's hands have left it. */

export function damaged(data: Uint8Array, random: () => number): Uint8Array {
  const copy = data.slice();
  switch (Math.floor(random() * 4)) {
    case 0:
      return copy.subarray(0, Math.floor(random() * copy.length));
    case 1:
      return Uint8Array.of(...copy, ...copy.subarray(0, 1 + Math.floor(random() * 20)));
    case 2:
      for (let times = 0; times < 3; times++) {
        copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
      }
      return copy;
    default: {
      // A length that nothing stands behind.
      const at = Math.floor(random() * Math.max(1, copy.length - 5));
      copy.set(
        [[0xdd, 0xdf, 0xdb, 0xc6][Math.floor(random() * 4)] ?? 0xdd, 0xff, 0xff, 0xff, 0xff],
        at,
      );
      return copy;
    }
  }
}
