import { expect, test } from "vitest";

import { NO_WATCH } from "../../../src/core/alarm.ts";
import { announcement } from "../../../src/page/state/announcement.ts";
import { checkWords, hasSafety, partyWords, watchWords } from "../../../src/page/state/safety.ts";
import * as samples from "../../support/sample-states.ts";

test("every check has words of its own, and one that is new is named", () => {
  const checks = ["host-id", "token", "expired", "early", "signature", "issuer", "meta", "target"];
  const more = ["origin", "hash", "id", "subject", "replay"];
  const words = [...checks, ...more].map(checkWords);

  expect(new Set(words).size).toBe(13);
  expect(words.join(" ")).not.toContain("check");
  expect(checkWords("aura")).toBe("It failed the check “aura”.");
});

test("parties are named by what they do, and keys by their ends", () => {
  const key = `V${"BD4K7QX".repeat(8).slice(0, 55)}`;

  expect(partyWords(`wasmbus://wasmcloud/httpserver/default/${key}`)).toBe(
    `wasmcloud/httpserver/default/VBD4K7…${key.slice(-4)}`,
  );
  expect(partyWords("wasmbus://")).toBe("nobody");
});

test("the watch says what it has seen, and what it has not", () => {
  expect(watchWords(NO_WATCH)).toBeUndefined();
  expect(watchWords({ ...NO_WATCH, phase: "denied" })).toContain("only those that come to it");
  expect(watchWords(samples.watching.watch)).toBe(
    "Of 48\u2009213 calls in the lattice, 0 were forged.",
  );
  expect(
    watchWords({ phase: "watching", genuine: 1, forged: 1, unverified: 2, unchecked: 7 }),
  ).toBe(
    "Of 4 calls in the lattice, 1 was forged, 2 could not be read, and 7 went by unchecked: too many came at once.",
  );
});

test("there is a row where somebody watches or a forged call came, and it is announced", () => {
  expect(hasSafety(samples.working)).toBe(false);
  expect(hasSafety(samples.watching)).toBe(true);
  expect(hasSafety({ ...samples.attacked, watch: NO_WATCH })).toBe(true);
  expect(announcement(samples.watching, samples.attacked)).toBe("A forged call was seen.");
  expect(announcement(samples.attacked, samples.attacked)).toBe("");
});
