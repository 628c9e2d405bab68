import { defineConfig } from "@playwright/test";
import { CHROMIUM_FLAGS } from "./test/support/chromium.ts";

export default defineConfig({
  testDir: "test/e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results",
  fullyParallel: true,
  // Two of the stories at a time, as there are processors in the machine that decides; and beside them one of those tests that
  // wait for minutes (`test/e2e/waits.ts`).
  workers: 3,
  projects: [
    { name: "waits", grep: /@waits/, workers: 1 },
    { name: "stories", grepInvert: /@waits/, workers: 2 },
  ],
  retries: 0,
  forbidOnly: true,
  // What a failing test may take until it is given up: the machine may do ten other things.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: process.env["CI"] === undefined ? "list" : [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: { executablePath: "/usr/bin/chromium", args: CHROMIUM_FLAGS },
  },
});
