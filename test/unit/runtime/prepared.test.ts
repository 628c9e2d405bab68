import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

import { ENGINE } from "../../../src/runtime/prepared.ts";

test("prepared components are kept under the release of jco that made them", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(resolve(import.meta.dirname, "../../../package.json"), "utf8"),
  );

  // An exact version: a range would let releases share files.
  expect(manifest).toMatchObject({
    devDependencies: { "@bytecodealliance/jco": expect.stringMatching(/^\d+\.\d+\.\d+$/) },
  });
  const jco = /"@bytecodealliance\/jco": "([^"]+)"/.exec(
    JSON.stringify(manifest, undefined, 1),
  )?.[1];
  expect(ENGINE.replace(/-\d+$/, "")).toBe(`jco-${jco}`);
});

test("files from before names were checked are not served any more", () => {
  expect(Number(/-(\d+)$/.exec(ENGINE)?.[1])).toBeGreaterThanOrEqual(5);
});
