/** `npm run check`: types, lint, format, dead code and unit tests, in seconds. */
import { createLifetime } from "../../src/cli/lifetime.ts";
import { CHECKS } from "./checks.ts";
import { run, runInPairs, vitest } from "./runners.ts";

async function main(): Promise<void> {
  const signal = createLifetime();
  const checks = await runInPairs(CHECKS, signal);
  const unit = await run(vitest("unit"), signal);
  if (checks.failed + unit.failed > 0) process.exitCode = 1;
}

await main();
