import { expect, test } from "vitest";

import { addressOf, VIEW_IDS, viewOf } from "../../../src/page/state/views.ts";

test("each view is found by its address", () => {
  expect(VIEW_IDS.map((id) => viewOf(addressOf(id)))).toEqual(VIEW_IDS);
});

test.each(["", "#", "#/", "#/nowhere", "#seed=SU", "#links"])(
  "%j names no view but the first",
  (hash) => {
    expect(viewOf(hash)).toBe("tab");
  },
);
