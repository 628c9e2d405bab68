/** What JSON of all control interfaces is made of. */

export function plain(map: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(map);
}

/** Whole seconds as the Rust crate `humantime` writes them: `0s`, `3m 20s`, `1day 2h`. */
export function humanDuration(seconds: number): string {
  const units = [
    { name: "year", plural: "s", size: 31_557_600 },
    { name: "month", plural: "s", size: 2_630_016 },
    { name: "day", plural: "s", size: 86_400 },
    { name: "h", plural: "", size: 3600 },
    { name: "m", plural: "", size: 60 },
    { name: "s", plural: "", size: 1 },
  ];
  let rest = Math.floor(seconds);
  const words: string[] = [];
  for (const { name, plural, size } of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count}${name}${count > 1 ? plural : ""}`);
  }
  return words.length === 0 ? "0s" : words.join(" ");
}
