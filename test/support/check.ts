/** `npm run check`: types, lint, format, dead code and unit tests, in seconds. */
import { createLifetime } from "../../src/cli/lifetime.ts";
import { CHECKS } from "./checks.ts";
import { run, vitest } from "./runners.ts";

async function main(): Promise<void> {
  const signal = createLifetime();
  let failed = 0;
  for (const check of [...CHECKS, vitest("unit")]) {
    // oxlint-disable-next-line no-await-in-loop -- side by side their output would mix
    failed += (await run(check, signal)).failed;
  }
  if (failed > 0) process.exitCode = 1;
}

await main();
