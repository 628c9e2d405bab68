/** What is checked about the sources without running them. */
import { step, type Runner } from "./runners.ts";

/** Each world with its own globals: the page and library, the workers, Node, the tests. */
const WORLDS = [
  "tsconfig.json",
  "src/workers/tsconfig.json",
  "src/cli/tsconfig.json",
  "test/tsconfig.json",
];

export const CHECKS: readonly Runner[] = [
  ...WORLDS.map((config) => step(`types of ${config}`, "tsc", "-p", config, "--noEmit")),
  step("lint", "oxlint", "--deny-warnings"),
  step("format", "oxfmt", "--check"),
  step("dead code", "knip"),
];
