/**
 * `npm test`: brings what the tests need, runs all of them, and ends with one line: `N passed, N failed`.
 *
 * A run that crashes, a test that is skipped and a table row that finds no tests count as failed.
 */
import { availableParallelism } from "node:os";
import { createLifetime } from "../../src/cli/lifetime.ts";
import { NATS_SERVER } from "../../src/cli/nats-server.ts";
import { bring, thisMachine, type Tool } from "../../src/cli/tools.ts";
import { messageOf } from "../../src/core/error.ts";
import { CHECKS } from "./checks.ts";
import { playwright, run, runInPairs, step, vitest, type Counts, type Runner } from "./runners.ts";

const TOOLS: readonly Tool[] = [
  NATS_SERVER,
  {
    name: "Chromium",
    commands: ["chromium"],
    debianPackage: "chromium",
    brew: "brew install --cask chromium",
    elsewhere: "install Chromium as /usr/bin/chromium",
  },
  {
    name: "Firefox",
    commands: ["firefox-esr", "firefox"],
    debianPackage: "firefox-esr",
    brew: "brew install --cask firefox",
    elsewhere: "install Firefox as firefox",
  },
];

/** One stage after the other. Those of one stage run at the same time: each waits for servers or browsers half of the time. */
const STAGES: readonly (readonly Runner[])[] = [
  [step("build", "tsx", "src/cli/build.ts")],
  // Left to itself the runner keeps a processor free, which of two is half of them.
  [vitest("unit", availableParallelism())],
  [vitest("lattice", 2), vitest("browser")],
  [playwright()],
];

async function main(): Promise<Counts> {
  const signal = createLifetime();
  const machine = thisMachine((line) => console.log(line));
  for (const tool of TOOLS) console.log(`${tool.name}: ${bring(tool, machine)}`);
  const total = { ...(await runInPairs(CHECKS, signal)) };
  for (const stage of STAGES) {
    const [only, ...others] = stage;
    // oxlint-disable-next-line no-await-in-loop -- they share two cores, and the build's output
    const { passed, failed } = await (only === undefined || others.length > 0
      ? runInPairs(stage, signal)
      : run(only, signal));
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

function conclude({ passed, failed }: Counts): void {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main().then(conclude, (error: unknown) => {
  console.error(messageOf(error));
  conclude({ passed: 0, failed: 1 });
});
