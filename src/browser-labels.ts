/** The labels by which the lattice knows a tab: what it is, and which browser. */

export interface BrowserNames {
  readonly userAgent: string;
}

const FAMILIES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["edge", /Edg\/([\d.]+)/],
  ["opera", /OPR\/([\d.]+)/],
  ["firefox", /Firefox\/([\d.]+)/],
  ["chrome", /(?:Headless)?Chrom(?:e|ium)\/([\d.]+)/],
  ["safari", /Version\/([\d.]+).*Safari\//],
];

export function browserLabels({ userAgent }: BrowserNames): ReadonlyMap<string, string> {
  const labels = new Map([
    ["hostcore.arch", "wasm32"],
    ["hostcore.os", "browser"],
    ["hostcore.osfamily", "browser"],
  ]);
  for (const [name, pattern] of FAMILIES) {
    const version = pattern.exec(userAgent)?.[1];
    if (version === undefined) continue;
    labels.set("inlay.browser", name);
    labels.set("inlay.browser-version", version);
    return labels;
  }
  return labels.set("inlay.browser", "unknown");
}
