import { expect, test } from "vitest";
import type { ProviderView } from "../../../src/core/node-state.ts";

import { healthWords, providerWord } from "../../../src/page/state/providers.ts";
import { provider } from "../../support/sample-states.ts";

test.each<[Partial<ProviderView>, string, string]>([
  [{}, "Running", "running"],
  [{ accepting: false }, "Takes no calls now", "full"],
  [{ state: { phase: "starting" }, accepting: false }, "Starting", "starting"],
  [{ state: { phase: "stopping" } }, "Stopping", "stopping"],
  [{ state: { phase: "failed", error: "no" } }, "Failed", "failed"],
])("a provider with %j is %s", (changes, word, look) => {
  expect(providerWord(provider("kv", changes))).toEqual({ word, look });
});

test.each([
  [undefined, "health is looked at soon"],
  [{ healthy: true }, "healthy"],
  [{ healthy: true, message: "3 of 9 bytes are used" }, "healthy: 3 of 9 bytes are used"],
  [{ healthy: false, message: "the disk is gone" }, "not healthy: the disk is gone"],
])("health %j is told as %s", (health, words) => {
  expect(healthWords(health)).toBe(words);
});
