import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROTOCOL_ROWS } from "../support/protocol-rows.ts";
import { protocolTable, shownRows, TABLE_FILE } from "../support/protocol-table.ts";

test("each row of the protocols has a test that shows it", () => {
  const shown = shownRows();
  const rows = Object.entries(PROTOCOL_ROWS).flatMap(([group, all]) =>
    Object.keys(all).map((row) => `${group}: ${row}`),
  );

  expect(rows.filter((row) => !shown.has(row))).toEqual([]);
});

test("docs/protocol-coverage.md says what the tests say (npm run docs:protocol)", () => {
  expect(unpadded(readFileSync(TABLE_FILE, "utf8"))).toBe(unpadded(protocolTable()));
});

/** The formatter pads the cells of tables. */
function unpadded(markdown: string): string {
  return markdown.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
}
