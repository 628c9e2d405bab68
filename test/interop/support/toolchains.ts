/** Toolchains that peers are built with: which are there, and how each builds. */
import { spawn, spawnSync } from "node:child_process";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";

import { GO_BINARIES, INTEROP, NPM } from "./places.ts";
import { writeWit } from "./wit.ts";

export interface Toolchain {
  readonly name: string;
  /** A program and its arguments that print a version. */
  readonly version: readonly string[];
  /** @throws with the end of what the build said. */
  build(): Promise<void>;
}

/** Longest that one build may take: Rust's needs some minutes on two cores that others use as well. */
const BUILD_LIMIT_MS = 25 * 60_000;
const SHOWN_LINES = 15;

const RUST: Toolchain = {
  name: "Rust",
  version: ["cargo", "--version"],
  async build() {
    await writeWit();
    const cwd = join(INTEROP, "rust");
    await run("cargo", ["build", "--workspace", "--locked", "-j", "2"], { cwd });
  },
};

const WASMBUS: Toolchain = {
  name: "Rust of 0.82",
  version: ["cargo", "--version"],
  async build() {
    const cwd = join(INTEROP, "wasmbus");
    await run("cargo", ["build", "--workspace", "--locked", "-j", "2"], { cwd });
  },
};

const GO: Toolchain = {
  name: "Go",
  version: ["go", "version"],
  async build() {
    await mkdir(GO_BINARIES, { recursive: true });
    const cwd = join(INTEROP, "go");
    await run("go", ["build", "-p", "2", "-o", GO_BINARIES, "./..."], { cwd });
  },
};

const NATS_CLI: Toolchain = {
  name: "NATS CLI",
  version: ["go", "version"],
  async build() {
    await mkdir(GO_BINARIES, { recursive: true });
    const cwd = join(INTEROP, "natscli");
    const out = join(GO_BINARIES, "nats");
    await run("go", ["build", "-p", "2", "-o", out, "github.com/nats-io/natscli/nats"], { cwd });
  },
};

const NPM_PACKAGES: Toolchain = {
  name: "npm",
  version: ["npm", "--version"],
  async build() {
    await mkdir(NPM, { recursive: true });
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
      // oxlint-disable-next-line no-await-in-loop -- three small files
      await cp(join(INTEROP, "npm", file), join(NPM, file));
    }
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: NPM });
  },
};

export const TOOLCHAINS = { RUST, WASMBUS, GO, NATS_CLI, NPM_PACKAGES };

/** What the toolchain says its version is; `undefined` if it is not there. */
export function versionOf({ version: [program = "", ...args] }: Toolchain): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim().split("\n")[0] : undefined;
}

/** Runs a build at the lowest priority, since it takes all cores for minutes. */
async function run(
  program: string,
  args: readonly string[],
  { cwd }: { readonly cwd: string },
): Promise<void> {
  const said: string[] = [];
  const child = spawn("nice", ["-n", "15", program, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BUILD_LIMIT_MS,
  });
  const hear = (text: string): void => void said.push(text);
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  const lines = said.join("").trim().split("\n").slice(-SHOWN_LINES);
  throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${lines.join("\n")}`);
}
