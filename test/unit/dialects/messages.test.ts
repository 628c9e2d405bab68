import { expect, test } from "vitest";

import { humanDuration } from "../../../src/dialects/json.ts";

test.each([
  { seconds: 0, words: "0s" },
  { seconds: 59, words: "59s" },
  { seconds: 200, words: "3m 20s" },
  { seconds: 3723, words: "1h 2m 3s" },
  { seconds: 86_400, words: "1day" },
  { seconds: 2 * 86_400 + 60, words: "2days 1m" },
])("$seconds s is $words, as humantime writes it", ({ seconds, words }) => {
  expect(humanDuration(seconds)).toBe(words);
});
