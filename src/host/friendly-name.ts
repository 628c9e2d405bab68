/** Names for hosts that nobody named: adjective, noun, four digits, as wasmCloud's hosts have them. */
const ADJECTIVES = [
  "amber",
  "brisk",
  "calm",
  "deft",
  "even",
  "fleet",
  "keen",
  "lucid",
  "quiet",
  "sunny",
  "swift",
  "warm",
];
const NOUNS = [
  "brook",
  "cedar",
  "delta",
  "ember",
  "fjord",
  "grove",
  "harbor",
  "inlet",
  "meadow",
  "reef",
  "tile",
  "willow",
];

export function friendlyName(random: () => number): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(random() * words.length)] ?? "plain";
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${String(Math.floor(random() * 10_000)).padStart(4, "0")}`;
}
