import { expect, test } from "vitest";

import {
  adopted,
  expired,
  kept,
  keptBuilds,
  NO_SHELL,
  opened,
  readShellState,
  staged,
  tried,
} from "../../../src/workers/shell-state.ts";

const [ONE, TWO] = ["build-one", "build-two"];
const UNTIL = 1_000;

test("the first build that is complete opens, and later ones wait until they are tried", () => {
  const first = staged(NO_SHELL, ONE);

  expect(first.current).toBe(ONE);
  expect(staged(first, TWO)).toBe(first);
});

test("a new build opens on trial, with the old one behind it", () => {
  const trying = tried(staged(NO_SHELL, ONE), TWO, UNTIL);

  expect(trying).toMatchObject({ current: TWO, previous: ONE });
  expect(keptBuilds(trying)).toEqual([TWO, ONE]);
});

test("a build that is kept in time stays", () => {
  const serving = kept(tried(staged(NO_SHELL, ONE), TWO, UNTIL), TWO);

  expect(expired(serving, TWO, UNTIL + 1)).toBe(serving);
  expect(opened(serving, UNTIL + 1).current).toBe(TWO);
});

test("the word of a page of another build keeps nothing", () => {
  const trying = tried(staged(NO_SHELL, ONE), TWO, UNTIL);

  expect(kept(trying, ONE)).toBe(trying);
});

test.each([
  { how: "by its time", back: expired(tried(staged(NO_SHELL, ONE), TWO, UNTIL), TWO, UNTIL) },
  { how: "when it is opened too late", back: opened(tried(staged(NO_SHELL, ONE), TWO, 0), 1) },
])("a build that is not kept goes back, $how, and is remembered", ({ back }) => {
  expect(back.current).toBe(ONE);
  expect(back.trial).toBeUndefined();
  expect(back.refused.map(({ build }) => build)).toEqual([TWO]);
});

test("a build that reloads itself again and again goes back before its time", () => {
  let state = tried(staged(NO_SHELL, ONE), TWO, UNTIL);
  const seen: (string | undefined)[] = [];

  for (let load = 0; load < 6; load++) {
    state = opened(state, 1);
    seen.push(state.current);
  }

  expect(seen).toEqual([TWO, TWO, TWO, TWO, ONE, ONE]);
});

test("other pages take the newest build, but not from a kiosk", () => {
  const page = staged(NO_SHELL, ONE);
  const kiosk = kept(page, ONE);

  expect(adopted(page, TWO).current).toBe(TWO);
  expect(adopted(kiosk, TWO)).toBe(kiosk);
});

test("what was kept is read as it was, and anything else as nothing", () => {
  const trying = tried(staged(NO_SHELL, ONE), TWO, UNTIL);

  expect(readShellState(JSON.parse(JSON.stringify(trying)))).toEqual(trying);
  for (const other of [undefined, null, [], "x", { current: 5, refused: [1, { build: 2 }] }]) {
    expect(readShellState(other)).toEqual(NO_SHELL);
  }
});
