/** The palette against WCAG 2.2 AA: 4.5:1 for text, 3:1 for the borders of controls and for lamps. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { badgeStyle } from "../../../src/page/style/badge.ts";

const css = readFileSync(new URL("../../../src/page/style/tokens.css", import.meta.url), "utf8");
const [lightText = "", darkText = ""] = css.split("prefers-color-scheme: dark");
const light = tokensOf(lightText);
const SCHEMES = [
  { scheme: "light", tokens: light },
  { scheme: "dark", tokens: new Map([...light, ...tokensOf(darkText)]) },
];

const TEXTS = ["ink", "ink-soft", "ink-faint", "ok", "wait", "bad"];
const SURFACES = ["paper", "sheet", "well"];
const PAIRS = [
  ...TEXTS.flatMap((text) => SURFACES.map((surface) => ({ text, surface, ratio: 4.5 }))),
  { text: "ink", surface: "wait-wash", ratio: 4.5 },
  { text: "bad", surface: "bad-wash", ratio: 4.5 },
  { text: "sheet", surface: "ink", ratio: 4.5 },
  ...["paper", "sheet"].map((surface) => ({ text: "edge", surface, ratio: 3 })),
  { text: "ok-lamp", surface: "sheet", ratio: 3 },
  { text: "bad-lamp", surface: "sheet", ratio: 3 },
];

test.each(SCHEMES.flatMap((scheme) => PAIRS.map((pair) => ({ ...scheme, ...pair }))))(
  "$scheme: $text on $surface has $ratio:1",
  ({ tokens, text, surface, ratio }) => {
    expect(contrastOf(tokens, text, surface)).toBeGreaterThanOrEqual(ratio);
  },
);

const [lightBadge = "", darkBadge = ""] = badgeStyle.cssText.split("prefers-color-scheme: dark");
const badge = tokensOf(lightBadge);
const BADGES = [
  { scheme: "light", tokens: badge },
  { scheme: "dark", tokens: new Map([...badge, ...tokensOf(darkBadge)]) },
];
const BADGE_PAIRS = [
  ...["ink", "soft", "bad"].map((part) => ({ part, surface: "sheet", ratio: 4.5 })),
  ...["ink", "soft"].map((part) => ({ part, surface: "well", ratio: 4.5 })),
  ...["edge", "idle-lamp", "ok-lamp", "wait-lamp", "bad-lamp"].map((part) => ({
    part,
    surface: "sheet",
    ratio: 3,
  })),
];

test.each(BADGES.flatMap((scheme) => BADGE_PAIRS.map((pair) => ({ ...scheme, ...pair }))))(
  "badge, $scheme: $part on $surface has $ratio:1",
  ({ tokens, part, surface, ratio }) => {
    expect(contrastOf(tokens, part, surface)).toBeGreaterThanOrEqual(ratio);
  },
);

function contrastOf(tokens: ReadonlyMap<string, string>, one: string, other: string): number {
  const [a = NaN, b = NaN] = [one, other].map((name) => luminance(tokens.get(name) ?? ""));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function tokensOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    Array.from(text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g), ([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
}

/** WCAG 2.2, "relative luminance". NaN for anything but #rrggbb, so that a missing token fails. */
function luminance(hex: string): number {
  const [r = NaN, g = NaN, b = NaN] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
