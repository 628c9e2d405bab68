/** axe-core in a page of a test: what it finds wrong, one line each. */
import type { Page } from "@playwright/test";

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type axe from "axe-core";

const SCRIPT = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** WCAG 2.2 A and AA, and axe's own best practices. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export async function violations(page: Page): Promise<readonly string[]> {
  // Not as an element: the page's own policy forbids that.
  await page.evaluate(SCRIPT);
  const results = await page.evaluate(
    (tags) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: tags,
        resultTypes: ["violations"],
      }),
    TAGS,
  );
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help} at ${target.join(" ")}: ${failureSummary}`,
    ),
  );
}
