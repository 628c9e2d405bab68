/**
 * Programs from outside that the commands need: found where they usually lie, else installed (as root on Debian),
 * else explained by the one command to type.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

import { LatticeError } from "../core/error.ts";

export interface Tool {
  readonly name: string;
  /** Names it goes by, best first. */
  readonly commands: readonly string[];
  /** The environment variable that names a binary to use instead of searching. */
  readonly variable?: string;
  readonly debianPackage: string;
  /** What to type on macOS, and where neither apt-get nor brew is. */
  readonly brew: string;
  readonly elsewhere: string;
}

/** What of the machine matters here, as a port: tests bring their own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: boolean;
  readonly system: "debian" | "macos" | "other";
  isExecutable(path: string): boolean;
  /** Runs a command to its end, output to stderr; gives its exit code and what it wrote. */
  run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Ran;
  /** Keeps package scripts from starting services until the given work is done. */
  withoutServices<T>(work: () => T): T;
  say(line: string): void;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
}

/**
 * The path of `tool`'s binary.
 *
 * @throws {LatticeError} `bad-input` if its variable names no program; `not-found` if it has to be installed by hand.
 */
export function bring(tool: Tool, machine: Machine): string {
  const named = tool.variable === undefined ? undefined : machine.env[tool.variable];
  if (named !== undefined && named !== "") {
    const path = isAbsolute(named) ? named : search([named], machine);
    if (path !== undefined && machine.isExecutable(path)) return path;
    throw new LatticeError("bad-input", `${tool.variable} names "${named}", which is no program`);
  }
  const found = search(tool.commands, machine);
  if (found !== undefined) return found;
  if (machine.system === "debian" && machine.root && machine.env["INLAY_NO_INSTALL"] !== "1") {
    install(tool.debianPackage, machine);
    const installed = search(tool.commands, machine);
    if (installed !== undefined) return installed;
  }
  throw new LatticeError("not-found", `${tool.name} was not found; type: ${advice(tool, machine)}`);
}

/** The command that installs `tool` on this machine. */
function advice(tool: Tool, machine: Machine): string {
  switch (machine.system) {
    case "debian": {
      const get = machine.root ? "apt-get" : "sudo apt-get";
      return `${get} update && ${get} install --no-install-recommends ${tool.debianPackage}`;
    }
    case "macos":
      return tool.brew;
    case "other":
      return tool.elsewhere;
  }
}

/** Debian puts servers in `/usr/sbin`, which is not in the PATH of ordinary users; brew has two prefixes. */
const PLACES = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

function search(commands: readonly string[], machine: Machine): string | undefined {
  const folders = [...(machine.env["PATH"] ?? "").split(delimiter), ...PLACES];
  return commands
    .flatMap((command) => folders.filter((folder) => folder !== "").map((f) => join(f, command)))
    .find((path) => machine.isExecutable(path));
}

function install(name: string, machine: Machine): void {
  machine.say(
    `${name} was not found: installing it with apt-get (INLAY_NO_INSTALL=1 forbids this)`,
  );
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const get = (...args: readonly string[]): number => machine.run("apt-get", args, env).code;
  const installIt = (): number => get("install", "--yes", "--no-install-recommends", name);
  machine.withoutServices(() => {
    const listed = /Candidate: (?!\(none\))\S/.test(
      machine.run("apt-cache", ["policy", name]).stdout,
    );
    if (listed && installIt() === 0) return;
    // Lists that are missing, or older than the archive (then the download fails).
    if (get("update") !== 0) machine.say("apt-get update failed");
    const code = installIt();
    if (code !== 0) machine.say(`apt-get install ${name} failed with code ${code}`);
  });
}

/** The machine that this process runs on. `say` gets lines for people. */
export function thisMachine(say: (line: string) => void): Machine {
  return {
    env: process.env,
    root: process.getuid?.() === 0,
    system: whichSystem(),
    isExecutable,
    run(command, args, env = {}) {
      const ran = spawnSync(command, args, {
        env: { ...process.env, ...env },
        encoding: "utf8",
        // What apt-cache says is read, what apt-get says is shown.
        stdio: ["ignore", command === "apt-get" ? 2 : "pipe", 2],
      });
      return { code: ran.status ?? 1, stdout: ran.stdout ?? "" };
    },
    withoutServices,
    say,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Absent or not for us: in both cases there is no program to run.
    return false;
  }
}

function whichSystem(): Machine["system"] {
  if (process.platform === "darwin") return "macos";
  const release = "/etc/os-release";
  if (process.platform !== "linux" || !existsSync(release)) return "other";
  const debian = /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync(release, "utf8"));
  return debian && isExecutable("/usr/bin/apt-get") ? "debian" : "other";
}

/**
 * invoke-rc.d and deb-systemd-invoke ask this file before they start anything; 101 is "forbidden"
 * (Debian init-system-helpers, invoke-rc.d(8)). One that is there already stays as it is.
 */
const POLICY_FILE = "/usr/sbin/policy-rc.d";

function withoutServices<T>(work: () => T): T {
  if (existsSync(POLICY_FILE)) return work();
  writeFileSync(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755, flag: "wx" });
  try {
    return work();
  } finally {
    rmSync(POLICY_FILE, { force: true });
  }
}
