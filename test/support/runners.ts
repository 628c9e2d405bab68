/** Test runners and checks as rows of a table: how each is run, and how its passed and failed tests are counted. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

export interface Runner {
  readonly name: string;
  /** A program, of this project's packages or of the system, and its arguments. */
  readonly command: (report: string) => readonly string[];
  /** Added to the environment. */
  readonly env?: (report: string) => Readonly<Record<string, string>>;
  /** Counts what the run wrote to the file `report`. Without it the run counts as one test. */
  readonly count?: (report: unknown) => Counts;
}

/** Longest that one runner may take. */
const DEADLINE_MS = 30 * 60_000;

/** A program that passes or fails as a whole. */
export function step(name: string, ...command: readonly string[]): Runner {
  return { name, command: () => command };
}

/** A project of vite.config.ts, with `workers` files of tests at once; default: as many as the runner thinks fit. */
export function vitest(project: string, workers?: number): Runner {
  return {
    name: `vitest ${project}`,
    command: (report) => {
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
      const atOnce = workers === undefined ? [] : [`--maxWorkers=${workers}`];
      return ["vitest", "run", "--project", project, ...atOnce, ...reporters];
    },
    count: countVitest,
  };
}

export function playwright(): Runner {
  return {
    name: "playwright",
    command: () => ["playwright", "test", "--reporter=list,json"],
    env: (report) => ({ PLAYWRIGHT_JSON_OUTPUT_FILE: report }),
    count: countPlaywright,
  };
}

/** Runs one row to its end with its output shown, and says how long it took. */
export function run(runner: Runner, signal: AbortSignal): Promise<Counts> {
  return runShowing(runner, signal, "inherit");
}

/** Runs `rows`, two at a time; the output of each is shown when it has ended, so that it does not mix with another's. */
export async function runInPairs(rows: readonly Runner[], signal: AbortSignal): Promise<Counts> {
  const left = rows[Symbol.iterator]();
  const total = { passed: 0, failed: 0 };
  const lane = async (): Promise<void> => {
    for (const row of left) {
      // oxlint-disable-next-line no-await-in-loop -- two lanes are as many as there are processors
      const { passed, failed } = await runShowing(row, signal, "pipe");
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all([lane(), lane()]);
  return total;
}

/** `inherit` shows the output as it comes, `pipe` at the end. */
async function runShowing(
  runner: Runner,
  signal: AbortSignal,
  output: "inherit" | "pipe",
): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "inlay-report-"));
  const report = join(folder, "report.json");
  const started = performance.now();
  const code = await runToEnd(runner, report, signal, output);
  const counts = judge(runner, report, code);
  rmSync(folder, { recursive: true });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`== ${runner.name}: ${counts.passed} passed, ${counts.failed} failed, ${seconds} s`);
  return counts;
}

/** A run that ends badly although its report shows no failure, or that left no report, has failed once. */
function judge({ name, count }: Runner, report: string, code: number): Counts {
  const least = code === 0 ? 0 : 1;
  if (count === undefined) return { passed: 1 - least, failed: least };
  if (!existsSync(report)) {
    console.error(`== ${name} left no report (exit code ${code})`);
    return { passed: 0, failed: 1 };
  }
  const { passed, failed } = count(JSON.parse(readFileSync(report, "utf8")));
  if (passed + failed === 0) console.error(`== ${name} ran no tests`);
  return { passed, failed: Math.max(failed, passed + failed === 0 ? 1 : least) };
}

async function runToEnd(
  runner: Runner,
  report: string,
  signal: AbortSignal,
  output: "inherit" | "pipe",
): Promise<number> {
  const [program = "", ...args] = runner.command(report);
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: ["ignore", output, output],
    env: { ...process.env, PATH: path(), ...runner.env?.(report) },
    timeout: DEADLINE_MS,
    signal,
    // What Playwright ends its browsers and servers on.
    killSignal: "SIGINT",
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => said.push(chunk));
  }
  // An aborted run is an error at once, but it is over only when it has closed.
  child.on("error", (error) => console.error(`== ${runner.name}: ${error.message}`));
  return new Promise((resolve) => {
    child.once("close", (code) => {
      process.stdout.write(Buffer.concat(said));
      resolve(code ?? 1);
    });
  });
}

function path(): string {
  return [join(ROOT, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Skipped tests count as failed: a suite that skips what it cannot do says nothing about it. */
function countVitest(json: unknown): Counts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by vitest's own reporter
  const report = json as VitestReport;
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== "passed" && status !== "failed"),
  );
  for (const { fullName, status } of skipped) console.error(`== ${status}: ${fullName}`);
  // A file that cannot be loaded, or whose hooks fail, has a failed status without a failed test.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + skipped.length + broken.length,
  };
}

interface PlaywrightReport {
  readonly stats: {
    readonly expected: number;
    readonly unexpected: number;
    readonly skipped: number;
    readonly flaky: number;
  };
  readonly errors: readonly unknown[];
}

function countPlaywright(json: unknown): Counts {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by Playwright's own reporter
  const { stats, errors } = json as PlaywrightReport;
  const { expected, unexpected, skipped, flaky } = stats;
  if (skipped > 0) console.error(`== playwright skipped ${skipped} tests`);
  return { passed: expected, failed: unexpected + skipped + flaky + errors.length };
}
