/** What a peer that calls has found, as tests. */
import { expect, test } from "vitest";
import type { Check } from "./peer-process.ts";

import { shared } from "../../support/shared.ts";

/** A test for each of `names`, which must be all that `run` finds. */
export function testChecks(
  names: readonly string[],
  run: () => Promise<ReadonlyMap<string, readonly Check[]>>,
): void {
  const found = shared(run);

  test.each(names)("%s", (name) => {
    expect(found.get(name)?.length).toBeGreaterThan(0);
    expect(found.get(name)?.filter(({ ok }) => !ok)).toEqual([]);
  });

  test("it came to its end, and found nothing else", () => {
    expect([...found.keys()].sort()).toEqual([...names].sort());
  });
}
